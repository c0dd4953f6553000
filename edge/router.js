import cf from 'cloudfront';
const crypto = require('crypto');

// Viewer-request function: turns the path a viewer asked for into the object that holds it,
// /v<layer>/<path>, by the record of what is live (the KeyValueStore entry a/production) and, when
// that has buckets, one bucket of the version's route table (made by chalicelib/route_table.py).
// `resolve` and the `route` functions decide and are pure; `handler` reads the store and acts.
// Syntax: only what the page of CloudFront Functions' runtime 2.0 lists (tests refuse the rest).

const ALIAS_KEY = 'a/production';
const INDEX = '/index.html';
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
// A table's entry: 4 characters of fingerprint, 1 of layer, 1 of endings.
const ENTRY = 6;
const MOST_ENDINGS = 5;

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
  const store = cf.kvs();
  const text = await readAlias(store);
  if (text === null) {
    return page(404, 'Not Found', 'Nothing has been deployed here yet.');
  }
  const record = parseRecord(text);
  let decision = null;
  if (record !== null && record.buckets > 0) {
    decision = await routeByTable(store, record, path, request.headers);
  } else if (record !== null) {
    decision = route(record, path);
  }
  if (decision === null) {
    return page(500, 'Internal Server Error', 'This site cannot be shown now. Try again later.');
  }
  if (decision.redirect !== undefined) {
    return redirect(decision.redirect + queryOf(request));
  }
  if (decision.uri === undefined) {
    return page(404, 'Not Found', 'There is nothing at this address.');
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

// Every bucket of a table exists, so a failure is never a miss.
async function readBucket(store, key) {
  try {
    const text = await store.get(key);
    return text;
  } catch (error) {
    return null;
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
  const flat = record.buckets === 0 || record.buckets === undefined;
  return (flat || isTable(record)) && isNumber(record.layers[0]) ? record : null;
}

function isNumber(value) {
  return typeof value === 'number' && value > 0 && value === (value | 0);
}

// How `uri` reads as a site path; null when no file of a site can have it. Runs of `/` are one.
// {path: decoded, encoded: in the one form that all spellings of it share, last: last segment,
//  folder: whether it ends with a slash, tidy: whether no two slashes met}; no slash at the start
//  or end of the paths.
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
  const folder = names.length === 0 || uri.endsWith('/');
  return {
    path: names.join('/'),
    encoded: encoded.join('/'),
    last: names.length > 0 ? names[names.length - 1] : '',
    folder: folder,
    tidy: segments.length === names.length + (folder ? 2 : 1),
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

// ---- Route table: a path is its stem and the endings `.html` and `/index` behind it. All forms of
// a page's address share a stem, so that one bucket tells which of them are files.

// Where `path` is looked up: {key: of the bucket, fingerprint, stem: encoded, endings}.
function locate(record, path) {
  const whole = path.path === '' ? '' : '/' + path.path;
  let stem = whole;
  let count = 0;
  for (let cut = lastEnding(stem); cut > 0 && count <= MOST_ENDINGS; cut = lastEnding(stem)) {
    stem = stem.slice(0, -cut);
    count++;
  }
  if (count > MOST_ENDINGS) {
    stem = whole;
  }
  const digest = crypto.createHash('md5').update(record.salt + stem).digest('base64url');
  let number = 0;
  for (let i = 4; i < 8; i++) {
    number = number * 64 + BASE64URL.indexOf(digest.charAt(i));
  }
  const encoded = whole === '' ? '' : '/' + path.encoded;
  const endings = whole.slice(stem.length);
  return {
    key: 't/' + record.version + '/' + (number % record.buckets),
    fingerprint: digest.slice(0, 4),
    stem: encoded.slice(0, encoded.length - endings.length),
    endings: endings,
  };
}

// The length of the ending of `path`. A name that would be all ending (`/.html`) has none.
function lastEnding(path) {
  return path.endsWith('/index') ? 6 : path.endsWith('.html') && !path.endsWith('/.html') ? 5 : 0;
}

// The files of one stem: {endings: index of the layer}.
function filesIn(bucket, fingerprint) {
  const files = {};
  let at = bucket.indexOf(fingerprint);
  while (at >= 0) {
    if (at % ENTRY === 0) {
      let endings = '';
      // A 1, then a bit for each ending, from the first to the last.
      for (let code = BASE64URL.indexOf(bucket.charAt(at + 5)); code > 1; code >>= 1) {
        endings = (code % 2 === 1 ? '/index' : '.html') + endings;
      }
      files[endings] = BASE64URL.indexOf(bucket.charAt(at + 4));
    }
    at = bucket.indexOf(fingerprint, at + 1);
  }
  return files;
}

// {uri}, {redirect} or, when there is nothing to show, {}; null when the store or the record fails.
async function routeByTable(store, record, path, headers) {
  const place = locate(record, path);
  const bucket = await readBucket(store, place.key);
  if (bucket === null) {
    return null;
  }
  const shown = shownByTable(record, place, bucket, path);
  if (shown !== undefined) {
    return shown;
  }
  // What a page of an earlier version asks for, which is open in a browser still. Its files have a
  // fingerprint in their name, hence an extension.
  const other = record.fallback;
  if (isTable(other) && !path.folder && path.tidy && path.last.includes('.')) {
    const there = locate(other, path);
    const text = await readBucket(store, there.key);
    const asset = text === null ? null : assetIn(other, there, text);
    if (asset !== null) {
      return asset;
    }
  }
  return missing(record, path, headers);
}

function isTable(record) {
  return (
    record !== null &&
    typeof record === 'object' &&
    isNumber(record.buckets) &&
    isNumber(record.version) &&
    typeof record.salt === 'number' &&
    Array.isArray(record.layers)
  );
}

// As routeByTable; undefined when the version has nothing there.
function shownByTable(record, place, bucket, path) {
  const files = filesIn(bucket, place.fingerprint);
  const found = find(record.html, files, place.stem === '', place.endings, path.folder);
  if (found === null) {
    return undefined;
  }
  if (found.to !== undefined || !path.tidy) {
    const asked = place.endings + (path.folder ? '/' : '');
    return { redirect: place.stem + (found.to === undefined ? asked : found.to) };
  }
  return objectAt(record, files[found.file], place.stem + found.file);
}

// The fingerprinted file at `place`, marked by no bit for its endings; null when it is none.
function assetIn(record, place, bucket) {
  let at = place.endings === '' ? bucket.indexOf(place.fingerprint) : -1;
  while (at >= 0) {
    if (at % ENTRY === 0 && bucket.charAt(at + 5) === 'A') {
      return objectAt(record, BASE64URL.indexOf(bucket.charAt(at + 4)), place.stem);
    }
    at = bucket.indexOf(place.fingerprint, at + 1);
  }
  return null;
}

function objectAt(record, index, path) {
  const layer = typeof index === 'number' ? record.layers[index] : null;
  return isNumber(layer) ? { uri: '/v' + layer + path } : null;
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
  if (application ? !navigates(path, headers) : record.notFound !== '404-page') {
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

function navigates(path, headers) {
  return (
    valueOf(headers, 'sec-fetch-mode') === 'navigate' ||
    ((path.folder || !path.last.includes('.')) &&
      valueOf(headers, 'accept').trim().toLowerCase().startsWith('text/html'))
  );
}

// The header's value; '' when it is absent.
function valueOf(headers, name) {
  const header = headers[name];
  return header && typeof header.value === 'string' ? header.value : '';
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
