"""decant/local/edge_runtime.py: what a function finds around it, and what stops it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decant.local.edge_runtime import EdgeFunction, EdgeFunctionError, without_import

STORE = {"a": '{"n":1}', "bad": "{", "grüße": "é😀"}


def run(code: str, event: dict[str, Any] | None = None) -> dict[str, Any]:
    return EdgeFunction(code, STORE.get).call(event or {})


def value_of(expression: str, event: dict[str, Any] | None = None) -> Any:
    """The value of an expression in an async handler; `kvs` is the store."""
    code = (
        "import cf from 'cloudfront';\nconst kvs = cf.kvs();\n"
        f"async function handler(event) {{ return {{ v: await ({expression}) }}; }}"
    )
    return run(code, event)["v"]


def test_gives_back_what_the_handler_returns() -> None:
    assert run("function handler(event) { event.b = 2; return event; }", {"a": 1}) == {
        "a": 1,
        "b": 2,
    }


def test_waits_for_an_async_handler() -> None:
    code = "async function handler(e) { await 1; const v = await f(e); return v; }"
    assert run(code + "async function f(e) { return { v: e.v }; }", {"v": 3}) == {"v": 3}


def test_leaves_the_callers_event_as_it_was() -> None:
    event: dict[str, Any] = {"request": {"uri": "/"}}
    run("function handler(event) { event.request.uri = '/x'; return event.request; }", event)
    assert event == {"request": {"uri": "/"}}


@given(st.text(max_size=20))
def test_any_text_crosses_both_ways(text: str) -> None:
    assert ECHO.call({"text": text, "😀": [None, True, 1.5]}) == {
        "text": text,
        "😀": [None, True, 1.5],
    }


ECHO = EdgeFunction("function handler(event) { return event; }", STORE.get)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("kvs.get('a')", '{"n":1}'),
        ("kvs.get('a', { format: 'string' })", '{"n":1}'),
        ("kvs.get('a', { format: 'json' })", {"n": 1}),
        ("kvs.get('grüße', { format: 'bytes' }).then((b) => b.length)", 6),
        ("kvs.get('grüße')", "é😀"),
        ("kvs.exists('a')", True),
        ("kvs.exists('b')", False),
        ("kvs.get('b').catch((e) => e.message)", "KeyNotFound"),
        ("kvs.get('bad', { format: 'json' }).catch((e) => e.name)", "SyntaxError"),
        ("kvs.get('a', { format: 'xml' }).catch((e) => e.name)", "TypeError"),
        ("kvs.get(1).catch((e) => e.name)", "TypeError"),
        ("kvs.meta().catch((e) => e.name)", "Error"),
        ("Promise.all([kvs.get('a'), kvs.exists('b')])", ['{"n":1}', False]),
    ],
)
def test_reads_the_store_as_cloudfront_does(expression: str, value: object) -> None:
    assert value_of(expression) == value


def test_answers_meta_when_the_caller_knows_it() -> None:
    code = "import cf from 'cloudfront'\nfunction handler() { return cf.kvs().meta(); }"
    assert EdgeFunction(code, STORE.get, lambda: {"keyCount": 3}).call({}) == {"keyCount": 3}


@pytest.mark.parametrize(
    ("code", "rest"),
    [
        ("import cf from 'cloudfront';\nlet a;", "\nlet a;"),
        ("import cf from 'cloudfront'\nlet a;", "\nlet a;"),
        ('import cf from"cloudfront";let a;', "let a;"),
        ("\n import  cf\nfrom 'cloudfront' ;", ""),
    ],
)
def test_the_import_of_cloudfronts_module_is_taken_off(code: str, rest: str) -> None:
    assert without_import(code) == rest


@pytest.mark.parametrize(
    "code",
    [
        "let a; import cf from 'cloudfront';",
        "// 'import cf' is a comment here\nlet a;",
        "import cf from 'cloudfront' let a;",
        "import cf from 'fs';",
        "import kvs from 'cloudfront';",
        "import cf from 'cloudfront\";",
    ],
)
def test_no_other_code_is_taken_off(code: str) -> None:
    assert without_import(code) == code


def test_counts_the_reads_of_the_last_call() -> None:
    code = """import cf from 'cloudfront';
    async function handler(event) {
      for (let i = 0; i < event.gets; i++) { await cf.kvs().get('a'); }
      await cf.kvs().exists('b');
      return {};
    }"""
    function = EdgeFunction(code, STORE.get)
    assert function.reads == 0
    function.call({"gets": 2})
    assert function.reads == 3
    function.call({"gets": 0})
    assert function.reads == 1


def test_an_error_of_the_store_reaches_the_caller() -> None:
    def broken(key: str) -> str | None:
        raise ConnectionError(key)

    code = "import cf from 'cloudfront';\nfunction handler() { return cf.kvs().get('k'); }"
    function = EdgeFunction(code, broken)
    for _ in range(2):
        with pytest.raises(ConnectionError, match=r"^k$"):
            function.call({})


@pytest.mark.parametrize(("raw_query", "seen"), [("a=%20&b", "a=%20&b"), ("", ""), (None, "none")])
def test_offers_the_raw_query_string(raw_query: str | None, seen: str) -> None:
    code = """function handler(event) {
      const raw = event.request.rawQueryString();
      event.request.seen = raw === undefined ? 'none' : raw;
      return event.request;
    }"""
    answer = EdgeFunction(code, STORE.get).call({"request": {"uri": "/"}}, raw_query)
    assert answer == {"uri": "/", "seen": seen}


HASHES = EdgeFunction(
    """const crypto = require('crypto');
    function handler(event) {
      const out = {};
      ['md5', 'sha1', 'sha256'].forEach((name) => {
        ['hex', 'base64', 'base64url'].forEach((form) => {
          const hash = crypto.createHash(name).update(event.head).update(event.tail);
          out[name + form] = hash.digest(form);
          const keyed = crypto.createHmac(name, event.key).update(event.head + event.tail);
          out['hmac' + name + form] = keyed.digest(form);
        });
      });
      return out;
    }""",
    STORE.get,
)
# The digests' blocks end at 55, 56, 63, 64 ... bytes; no surrogates, which have no UTF-8.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=150)


@given(texts, texts, texts)
def test_hashes_like_hashlib(head: str, tail: str, key: str) -> None:
    digests = HASHES.call({"head": head, "tail": tail, "key": key})
    data = (head + tail).encode()
    for name in ("md5", "sha1", "sha256"):
        plain = hashlib.new(name, data).digest()
        assert_encoded(digests, name, plain)
        assert_encoded(digests, "hmac" + name, hmac.digest(key.encode(), data, name))


@pytest.mark.parametrize("length", [0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000])
def test_hashes_every_length_around_a_block(length: int) -> None:
    digests = HASHES.call({"head": "a" * length, "tail": "", "key": "k" * length})
    for name in ("md5", "sha1", "sha256"):
        assert_encoded(digests, name, hashlib.new(name, b"a" * length).digest())
        keyed = hmac.digest(b"k" * length, b"a" * length, name)
        assert_encoded(digests, "hmac" + name, keyed)


def assert_encoded(digests: dict[str, object], name: str, digest: bytes) -> None:
    assert digests[name + "hex"] == digest.hex()
    assert digests[name + "base64"] == base64.b64encode(digest).decode()
    assert digests[name + "base64url"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")


BASE64 = EdgeFunction(
    """function handler(event) {
      const text = new TextDecoder().decode(new TextEncoder().encode(event.text));
      return { coded: btoa(event.bytes), decoded: atob(btoa(event.bytes)), text: text };
    }""",
    STORE.get,
)


@given(st.binary(max_size=50), texts)
def test_codes_base64_and_utf8_like_python(octets: bytes, text: str) -> None:
    latin = octets.decode("latin-1")
    answer = BASE64.call({"bytes": latin, "text": text})
    coded = base64.b64encode(octets).decode()
    assert answer == {"coded": coded, "decoded": latin, "text": text}


QUERY = EdgeFunction(
    "function handler(event) { return require('querystring').parse(event.query); }", STORE.get
)


@given(st.lists(st.tuples(st.from_regex(r"[a-z]{1,3}", fullmatch=True), texts), max_size=4))
def test_querystring_reads_what_it_writes(pairs: list[tuple[str, str]]) -> None:
    wanted: dict[str, list[str]] = {}
    for name, value in pairs:
        wanted.setdefault(name, []).append(value)
    code = "function handler(e) { return { q: require('querystring').stringify(e) }; }"
    query = str(EdgeFunction(code, STORE.get).call(dict(wanted))["q"])
    assert sorted(parse_qsl(query, keep_blank_values=True)) == sorted(pairs)
    single = {name: values[0] if len(values) == 1 else values for name, values in wanted.items()}
    assert QUERY.call({"query": query}) == single


@pytest.mark.parametrize(
    "expression",
    [
        "eval('1')",
        "(0, eval)('1')",
        "new Function('return 1')()",
        "handler.constructor('return 1')()",
        "(() => 1).constructor('return 1')()",
        "new Map()",
        "new Set()",
        "new Proxy({}, {})",
        "Reflect.ownKeys({})",
        "BigInt(1)",
        "[1].at(0)",
        "[[1]].flat()",
        "Array.from('ab')",
        "Object.fromEntries([])",
        "setTimeout(() => 1, 1)",
        "process.env",
        "fetch('/')",
        "new URL('http://x')",
        "require('fs')",
        "require('os')",
        "undeclared = 1",
    ],
)
def test_shows_no_more_than_the_runtime_lists(expression: str) -> None:
    with pytest.raises(EdgeFunctionError, match=r"failed: (Reference|Type|Eval)?Error: "):
        value_of(expression)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("function handler({", "does not load: SyntaxError"),
        ("var a = 1;", "defines no function `handler`"),
        ("null.x; function handler() {}", "does not load: TypeError"),
        ("import fs from 'fs';\nfunction handler() {}", "does not load: SyntaxError"),
    ],
)
def test_refuses_code_that_does_not_load(code: str, problem: str) -> None:
    with pytest.raises(EdgeFunctionError, match=problem):
        EdgeFunction(code, STORE.get)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("null.x;", "TypeError: cannot read property 'x' of null"),
        ("throw 'words';", "failed: words"),
        ("return Promise.reject(new Error('later'));", "Error: later"),
        ("return;", "result is not JSON"),
        ("return 1;", "returned 1, not an object"),
        ("return null;", "returned None, not an object"),
        ("return [];", r"returned \[\], not an object"),
        ("return { a: [{ b: handler }] };", r"result.a.0.b is not JSON"),
        ("return { a: NaN };", "result.a is not JSON"),
        ("return { a: undefined };", "result.a is not JSON"),
        ("var a = {}; a.a = a; return a;", "overflow|not JSON"),
        ("return handler(e);", "stack overflow"),
        ("return new Promise(() => 1);", "never settles"),
        ("var a = []; for (;;) { a.push('x'.repeat(1000) + a.length); }", "out of memory"),
        ("for (;;) { kept.push({}); }", "out of memory"),
        ("var a = 'x'; for (;;) { a += a; }", "out of memory"),
        ("return new Uint8Array(1e9);", "out of memory"),
    ],
)
def test_reports_a_call_that_fails_and_goes_on(body: str, problem: str) -> None:
    code = f"var kept = []; function handler(e) {{ if (e.ok) {{ return e; }} {body} }}"
    function = EdgeFunction(code, STORE.get)
    with pytest.raises(EdgeFunctionError, match=problem):
        function.call({})
    assert function.call({"ok": True}) == {"ok": True}


@pytest.mark.parametrize(
    "code",
    [
        "function handler() { for (;;) {} }",
        "async function handler() { await 1; for (;;) {} }",
        "async function handler() { for (;;) { await 1; } }",
    ],
)
def test_stops_a_function_that_does_not_end(code: str) -> None:
    function = EdgeFunction(code, STORE.get, time_limit_seconds=0.05)
    with pytest.raises(EdgeFunctionError, match="was stopped"):
        function.call({})


def test_stops_code_that_does_not_end_while_it_loads() -> None:
    with pytest.raises(EdgeFunctionError, match="was stopped"):
        EdgeFunction("for (;;) {}", STORE.get, time_limit_seconds=0.05)


def test_collects_what_the_function_logs() -> None:
    function = EdgeFunction("function handler() { console.log('a' + 1); return {}; }", STORE.get)
    function.call({})
    assert function.logs == ["a1"]


def test_names_the_line_of_the_file_after_the_import_is_gone() -> None:
    code = (
        "import cf from 'cloudfront';\nfunction handler() {\n  try { null.x; }\n"
        "  catch (e) { return { stack: e.stack }; }\n}"
    )
    assert ":3" in str(run(code)["stack"])


def test_serves_several_threads_at_once() -> None:
    code = """import cf from 'cloudfront';
    async function handler(event) {
      const v = await cf.kvs().get('a');
      return { v: v, n: event.n };
    }"""
    function = EdgeFunction(code, STORE.get)
    answers: list[list[Any]] = [[] for _ in range(4)]

    def work(mine: list[Any], call: Callable[..., Any]) -> None:
        mine.extend(call({"n": n})["n"] for n in range(200))

    threads = [threading.Thread(target=work, args=(mine, function.call)) for mine in answers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [list(range(200))] * 4
