// Viewer-response function: turns what travels in an object's metadata into headers and a status.
// x-amz-meta-decant-headers: JSON object {header name: value}; x-amz-meta-decant-status: "404".
// Previews are kept out of search engines, they and what needs a password out of caches.
// It needs no store. Whatever is malformed is left out: a page without a header beats no page.
// Syntax: only what the page of CloudFront Functions' runtime 2.0 lists (tests refuse the rest).

// No `$` in what follows: where regular expressions are Perl's, it matches before a last newline.
const NOT_IN_A_NAME = /[^a-z0-9!#$%&'*+.^_`|~-]/;
const NOT_IN_A_VALUE = /[^\u0020-\u007e]/;
const ERROR_STATUS = /^[45][0-9][0-9]/;
const NOT_A_DIGIT = /[^0-9]/;
const WEEK = 604800; // seconds
// Put in when the function is deployed (edge/template.py); '' without a domain for previews.
const PREVIEW_DOMAIN = '';

// What CloudFront refuses in a viewer response (it would answer 502), what describes the bytes on
// the wire, which only CloudFront and S3 know, and cookies, which are no headers to a function.
const REFUSED_NAMES =
  ' age connection content-encoding content-length content-range date expect keep-alive' +
  ' server set-cookie te trailer transfer-encoding upgrade via warning' +
  ' x-cache x-forwarded-proto x-real-ip ';
// `__` is for `__proto__`, which sets no property.
const REFUSED_STARTS = ['__', 'proxy-', 'x-accel-', 'x-amz-', 'x-amzn-', 'x-edge-'];

function handler(event) {
  const response = event.response;
  const headers = response.headers;
  const added = parseHeaders(valueOf(headers, 'x-amz-meta-decant-headers'));
  const status = valueOf(headers, 'x-amz-meta-decant-status');

  Object.keys(headers).forEach((name) => {
    if (name === 'server' || name.startsWith('x-amz-')) {
      delete headers[name];
    }
  });
  Object.keys(added).forEach((name) => {
    setHeader(headers, name.toLowerCase(), added[name]);
  });
  const request = event.request;
  const preview = isPreview(request);
  if (preview) {
    headers['x-robots-tag'] = { value: 'noindex' };
  }
  if (preview || valueOf(request.headers, 'authorization') !== '') {
    headers['cache-control'] = { value: 'private, no-cache' };
  }
  keepGroup(request, response);
  // A 304 or a 206 is about bytes the viewer already has: those stay what they are.
  if (response.statusCode === 200 && status.length === 3 && ERROR_STATUS.test(status)) {
    response.statusCode = Number(status);
    delete response.statusDescription; // It says "OK".
  }
  return response;
}

function isPreview(request) {
  const host = valueOf(request.headers, 'host');
  const byHost = PREVIEW_DOMAIN !== '' && host.endsWith('.' + PREVIEW_DOMAIN);
  return byHost || valueOf(request.cookies, 'decant') !== '';
}

// While there is a canary, the router tells which of 100 groups the viewer is in. Nothing says that
// what it adds to a request is seen here: if not, it finds the same group by address and browser.
function keepGroup(request, response) {
  const group = valueOf(request.headers, 'x-decant-viewer');
  if (group.length > 0 && group.length < 3 && !NOT_A_DIGIT.test(group)) {
    response.cookies = response.cookies || {};
    response.cookies['decant-viewer'] = {
      value: group,
      attributes: 'Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=' + WEEK,
    };
  }
}

// The value of a header or cookie; '' when it is absent.
function valueOf(headers, name) {
  const header = headers && headers[name];
  return header && typeof header.value === 'string' ? header.value : '';
}

function parseHeaders(text) {
  let parsed = null;
  try {
    parsed = text === '' ? null : JSON.parse(text);
  } catch (error) {
    return {};
  }
  return parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed) ? parsed : {};
}

function setHeader(headers, name, value) {
  if (isName(name) && typeof value === 'string' && value !== '' && !NOT_IN_A_VALUE.test(value)) {
    headers[name] = { value: value };
  }
}

function isName(name) {
  return !(
    name === '' ||
    NOT_IN_A_NAME.test(name) ||
    REFUSED_NAMES.includes(' ' + name + ' ') ||
    REFUSED_STARTS.some((start) => name.startsWith(start))
  );
}
