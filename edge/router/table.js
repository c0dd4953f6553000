// ---- Route table: a path is its stem and the endings `.html` and `/index` behind it. All forms of
// a page's address share a stem, so that one bucket tells which of them are files.

// A table's entry: 4 characters of fingerprint, 1 of layer, 1 of endings.
const ENTRY = 6;
const MOST_ENDINGS = 4;
const REDIRECT = 32; // the bit of an entry that is no file
const PLAIN_FILES = { A: '', B: '', C: '.html' };
const PLAIN_FOLDERS = { G: '/index.html' };
const EXACT = '>';
const ASSET = '#';

// What a text is found by: its first 4 characters are the fingerprint, the next 3 tell the bucket.
function digestOf(text) {
  return crypto.createHash('md5').update(text).digest('base64url');
}

function bucketOf(digest, buckets) {
  const number = digest.charCodeAt(4) * 3721 + digest.charCodeAt(5) * 61 + digest.charCodeAt(6);
  return '/' + (number % buckets);
}

// Where `path` is looked up: {key: of the bucket, fingerprint, stem: encoded, endings}.
function locate(record, path) {
  const whole = path.path && '/' + path.path;
  let stem = whole;
  let count = 0;
  for (let cut = lastEnding(stem); cut > 0 && count <= MOST_ENDINGS; cut = lastEnding(stem)) {
    stem = stem.slice(0, -cut);
    count++;
  }
  if (count > MOST_ENDINGS) {
    stem = whole;
    count = 0;
  }
  const digest = digestOf(record.salt + stem);
  const endings = count > 0 ? whole.slice(stem.length) : '';
  const encoded = whole && '/' + path.encoded;
  return {
    key: 't/' + record.version + bucketOf(digest, record.buckets),
    fingerprint: digest.slice(0, 4),
    stem: count > 0 ? encoded.slice(0, -endings.length) : encoded,
    endings: endings,
  };
}

// What most requests ask for, at a third of the cost: the only file of its stem, at its own address
// where html handling is the usual one; an asset, a page `x.html` or a folder's `index.html`.
// undefined when it is something else.
function plainFile(record, place, bucket, path) {
  const at = bucket.indexOf(place.fingerprint);
  const more = bucket.startsWith(place.fingerprint, at + ENTRY);
  if (at < 0 || at % ENTRY > 0 || more || place.endings || record.html || !path.tidy) {
    return undefined;
  }
  const code = bucket.charAt(at + 5);
  const ending = path.folder ? PLAIN_FOLDERS[code] : PLAIN_FILES[code];
  if (ending === undefined) {
    return undefined;
  }
  return objectAt(record, BASE64URL.indexOf(bucket.charAt(at + 4)), place.stem + ending);
}

// The length of the ending of `path`. A name that would be all ending (`/.html`) has none.
function lastEnding(path) {
  return path.endsWith('/index') ? 6 : path.endsWith('.html') && !path.endsWith('/.html') ? 5 : 0;
}

// The files of one stem: {endings: index of the layer}. With `>` before the endings: there is an
// exact redirect from there; with `#`: the file has a fingerprint in its name. They stand together.
function filesIn(bucket, fingerprint) {
  const files = {};
  let at = bucket.indexOf(fingerprint);
  while (at % ENTRY > 0) {
    at = bucket.indexOf(fingerprint, at + 1);
  }
  for (; at >= 0 && bucket.startsWith(fingerprint, at); at += ENTRY) {
    const index = BASE64URL.indexOf(bucket.charAt(at + 4));
    const code = BASE64URL.indexOf(bucket.charAt(at + 5));
    let endings = '';
    // A 1, then a bit for each ending, from the first to the last.
    for (let bits = code & (REDIRECT - 1); bits > 1; bits >>= 1) {
      endings = (bits % 2 === 1 ? '/index' : '.html') + endings;
    }
    files[code & REDIRECT ? EXACT + endings : endings] = index;
    if (code === 0) {
      files[ASSET] = index;
    }
  }
  return files;
}

// What a version with a table has for `path`, whose `files` were found at `place`: {uri},
// {redirect}, or undefined when it has nothing there. `inPlace`: the file, also if its own address
// is another one.
function shownByTable(record, place, files, path, inPlace) {
  const address = place.endings + (path.folder ? '/' : '');
  const found = find(record.html, files, place.stem === '', place.endings, path.folder);
  if (!found) {
    return undefined;
  }
  if (!inPlace && (found.to !== undefined || !path.tidy)) {
    return { redirect: place.stem + (found.to === undefined ? address : found.to) };
  }
  return objectAt(record, files[found.file], place.stem + found.file);
}

// What a page of an earlier version asks for, which is open in a browser still: only files with a
// fingerprint in their name. No endings, or endings and no dot: not one of them.
async function fromFallback(store, other, path) {
  if (!other || !other.buckets || path.folder || !path.tidy || !isNamed(path)) {
    return undefined;
  }
  const place = locate(other, path);
  const bucket = await store.get(place.key);
  const index = filesIn(bucket, place.fingerprint)[ASSET + place.endings];
  return index === undefined
    ? fromFallback(store, other.fallback, path)
    : objectAt(other, index, place.stem);
}

// Throws when the table names a layer that the record does not have.
function objectAt(record, index, path) {
  const layer = record.layers[index];
  if (!(layer > 0 && layer === (layer | 0))) {
    throw new Error('no such layer');
  }
  return { uri: '/v' + layer + path };
}

// Which of a stem's `files` an address (`asked` endings, then a slash or not) gives: {file} or
// {file, to: the address to go to}; null when none. What is asked for comes first, then the forms
// that it may mean; each is served at its home, and its other addresses lead there.
function find(html, files, root, asked, slash) {
  const address = slash ? asked + '/' : asked;
  const cut = asked.endsWith(INDEX) ? INDEX.length : lastEnding(asked);
  const base = slash || cut === 0 ? asked : asked.slice(0, -cut);
  const order = slash ? [] : base === asked ? [asked, asked + '.html'] : [asked];
  order.push(base + INDEX, base + '.html', asked + '.html', asked + INDEX);
  for (let i = 0; i < order.length; i++) {
    const file = order[i];
    if (files[file] !== undefined) {
      const to = homeOf(html, files, root, file);
      if (to === address) {
        return { file: file };
      }
      // A home that has endings itself might be where another file comes first.
      const safe = to === '' || to.endsWith('/');
      if (to !== file && (safe || find(html, files, root, to, false).file === file)) {
        return { file: file, to: to };
      }
      if (file === address) {
        return { file: file };
      }
    }
  }
  return null;
}

// The one address of a file by html handling; its own path when another file has the nicer one.
function homeOf(html, files, root, file) {
  if (html === 'none' || !file.endsWith('.html')) {
    return file;
  }
  const index = file.endsWith(INDEX);
  const base = file.slice(0, index ? -INDEX.length : -5);
  const start = root && base === '';
  if (html === 'force-trailing-slash' || (index && (html !== 'drop-trailing-slash' || start))) {
    return index || files[base + INDEX] === undefined ? base + '/' : file;
  }
  const taken = files[base] !== undefined || (index && files[base + '.html'] !== undefined);
  return taken ? file : base;
}

// The nearest 404.html, or an application's one page for who navigates. Neither takes a read:
// record.errorFolders is {encoded folder: index of the layer that holds its page}.
function missing(record, path, headers) {
  const application = record.notFound === 'single-page-application';
  if (application && !navigates(path, headers)) {
    return {};
  }
  const asked = path.folder ? path.encoded + '/' : path.encoded;
  let nearest = null;
  for (const folder in record.errorFolders) {
    const above = folder === '' || asked.startsWith(folder + '/');
    if (above && (nearest === null || folder.length > nearest.length)) {
      nearest = folder;
    }
  }
  if (nearest === null) {
    return {};
  }
  const start = nearest === '' ? '' : '/' + nearest;
  const index = record.errorFolders[nearest];
  return objectAt(record, index, start + (application ? INDEX : '/404.html'));
}

// Whether it is a page that is asked for. Who does not say so (old browsers, crawlers, curl) gets
// one wherever the address has no name like a file's.
function navigates(path, headers) {
  const mode = valueOf(headers, 'sec-fetch-mode');
  return mode ? mode === 'navigate' : path.folder || !isNamed(path);
}
