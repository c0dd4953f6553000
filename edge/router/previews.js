// ---- Previews, passwords and canaries.

const NOT_IN_A_NAME = /[^a-z0-9-]/;
const NOT_A_DIGIT = /[^0-9]/;
// Put in when the function is deployed (edge/template.py); '' without a domain for previews.
const PREVIEW_DOMAIN = '';

// The record that tells what this viewer sees: that of what is live, unless they have chosen an
// alias (by host or cookie) or a version (`v12`).
function keyOf(request) {
  let name = valueOf(request.cookies, 'decant');
  const host = PREVIEW_DOMAIN ? valueOf(request.headers, 'host') : '';
  if (PREVIEW_DOMAIN && host.endsWith('.' + PREVIEW_DOMAIN)) {
    name = host.slice(0, -1 - PREVIEW_DOMAIN.length);
  }
  if (!name || NOT_IN_A_NAME.test(name)) {
    return LIVE;
  }
  const number = name.slice(1);
  return name.startsWith('v') && number && !NOT_A_DIGIT.test(number) ? 'v/' + number : 'a/' + name;
}

// `?decant=<name>` begins a preview and `?decant=off` ends it: the same address without it.
function choose(path, name, query) {
  const off = !name || name === 'off' || name.length > 63 || NOT_IN_A_NAME.test(name);
  const rest = (query + '&').replace(/([?&])decant(=[^&]*)?&/, '$1').slice(0, -1);
  const answer = redirect(302, addressOf(path) + rest);
  answer.cookies = {
    decant: {
      value: off ? '' : name,
      attributes: 'Path=/; Secure; HttpOnly; SameSite=Lax' + (off ? '; Max-Age=0' : ''),
    },
  };
  return answer;
}

// Whether the Authorization header has the `password`: [salt, base64url of SHA-256 of both].
function admits(password, header) {
  let given = '';
  try {
    given = atob(header.slice('Basic '.length));
  } catch (error) {
    return false;
  }
  const text = password[0] + given.slice(given.indexOf(':') + 1);
  const hash = crypto.createHash('sha256').update(text).digest('base64url');
  const wanted = String(password[1]);
  let differences = hash.length ^ wanted.length;
  for (let i = 0; i < hash.length; i++) {
    differences |= hash.charCodeAt(i) ^ wanted.charCodeAt(i);
  }
  return differences === 0;
}

function unauthorized() {
  const answer = page(401, 'A password is needed. Any name will do.');
  answer.headers['www-authenticate'] = { value: 'Basic realm="Preview"' };
  return answer;
}

// The record that this viewer gets, where `record.canary` is [percent, version]. A viewer is in one
// of 100 groups; the response function makes it a cookie, so that it stays while the canary grows.
async function withCanary(store, record, request, viewer) {
  const cookie = valueOf(request.cookies, 'decant-viewer');
  const known = cookie && cookie.length < 3 && !NOT_A_DIGIT.test(cookie);
  const seen = String(viewer && viewer.ip) + valueOf(request.headers, 'user-agent');
  const group = known ? Number(cookie) : Number(bucketOf(digestOf(seen), 100).slice(1));
  request.headers['x-decant-viewer'] = { value: String(group) };
  if (!(group < record.canary[0])) {
    return record;
  }
  try {
    const text = await store.get('v/' + record.canary[1]);
    const canary = JSON.parse(text);
    canary.fallback = record; // So that these viewers find what all others find.
    return canary.layers[0] > 0 ? canary : record;
  } catch (error) {
    return record;
  }
}
