// Text, bytes and `require('crypto')` for the CloudFront Functions runtime on this machine.
//
// QuickJS has none of these, and its wrapper refuses to call Python's hashlib while a time limit is
// set. Evaluates to an object for edge_runtime.js; tests compare each part with Python's own.
(function () {
  'use strict';

  // ---- Text and bytes -------------------------------------------------------------------------
  const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

  function utf8(text) {
    const bytes = [];
    for (let i = 0; i < text.length; i++) {
      let c = text.codePointAt(i);
      if (c > 0xffff) i++;
      if (c >= 0xd800 && c <= 0xdfff) c = 0xfffd;
      if (c < 0x80) bytes.push(c);
      else if (c < 0x800) bytes.push(0xc0 | (c >> 6), 0x80 | (c & 63));
      else if (c < 0x10000) bytes.push(0xe0 | (c >> 12), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63));
      else {
        bytes.push(0xf0 | (c >> 18), 0x80 | ((c >> 12) & 63));
        bytes.push(0x80 | ((c >> 6) & 63), 0x80 | (c & 63));
      }
    }
    return bytes;
  }

  function utf8Text(bytes) {
    let escaped = '';
    for (let i = 0; i < bytes.length; i++) escaped += '%' + (bytes[i] + 256).toString(16).slice(1);
    return decodeURIComponent(escaped); // Throws URIError on invalid UTF-8.
  }

  function toBytes(data) {
    return typeof data === 'string' ? utf8(data) : Array.prototype.slice.call(data);
  }

  function base64(bytes) {
    let out = '';
    for (let i = 0; i < bytes.length; i += 3) {
      const n = (bytes[i] << 16) | ((bytes[i + 1] || 0) << 8) | (bytes[i + 2] || 0);
      const quad = [n >> 18, n >> 12, n >> 6, n].map((six) => BASE64[six & 63]).join('');
      const left = bytes.length - i;
      out += left > 2 ? quad : quad.slice(0, left + 1) + '=='.slice(left - 1);
    }
    return out;
  }

  function btoa(text) {
    const bytes = [];
    const source = String(text);
    for (let i = 0; i < source.length; i++) {
      if (source.charCodeAt(i) > 255) throw new TypeError('invalid character (>= U+00FF)');
      bytes.push(source.charCodeAt(i));
    }
    return base64(bytes);
  }

  function atob(text) {
    const source = String(text).replace(/[\t\n\f\r ]/g, '').replace(/={1,2}$/, '');
    if (/[^A-Za-z0-9+/]/.test(source) || source.length % 4 === 1) {
      throw new TypeError('the string to be decoded is not correctly encoded');
    }
    let out = '';
    for (let i = 0, bits = 0, n = 0; i < source.length; i++) {
      n = ((n << 6) | BASE64.indexOf(source[i])) & 0xfff;
      bits += 6;
      if (bits >= 8) {
        bits -= 8;
        out += String.fromCharCode((n >> bits) & 255);
      }
    }
    return out;
  }

  class TextEncoder {
    encode(text) {
      return new Uint8Array(utf8(text === undefined ? '' : String(text)));
    }
  }

  class TextDecoder {
    decode(bytes) {
      return utf8Text(bytes || []);
    }
  }

  // ---- require('crypto') ----------------------------------------------------------------------
  const rotate = (x, n) => (x << n) | (x >>> (32 - n));

  // The message in 32-bit words with FIPS 180 / RFC 1321 padding; `little`: byte order is md5's.
  function words(bytes, little) {
    const count = (((bytes.length + 8) >> 6) + 1) * 16;
    const out = new Array(count).fill(0);
    const place = (i) => (little ? (i & 3) * 8 : 24 - (i & 3) * 8);
    for (let i = 0; i < bytes.length; i++) out[i >> 2] |= bytes[i] << place(i);
    out[bytes.length >> 2] |= 0x80 << place(bytes.length);
    out[count - (little ? 2 : 1)] = bytes.length << 3;
    return out;
  }

  function wordBytes(state, little) {
    const out = [];
    for (let i = 0; i < state.length * 4; i++) {
      out.push((state[i >> 2] >>> (little ? (i & 3) * 8 : 24 - (i & 3) * 8)) & 255);
    }
    return out;
  }

  const SINES = [];
  for (let i = 1; i <= 64; i++) SINES.push((Math.abs(Math.sin(i)) * 4294967296) | 0);
  const MD5_SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];

  function md5(bytes) {
    const m = words(bytes, true);
    const state = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
    for (let block = 0; block < m.length; block += 16) {
      let [a, b, c, d] = state;
      // Spelled out, not tabled like the others: the router may call this one for every request.
      for (let i = 0; i < 64; i++) {
        const round = i >> 4;
        let f = c ^ (b | ~d);
        let g = 7 * i;
        if (round === 0) {
          f = (b & c) | (~b & d);
          g = i;
        } else if (round === 1) {
          f = (d & b) | (~d & c);
          g = 5 * i + 1;
        } else if (round === 2) {
          f = b ^ c ^ d;
          g = 3 * i + 5;
        }
        f = (a + f + SINES[i] + m[block + (g & 15)]) | 0;
        const shift = MD5_SHIFTS[round * 4 + (i & 3)];
        a = d;
        d = c;
        c = b;
        b = (b + ((f << shift) | (f >>> (32 - shift)))) | 0;
      }
      [a, b, c, d].forEach((x, i) => (state[i] = (state[i] + x) | 0));
    }
    return wordBytes(state, true);
  }

  const SHA1_K = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6];

  function sha1(bytes) {
    const m = words(bytes, false);
    const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
    for (let block = 0; block < m.length; block += 16) {
      const w = m.slice(block, block + 16);
      let [a, b, c, d, e] = state;
      for (let i = 0; i < 80; i++) {
        if (i > 15) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        const round = (i / 20) | 0;
        const f = [(b & c) | (~b & d), b ^ c ^ d, (b & c) | (b & d) | (c & d), b ^ c ^ d][round];
        const sum = rotate(a, 5) + f + e + SHA1_K[round] + w[i];
        [e, d, c, b, a] = [d, c, rotate(b, 30), a, sum | 0];
      }
      [a, b, c, d, e].forEach((x, i) => (state[i] = (state[i] + x) | 0));
    }
    return wordBytes(state, false);
  }

  // The first 32 bits of the fractions of square and cube roots of the first primes (FIPS 180-4).
  const SHA256_H = [];
  const SHA256_K = [];
  const fraction = (x) => ((x - Math.floor(x)) * 4294967296) | 0;
  for (let n = 2; SHA256_K.length < 64; n++) {
    let prime = true;
    for (let i = 2; i * i <= n; i++) prime = prime && n % i !== 0;
    if (prime && SHA256_H.length < 8) SHA256_H.push(fraction(Math.sqrt(n)));
    if (prime) SHA256_K.push(fraction(Math.cbrt(n)));
  }

  function sha256(bytes) {
    const m = words(bytes, false);
    const state = SHA256_H.slice();
    for (let block = 0; block < m.length; block += 16) {
      const w = m.slice(block, block + 16);
      let [a, b, c, d, e, f, g, h] = state;
      for (let i = 0; i < 64; i++) {
        if (i > 15) {
          const x = w[i - 15];
          const y = w[i - 2];
          const s0 = rotate(x, 25) ^ rotate(x, 14) ^ (x >>> 3);
          w[i] = (w[i - 16] + s0 + w[i - 7] + (rotate(y, 15) ^ rotate(y, 13) ^ (y >>> 10))) | 0;
        }
        const s1 = rotate(e, 26) ^ rotate(e, 21) ^ rotate(e, 7);
        const t1 = (h + s1 + ((e & f) ^ (~e & g)) + SHA256_K[i] + w[i]) | 0;
        const t2 = (rotate(a, 30) ^ rotate(a, 19) ^ rotate(a, 10)) + ((a & b) ^ (a & c) ^ (b & c));
        [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
      }
      [a, b, c, d, e, f, g, h].forEach((x, i) => (state[i] = (state[i] + x) | 0));
    }
    return wordBytes(state, false);
  }

  const HASHES = { md5, sha1, sha256 };

  function encode(bytes, encoding) {
    if (encoding === undefined) return new Uint8Array(bytes);
    if (encoding === 'hex') return bytes.map((b) => (b + 256).toString(16).slice(1)).join('');
    if (encoding === 'base64') return base64(bytes);
    if (encoding === 'base64url') {
      return base64(bytes).replace(/=/g, '').replace(/\+/g, '-').replace(/\//g, '_');
    }
    throw new TypeError('Unknown digest encoding: "' + encoding + '"');
  }

  function hasher(name, finish) {
    if (!Object.prototype.hasOwnProperty.call(HASHES, name)) {
      throw new TypeError('not supported algorithm: "' + name + '"');
    }
    let data = [];
    const self = {
      update: (more) => {
        if (data === null) throw new Error('Digest already called');
        data = data.concat(toBytes(more));
        return self;
      },
      digest: (encoding) => {
        if (data === null) throw new Error('Digest already called');
        const bytes = finish(HASHES[name], data);
        data = null;
        return encode(bytes, encoding);
      },
    };
    return self;
  }

  function hmac(hash, key, data) {
    const block = key.length > 64 ? hash(key) : key.slice();
    while (block.length < 64) block.push(0);
    const inner = hash(block.map((b) => b ^ 0x36).concat(data));
    return hash(block.map((b) => b ^ 0x5c).concat(inner));
  }

  const crypto = {
    createHash: (name) => hasher(name, (hash, data) => hash(data)),
    createHmac: (name, key) => hasher(name, (hash, data) => hmac(hash, toBytes(key), data)),
  };

  return { utf8, atob, btoa, TextEncoder, TextDecoder, crypto };
})();
