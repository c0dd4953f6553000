// ---- Redirects: the rules of `_redirects`, as chalicelib/rules/redirect_table.py has stored them.
// A rule here is {status, target}: `000` shows the object at `target`, `200` the page at that
// address, `404` nothing, all others redirect to it.

// The rule that applies to `path`; undefined when none does. `marked`: there may be an exact one,
// `group`: the chunks of patterns to look at, `there`: the version has a file for the path.
async function ruleFor(store, record, path, request, marked, group, there) {
  const address = addressOf(path, record.blind);
  if (marked) {
    const digest = digestOf(record.salt + '>' + address);
    const key = 'r/' + record.version + bucketOf(digest, record.redirects);
    const bucket = await store.get(key);
    const exact = exactIn(bucket, digest.slice(0, 4));
    if (exact) {
      return exact;
    }
  }
  let more = group;
  for (let number = 0; more; number++) {
    const key = 'p/' + record.version + '/' + group + '/' + number;
    const chunk = await store.get(key);
    more = chunk.startsWith('+');
    const rules = chunk.slice(more ? 1 : 0).split('|');
    for (let i = 0; i < rules.length; i++) {
      const rule = applied(rules[i].split(' '), address, record.blind, path, request, there);
      if (rule) {
        return rule;
      }
    }
  }
  return undefined;
}

// Where a slash makes no difference, a file with it or without is one that is there.
function hasOtherForm(record, place, files, path) {
  return (
    record.blind && files && find(record.html, files, !place.stem, place.endings, !path.folder)
  );
}

// A bucket of exact rules is `<fingerprint><status> <target>` with `|` between them.
function exactIn(bucket, fingerprint) {
  const at = ('|' + bucket).indexOf('|' + fingerprint);
  if (at < 0) {
    return undefined;
  }
  const end = bucket.indexOf('|', at);
  const rule = bucket.slice(at + 4, end < 0 ? bucket.length : end);
  return { status: rule.slice(0, 3), target: rule.slice(4) };
}

// Which chunks of patterns a path needs: those for its first segment, or `any` for all others; ''
// for none. record.patterns has two characters for each of the first segments, then maybe a `*`.
function groupOf(record, path) {
  const end = path.encoded.indexOf('/');
  const first = end < 0 ? path.encoded : path.encoded.slice(0, end);
  const group = digestOf(record.salt + ':' + first).slice(0, 2);
  let at = record.patterns.indexOf(group);
  while (at % 2 > 0) {
    at = record.patterns.indexOf(group, at + 1);
  }
  return at >= 0 ? group : record.patterns.endsWith('*') ? 'any' : '';
}

// The rule `<status><flags> <source> <target> <query>`, filled in, if it applies; else null.
function applied(rule, address, blind, path, request, there) {
  const flags = rule[0].slice(3);
  if ((there && !flags.includes('!')) || (flags.includes('n') && !navigates(path, request.headers))) {
    return null;
  }
  const values = match(rule[1], address, blind);
  if (!values || !asks(request.querystring, rule[3], values)) {
    return null;
  }
  return { status: rule[0].slice(0, 3), target: fill(rule[2] || '', values) };
}

// Whether the query has what `wanted` (`name=value&name=*2`) names; adds what it captures.
function asks(query, wanted, values) {
  const conditions = wanted ? wanted.split('&') : [];
  for (let i = 0; i < conditions.length; i++) {
    const cut = conditions[i].indexOf('=');
    const given = query[conditions[i].slice(0, cut)];
    const value = conditions[i].slice(cut + 1);
    const sent = given ? canonical(given.value) : null;
    if (sent === null || (!value.startsWith('*') && sent !== value)) {
      return false;
    }
    if (value.startsWith('*')) {
      values.push(sent);
    }
  }
  return true;
}

// A value of the query in the form that all its spellings share; null when it is malformed.
function canonical(text) {
  try {
    return encode(decodeURIComponent(text)).replace(/%2F/g, '/');
  } catch (error) {
    return null;
  }
}

// `target` with what was captured; in a path no two slashes meet (they would lead to another host).
function fill(target, values) {
  const text = target.replace(/\*[0-9]/g, (mark) => values[mark.charAt(1)] || '');
  return text.startsWith('/') ? text.replace(/^[^?#]*/, (path) => path.replace(/\/+/g, '/')) : text;
}

// What the placeholders of `pattern` match; null when it does not match. The same as `match` of
// chalicelib/rules/patterns.py, which says it in words. Of what an encoded path has, only `.` means
// something in a regular expression.
function match(pattern, address, blind) {
  // To make a regular expression costs thirty times as much as to see that it is not worth it.
  const literal = pattern.slice(0, pattern.search(/[:*]/));
  const depth = pattern.includes('*') || pattern.split('/').length === address.split('/').length;
  if (!depth || !(address + '/').startsWith(literal)) {
    return null;
  }
  const names = pattern.replace(/\./g, '\\.').replace(/:/g, '([^/]+)');
  const all = blind && names.includes('/*')
    ? names.replace('/*', '(?:/(.*))?')
    : names.replace('*', '(.*)');
  const found = new RegExp('^' + all + '$').exec(address);
  return found && found.slice(1);
}

// What a rule gives, as `decide` does.
async function follow(store, record, path, request, rule) {
  if (rule.status === '000') {
    return { uri: rule.target };
  }
  if (rule.status !== '200' && rule.status !== '404') {
    return { redirect: rule.target, status: Number(rule.status) };
  }
  const to = rule.status === '404' ? null : resolve(rule.target.split(/[?#]/)[0]);
  if (!to) {
    return missing(record, path, request.headers);
  }
  if (!record.buckets) {
    return route(record, to);
  }
  const place = locate(record, to);
  const bucket = await store.get(place.key);
  const shown = shownByTable(record, place, filesIn(bucket, place.fingerprint), to, record.blind);
  return shown || missing(record, to, request.headers);
}
