import cf from 'cloudfront';

// Viewer-request function: turns the path a viewer asked for into the object that holds it,
// /v<layer>/<path>, by the record of what is live: the KeyValueStore entry a/production.
// `resolve` and `route` decide and are pure; `handler` reads the store and acts.
// Syntax: only what the page of CloudFront Functions' runtime 2.0 lists (tests refuse the rest).

const ALIAS_KEY = 'a/production';

// What is not here reads and is written as it stands; asking once a path is what most paths cost.
const SPECIAL = /[^A-Za-z0-9_.~\/-]/;
// No name in a site holds a slash, a backslash or a control character.
const FORBIDDEN = /[\/\\\u0000-\u001f\u007f-\u009f]/;

async function handler(event) {
  const request = event.request;
  const path = resolve(request.uri);
  if (path === null) {
    return page(400, 'Bad Request', 'This address is not valid.');
  }
  const text = await readAlias(cf.kvs());
  if (text === null) {
    return page(404, 'Not Found', 'Nothing has been deployed here yet.');
  }
  const record = parseRecord(text);
  if (record === null) {
    return page(500, 'Internal Server Error', 'This site cannot be shown now. Try again later.');
  }
  const decision = route(record, path);
  if (decision.redirect !== undefined) {
    return redirect(decision.redirect + queryOf(request));
  }
  request.uri = decision.uri;
  return request;
}

// The record as text; null when nothing is deployed, '' (no record) when the store fails.
// get() fails alike in both cases, so a second read tells them apart.
async function readAlias(store) {
  try {
    const text = await store.get(ALIAS_KEY);
    return text;
  } catch (error) {
    return readFailed(store);
  }
}

async function readFailed(store) {
  try {
    const there = await store.exists(ALIAS_KEY);
    return there ? '' : null;
  } catch (error) {
    return '';
  }
}

// The record in `text`; null when it is not one that this router understands.
function parseRecord(text) {
  let record;
  try {
    record = JSON.parse(text);
  } catch (error) {
    return null;
  }
  if (record === null || typeof record !== 'object' || !Array.isArray(record.layers)) {
    return null;
  }
  const layer = record.layers[0];
  const flat = record.buckets === 0 || record.buckets === undefined;
  return flat && typeof layer === 'number' && layer > 0 && layer === (layer | 0) ? record : null;
}

// How `uri` reads as a site path; null when no file of a site can have it. Runs of `/` are one.
// {path: decoded, encoded: in the one form that all spellings of it share, last: last segment,
//  folder: whether it ends with a slash}; no slash at the start or end of the paths.
function resolve(uri) {
  const names = [];
  const encoded = [];
  const segments = uri.split('/');
  const special = SPECIAL.test(uri);
  try {
    for (let i = 0; i < segments.length; i++) {
      const name = special ? decodeURIComponent(segments[i]) : segments[i];
      if (name === '.' || name === '..' || (special && FORBIDDEN.test(name))) {
        return null;
      }
      if (name !== '') {
        names.push(name);
        encoded.push(special ? encode(name) : name);
      }
    }
  } catch (error) {
    return null; // A malformed `%` or invalid UTF-8.
  }
  return {
    path: names.join('/'),
    encoded: encoded.join('/'),
    last: names.length > 0 ? names[names.length - 1] : '',
    folder: names.length === 0 || uri.endsWith('/'),
  };
}

// The form that S3 signs: all but A-Z a-z 0-9 - _ . ~ is escaped (a bare `+` is a space to S3).
function encode(name) {
  return encodeURIComponent(name).replace(/[!'()*]/g, escapeCharacter);
}

function escapeCharacter(character) {
  return '%' + character.charCodeAt(0).toString(16).toUpperCase();
}

// What `path` (from resolve) gets by `record`: {uri} of an object or {redirect} to a site path.
function route(record, path) {
  const root = '/v' + record.layers[0] + '/';
  if (record.html === 'none') {
    return { uri: root + path.encoded + (path.folder && path.encoded !== '' ? '/' : '') };
  }
  if (path.folder) {
    return { uri: root + (path.encoded === '' ? '' : path.encoded + '/') + 'index.html' };
  }
  if (path.last.includes('.') || isExact(record, path.path)) {
    return { uri: root + path.encoded };
  }
  if (record.pages === 'file') {
    return { uri: root + path.encoded + '.html' };
  }
  return { redirect: '/' + path.encoded + '/' };
}

function isExact(record, path) {
  return Array.isArray(record.exact) && record.exact.includes(path);
}

// The viewer's query string with its `?`, as it was sent; '' when there was none.
function queryOf(request) {
  let raw;
  if (typeof request.rawQueryString === 'function') {
    raw = request.rawQueryString();
  }
  if (raw === undefined) {
    raw = joinQuery(request.querystring);
  }
  // Nothing but visible ASCII may go into a header.
  return raw === undefined ? '' : '?' + raw.replace(/[^\u0021-\u007e]+/g, escapeQuery);
}

// The parsed query as text; undefined when it is empty. Names and values are still as sent.
function joinQuery(querystring) {
  const pairs = [];
  for (const name in querystring) {
    const values = querystring[name].multiValue || [querystring[name]];
    for (let i = 0; i < values.length; i++) {
      pairs.push(values[i].value ? name + '=' + values[i].value : name);
    }
  }
  return pairs.length > 0 ? pairs.join('&') : undefined;
}

function escapeQuery(text) {
  try {
    return encodeURIComponent(text);
  } catch (error) {
    return ''; // Half a surrogate pair is no text.
  }
}

// `headers` with what the response headers policy (edge/delivery.yaml) says: CloudFront applies it
// to what comes from the cache or the origin, and to nothing that a function answers.
function secured(headers) {
  headers['strict-transport-security'] = { value: 'max-age=31536000; includeSubDomains' };
  headers['x-content-type-options'] = { value: 'nosniff' };
  headers['x-frame-options'] = { value: 'DENY' };
  headers['referrer-policy'] = { value: 'strict-origin-when-cross-origin' };
  return headers;
}

function redirect(location) {
  return {
    statusCode: 307,
    statusDescription: 'Temporary Redirect',
    headers: secured({ location: { value: location }, 'cache-control': { value: 'no-store' } }),
  };
}

function page(status, title, text) {
  return {
    statusCode: status,
    statusDescription: title,
    headers: secured({
      'content-type': { value: 'text/html; charset=utf-8' },
      'cache-control': { value: 'no-store' },
    }),
    body:
      '<!doctype html><html lang="en"><meta charset="utf-8">' +
      '<meta name="viewport" content="width=device-width"><title>' + title + '</title>' +
      '<style>body{font:1.1em/1.5 system-ui,sans-serif;margin:20vh auto;max-width:30em;' +
      'padding:0 1em;color-scheme:light dark}</style>' +
      '<h1>' + title + '</h1><p>' + text + '</p></html>',
  };
}
