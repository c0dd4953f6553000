"""The edge functions keep to what CloudFront Functions' runtime 2.0 documents.

The source does, and so does what the minifier made of it.
"""

from __future__ import annotations

import pytest

from decant.local.edge_runtime import without_import
from tests.unit.edge import njs
from tests.unit.edge.conftest import require_njs
from tests.unit.edge.engines import RESPONSE, ROUTER, SOURCES
from tests.unit.edge.syntax import problems

# CloudFront's quota: 10 KB a function, which cannot be raised.
CODE_LIMIT_BYTES = 10_240

SHIPPED = pytest.mark.parametrize(
    "code", [pytest.param(ROUTER, id="router"), pytest.param(RESPONSE, id="response.js")]
)


@pytest.mark.parametrize("name", SOURCES)
def test_the_source_of_a_function_uses_documented_syntax_only(name: str) -> None:
    assert problems(SOURCES[name]) == []


@SHIPPED
def test_a_shipped_function_uses_documented_syntax_only(code: str) -> None:
    assert problems(code) == []


@SHIPPED
def test_a_shipped_function_fits_cloudfronts_limit(code: str) -> None:
    assert len(code.encode()) < CODE_LIMIT_BYTES


@SHIPPED
def test_a_shipped_function_is_plain_ascii(code: str) -> None:
    assert code.isascii()


@pytest.mark.njs
@SHIPPED
def test_a_shipped_function_loads_on_the_oldest_engine(code: str) -> None:
    require_njs()
    njs.execute("const cf = {};" + without_import(code))


@pytest.mark.parametrize(
    "code",
    [
        "var a = 1; let b = a; const c = b ** 2 + 1_000; c;",
        "function f(a, ...rest) { return rest.length > a ? `${a}` : '' + -a; }",
        "async function handler(event) { const a = await f(event); return a; } function f() {}",
        "const f = (a, b) => a.map((x) => x + b); f([1], 2);",
        "for (var k in {}) { if (k === 'a') { continue; } else { break; } }",
        "outer: for (let i = 0, j = 9; i < j; i++, j--) { break outer; }",
        "switch (1) { case 1: break; default: throw new Error('x'); }",
        "try { null; } catch (error) { String(error); } finally { void 0; }",
        "const crypto = require('crypto'); crypto.createHash('md5');",
        "var a = { b: 1, 'c-d': [true, null, undefined] }; delete a['b']; a.c += this;",
        r"/^[a-z$]+\$/gi.test('');",
        "do { var i = 1; } while (i < 1); while (i) { i >>>= 1; }",
        "(function g() { return typeof g; })();",
        "import cf from 'cloudfront';\ncf.kvs();",
        'import cf from"cloudfront";const a=cf.kvs(),b=a===0[0]?!1:1e3;b&&(a.c=.5,delete a.d);',
    ],
)
def test_the_check_takes_what_is_listed(code: str) -> None:
    assert problems(code) == []


@pytest.mark.parametrize(
    "code",
    [
        "const a = {}; a?.b;",
        "const a = 1 ?? 2;",
        "let a; a ??= 1;",
        "let a; a ||= 1;",
        "let a; a &&= 1;",
        "const { a } = {};",
        "const [a] = [];",
        "let a; [a] = [1];",
        "function f({ a }) {}",
        "function f(a = 1) {}",
        "const f = (a = 1) => a;",
        "const a = []; const b = [...a];",
        "const a = []; f(...a); function f() {}",
        "const a = {}; const b = { ...a };",
        "for (const a of []) {}",
        "const a = 1; const b = { a };",
        "const a = 'x'; const b = { [a]: 1 };",
        "const a = { b() {} };",
        "const a = { get b() { return 1; } };",
        "class A {}",
        "function* g() { yield 1; }",
        "async function f() { for await (const a of []) {} }",
        "const f = async () => {};",
        "const f = async function () {};",
        "async function f() { async function g() {} }",
        "async function f() { g(await g(1)); } function g() {}",
        "async function f() { g([1, await g(1)]); } function g() {}",
        "await 1;",
        "function f() {} f`x`;",
        "const a = 1n;",
        "try {} catch {}",
        "export default 1;",
        "export function handler() {}",
        "import fs from 'fs';",
        "import { kvs } from 'cloudfront';",
        "const a = 1;\nimport cf from 'cloudfront';",
        "import('cloudfront');",
        "/a/u.test('');",
        "/a/s.test('');",
        "/(?<=a)b/.test('');",
        "/(?<!a)b/.test('');",
        "/^a$/.test('');",
        "new Map();",
        "new Set();",
        "new Proxy({}, {});",
        "fetch('/');",
        "setTimeout(1);",
        "process.env;",
        "module.exports = 1;",
        "eval('1');",
        "new Function('1');",
        "[1].at(0);",
        "[1].flat();",
        "'a'.matchAll(1);",
        "Array.from('a');",
        "Object.fromEntries([]);",
        "with (1) {}",
        "debugger;",
        "function f() { return new.target; }",
        "const a = ;",
        "function handler({",
    ],
)
def test_the_check_refuses_what_is_not_listed(code: str) -> None:
    assert problems(code) != []


def test_the_check_names_line_and_construct() -> None:
    assert problems("const a = {};\nconst b = a?.b;") == [
        "line 2: optional_chain is not listed: '?.'",
    ]
