// ---- Paths: how an address reads.

// Most paths are like this and read as they stand; no name begins with a dot, no slashes meet. (At
// the end stands what is `$` elsewhere: it matches before a last newline where regular expressions
// are Perl's.) To look for what is not so would cost twice as much.
const PLAIN = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)*\/?(?![\s\S])/;
// No name in a site holds a slash, a backslash or a control character.
const FORBIDDEN = /[\/\\\u0000-\u001f\u007f-\u009f]/;

// How `uri` reads as a site path; null when no file of a site can have it. Runs of `/` are one.
// {path: decoded, encoded: in the one form that all spellings of it share, folder: whether it ends
//  with a slash, tidy: whether no two slashes met}; no slash at the start or end of the paths.
function resolve(uri) {
  const folder = uri.endsWith('/');
  if (PLAIN.test(uri)) {
    const path = uri.slice(1, folder && uri.length > 1 ? -1 : uri.length);
    return { path: path, encoded: path, folder: folder, tidy: true };
  }
  const names = [];
  const encoded = [];
  const segments = uri.split('/');
  try {
    for (let i = 0; i < segments.length; i++) {
      const name = decodeURIComponent(segments[i]);
      if (name === '.' || name === '..' || FORBIDDEN.test(name)) {
        return null;
      }
      if (name !== '') {
        names.push(name);
        encoded.push(encode(name));
      }
    }
  } catch (error) {
    return null; // A malformed `%` or invalid UTF-8.
  }
  return {
    path: names.join('/'),
    encoded: encoded.join('/'),
    folder: folder || names.length === 0,
    tidy: segments.length === names.length + (folder || names.length === 0 ? 2 : 1),
  };
}

// Whether the last name of `path` has a dot, as most files have and most pages have not.
function isNamed(path) {
  return path.path.slice(path.path.lastIndexOf('/') + 1).includes('.');
}

// The form that S3 signs: all but A-Z a-z 0-9 - _ . ~ is escaped (a bare `+` is a space to S3).
function encode(name) {
  return encodeURIComponent(name).replace(/[!'()*]/g, escapeCharacter);
}

function escapeCharacter(character) {
  return '%' + character.charCodeAt(0).toString(16).toUpperCase();
}

// The address of `path` in its one form; `bare`: without a slash at its end.
function addressOf(path, bare) {
  return '/' + path.encoded + (path.folder && path.encoded !== '' && !bare ? '/' : '');
}
