import cf from 'cloudfront';
const crypto = require('crypto');

// Viewer-request function: turns the path a viewer asked for into the object that holds it,
// /v<layer>/<path>, by the record of what is live (the KeyValueStore entry a/<alias>) and, when
// that has buckets, one bucket of the version's route table (made by chalicelib/route_table.py).
// The files of this folder are joined to one function, this one first (edge/template.py). The
// async functions read the store; all others decide, and are pure. What most requests need is here
// in one function: each await of another costs a tenth of the whole.
// Syntax: only what the page of CloudFront Functions' runtime 2.0 lists (tests refuse the rest).

const LIVE = 'a/production';
const INDEX = '/index.html';
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

async function handler(event) {
  const request = event.request;
  const store = cf.kvs();
  // All variables at the top: older engines of this family lose those of a block at its third await.
  let key = LIVE;
  let answer = null;
  let record = null;
  let alias = null;
  let password = null;
  let place = null;
  let files = null;
  let bucket = '';
  let decision = null;
  let group = '';
  let marked = false;
  let there = null;
  let rule = null;
  try {
    const path = resolve(request.uri);
    if (!path) {
      return page(400, 'This address is not valid.');
    }
    if (request.querystring.decant) {
      return choose(path, request.querystring.decant.value, queryOf(request));
    }
    if (request.cookies.decant || PREVIEW_DOMAIN) {
      key = keyOf(request);
    }
    const text = await store.get(key);
    record = JSON.parse(text);
    password = record.password;
    if (record.alias) {
      // A version is seen by whoever may see the alias that it was deployed to.
      key = 'a/' + record.alias;
      const owner = await store.get(key);
      alias = JSON.parse(owner);
      password = alias.password;
      record = alias.layers[0] > 0 ? record : null;
    }
    if (password && !admits(password, valueOf(request.headers, 'authorization'))) {
      answer = unauthorized();
    } else {
      if (record.canary) {
        record = await withCanary(store, record, request, event.viewer);
      }
      if (record.buckets) {
        place = locate(record, path);
        bucket = await store.get(place.key);
        decision = plainFile(record, place, bucket, path);
        if (!decision || record.patterns) {
          files = filesIn(bucket, place.fingerprint);
          decision = shownByTable(record, place, files, path);
        }
      }
      marked =
        record.redirects && (files ? files[EXACT + place.endings] !== undefined : !decision);
      group = record.patterns ? groupOf(record, path) : '';
      if (marked || group) {
        there = decision || hasOtherForm(record, place, files, path);
        rule = await ruleFor(store, record, path, request, marked, group, there);
        if (rule) {
          decision = await follow(store, record, path, request, rule);
        }
      }
      if (!decision) {
        decision = place ? await otherwise(store, record, path, request) : route(record, path);
      }
      answer = decision.uri ? request : answerOf(decision, request);
      request.uri = decision.uri || request.uri;
    }
  } catch (error) {
    answer = await failed(store, key); // To throw would be a 503, without a word.
  }
  if (key !== LIVE && answer.statusCode) {
    answer.headers['x-robots-tag'] = { value: 'noindex' };
  }
  return answer;
}

// The answer to a `decision` that is no file: {redirect, status} or, when nothing is there, {}.
function answerOf(decision, request) {
  return decision.redirect
    ? redirect(decision.status || 307, withQuery(decision.redirect, queryOf(request)))
    : page(404, 'There is nothing at this address.');
}

// What a version shows where it has nothing itself.
async function otherwise(store, record, path, request) {
  const asset = await fromFallback(store, record.fallback, path);
  return asset || missing(record, path, request.headers);
}

// Something could not be read: because there is no record `key`, or because the store fails. get()
// fails alike in both cases, so a second read tells them apart.
async function failed(store, key) {
  try {
    const there = await store.exists(key);
    if (!there) {
      return key === LIVE
        ? page(404, 'Nothing has been deployed here yet.')
        : page(404, 'There is no such preview. <a href="/?decant=off">Leave it</a>');
    }
  } catch (error) {
    // The store fails.
  }
  return page(500, 'This site cannot be shown now. Try again later.');
}

// The header's value; '' when it is absent.
function valueOf(headers, name) {
  const header = headers[name];
  return header && typeof header.value === 'string' ? header.value : '';
}
