// ---- Answers that the origin is not asked for.

const HIDDEN = /[^\u0021-\u007e]+/g;

// The viewer's query string with its `?`, as it was sent; '' when there was none.
function queryOf(request) {
  const raw = request.rawQueryString();
  // Nothing but visible ASCII may go into a header.
  return raw === undefined ? '' : '?' + raw.replace(HIDDEN, escapeQuery);
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

function redirect(status, location) {
  return {
    statusCode: status,
    headers: secured({ location: { value: location }, 'cache-control': { value: 'no-store' } }),
  };
}

// `location` with the viewer's query, unless it has one of its own.
function withQuery(location, query) {
  const at = location.indexOf('#');
  if (query === '' || location.includes('?')) {
    return location;
  }
  return at < 0 ? location + query : location.slice(0, at) + query + location.slice(at);
}

function page(status, text) {
  return {
    statusCode: status,
    headers: secured({
      'content-type': { value: 'text/html; charset=utf-8' },
      'cache-control': { value: 'no-store' },
    }),
    body:
      '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>' +
      status +
      '</title><style>body{font:1.1em/1.5 system-ui;margin:20vh auto;max-width:30em;' +
      'padding:0 1em;color-scheme:light dark}</style><h1>' + status + '</h1><p>' + text,
  };
}
