// What a CloudFront Function of runtime 2.0 finds around it, for QuickJS on this machine.
//
// Evaluates to a function of edge_crypto.js's object that makes dispatch(op, json): all that
// edge_runtime.py talks to. Strings cross as JSON, because QuickJS's wrapper cuts plain ones at NUL
// and crashes on lone surrogates. Every op answers with JSON text and never throws: an error in
// memory shortage would crash the wrapper. Store reads are a queue that Python serves between
// jobs, because the wrapper refuses to call into Python while a time limit is set.
(function (lib) {
  'use strict';

  // ---- require('querystring') -----------------------------------------------------------------
  function unescapeQuery(text) {
    try {
      return decodeURIComponent(text.replace(/\+/g, ' '));
    } catch (e) {
      return text;
    }
  }

  function stringifyQuery(object) {
    const pairs = [];
    Object.keys(object || {}).forEach((name) => {
      [].concat(object[name]).forEach((value) => {
        pairs.push(encodeURIComponent(name) + '=' + encodeURIComponent(value));
      });
    });
    return pairs.join('&');
  }

  function parseQuery(text) {
    const out = {};
    String(text).split('&').filter((pair) => pair !== '').forEach((pair) => {
      const cut = pair.indexOf('=') < 0 ? pair.length : pair.indexOf('=');
      const name = unescapeQuery(pair.slice(0, cut));
      const value = unescapeQuery(pair.slice(cut + 1));
      const seen = Object.prototype.hasOwnProperty.call(out, name);
      out[name] = seen ? [].concat(out[name], value) : value;
    });
    return out;
  }

  const querystring = {
    parse: parseQuery,
    decode: parseQuery,
    stringify: stringifyQuery,
    encode: stringifyQuery,
    escape: encodeURIComponent,
    unescape: unescapeQuery,
  };

  // ---- import cf from 'cloudfront' ------------------------------------------------------------
  // The call that runs: {waiting: [[id, what, key]], settle: {id: fn}, asked, logs, outcome}.
  let call = null;

  function ask(what, key) {
    if (typeof key !== 'string') return Promise.reject(new TypeError('the key is not a string'));
    return new Promise((resolve, reject) => {
      const id = ++call.asked;
      call.waiting.push([id, what, key]);
      call.settle[id] = (error, value) =>
        error === null ? resolve(value) : reject(new Error(error));
    });
  }

  const SHAPES = {
    string: (text) => text,
    json: JSON.parse,
    bytes: (text) => new Uint8Array(lib.utf8(text)),
  };

  function get(key, options) {
    const format = (options && options.format) || 'string';
    if (!Object.prototype.hasOwnProperty.call(SHAPES, format)) {
      return Promise.reject(new TypeError('unknown format "' + format + '"'));
    }
    return ask('get', key).then((text) => {
      if (text === null) throw new Error('KeyNotFound');
      return SHAPES[format](text);
    });
  }

  const store = {
    get,
    exists: (key) => ask('exists', key).then((text) => text !== null),
    meta: () => ask('meta', ''),
  };
  const cf = { kvs: () => store };

  const MODULES = { crypto: lib.crypto, querystring };

  function require(name) {
    if (!Object.prototype.hasOwnProperty.call(MODULES, name)) {
      throw new Error("require('" + name + "') is not available");
    }
    return MODULES[name];
  }

  const console = { log: (message) => void (call !== null && call.logs.push(String(message))) };
  console.error = console.log;

  // ---- Only what the runtime's page lists stays reachable --------------------------------------
  const compile = eval; // Kept for `load`, before it goes away for the function.
  const stringify = JSON.stringify;
  const parse = JSON.parse;

  function refuse() {
    throw new EvalError('code cannot be made from strings');
  }

  function restrict() {
    const gone =
      'Map Set WeakMap WeakSet WeakRef FinalizationRegistry Proxy Reflect BigInt BigInt64Array ' +
      'BigUint64Array SharedArrayBuffer Atomics escape unescape eval __date_clock';
    gone.split(' ').forEach((name) => delete globalThis[name]);
    ['at', 'flat', 'flatMap', 'copyWithin'].forEach((name) => delete Array.prototype[name]);
    ['at', 'matchAll', 'localeCompare'].forEach((name) => delete String.prototype[name]);
    delete Array.from;
    delete Object.fromEntries;
    const kinds = [() => 0, async () => 0, function* () {}, async function* () {}];
    kinds.forEach((f) => {
      Object.defineProperty(Object.getPrototypeOf(f), 'constructor', { value: refuse });
    });
    globalThis.Function = refuse;
    const added = ['atob', 'btoa', 'TextEncoder', 'TextDecoder'];
    added.forEach((name) => (globalThis[name] = lib[name]));
  }

  // ---- The ops --------------------------------------------------------------------------------
  let handler = null;

  function load(source) {
    // One line with the function's first one, so that line numbers in errors are the file's.
    const head = '(function (cf, require, console) { "use strict"; ';
    const tail = '\n;return typeof handler === "function" ? handler : null; })';
    const make = compile(head + source + tail);
    restrict();
    handler = make(cf, require, console);
    return { ok: handler !== null };
  }

  // The path of the first value under `value` that JSON cannot carry, or null.
  function misfit(value, path) {
    const kind = typeof value;
    if (value === null || kind === 'string' || kind === 'boolean') return null;
    if (kind === 'number') return isFinite(value) ? null : path;
    if (kind !== 'object' || path.length > 1000) return path;
    const keys = Object.keys(value);
    for (let i = 0; i < keys.length; i++) {
      const found = misfit(value[keys[i]], path + '.' + keys[i]);
      if (found !== null) return found;
    }
    return null;
  }

  function describe(error) {
    if (error === null) return 'it ran out of memory'; // How QuickJS reports that.
    return error instanceof Error ? error.name + ': ' + error.message : String(error);
  }

  function start(input) {
    const mine = { waiting: [], settle: {}, asked: 0, logs: [], outcome: null };
    call = mine;
    const request = input.event.request;
    if (typeof request === 'object' && request !== null) {
      const raw = input.rawQuery === null ? undefined : input.rawQuery;
      Object.defineProperty(request, 'rawQueryString', { value: () => raw, configurable: true });
    }
    const fail = (error) => (mine.outcome = { error: describe(error) });
    const done = (result) => {
      const bad = misfit(result, 'result');
      mine.outcome = bad === null ? { result } : { error: bad + ' is not JSON' };
    };
    Promise.resolve(handler(input.event)).then(done).catch(fail);
    return poll();
  }

  function answer(replies) {
    replies.forEach((reply) => {
      const settle = call.settle[reply[0]];
      delete call.settle[reply[0]];
      settle(reply[1], reply[2]);
    });
    return { ok: true };
  }

  function poll() {
    if (call.outcome !== null) return { outcome: call.outcome, logs: call.logs };
    const waiting = call.waiting;
    call.waiting = [];
    return { waiting };
  }

  const OPS = { load, start, answer, poll };

  return function (op, json) {
    try {
      return stringify(OPS[op](parse(json)));
    } catch (error) {
      try {
        return stringify({ outcome: { error: describe(error) }, logs: [] });
      } catch (again) {
        return '{"outcome":{"error":"it ran out of memory"},"logs":[]}';
      }
    }
  };
});
