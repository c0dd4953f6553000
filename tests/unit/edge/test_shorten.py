"""Shorter names: only those that nothing outside the code knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.errors import InvalidRequest
from edge.shorten import shorten
from edge.template import HERE, MAX_FUNCTION_BYTES, source
from tests.unit.edge.engines import RESPONSE, ROUTER, SOURCES


def test_top_level_names_become_short_wherever_they_are_used() -> None:
    code = "const LIMIT = 3;\nfunction twice(n) { return n * 2 + LIMIT; }\ntwice(twice(LIMIT));"
    short = "const $a = 3;\nfunction $b(n) { return n * 2 + $a; }\n$b($b($a));"
    assert shorten(code) == short


def test_the_handler_and_the_runtimes_own_module_keep_their_names() -> None:
    code = "import cf from 'cloudfront';\nfunction handler(event) { return cf.kvs(event); }"
    assert shorten(code) == code


def test_own_properties_become_short_and_those_of_events_stay() -> None:
    code = (
        "function handler(e) { const a = { stem: e.uri, target: 1 }; return a.stem + e.headers; }"
    )
    assert shorten(code) == (
        "function handler(e) { const a = { _f: e.uri, _g: 1 }; return a._f + e.headers; }"
    )


def test_what_only_looks_like_a_name_stays() -> None:
    code = "const stem = 'stem'; // stem\nfunction handler() { return 'stem' + stem; }"
    assert shorten(code) == "const $a = 'stem'; // stem\nfunction handler() { return 'stem' + $a; }"


def test_a_property_that_is_called_as_a_top_level_name_is_another_thing() -> None:
    code = "function redirect() { return 1; }\nfunction handler(a) { return a.statusCode; }"
    assert shorten(code).startswith("function $a()")
    assert shorten("function match() {}\n'a'.match(/a/);") == "function $a() {}\n'a'.match(/a/);"


def test_bytes_and_characters_are_not_mixed_up() -> None:
    code = "const é = '😀é';\nfunction handler(b) { return é + '—' + b.stem; }"
    assert shorten(code) == "const $a = '😀é';\nfunction handler(b) { return $a + '—' + b._f; }"


@pytest.mark.parametrize(
    "inside",
    [
        "function handler(page) { return page; }",
        "function handler() { const page = 1; return page; }",
        "function handler() { for (let page = 0; page < 3; page++) {} }",
        "function handler() { function page() {} }",
        "function handler() { let other = 1, page = 2; }",
        "async function handler() { return [1].map(function (page) { return page; }); }",
        "async function handler() { return [1].map((page, a) => page + a); }",
    ],
)
def test_a_top_level_name_that_is_used_again_within_a_function_is_refused(inside: str) -> None:
    with pytest.raises(InvalidRequest, match="top-level names page within a function"):
        shorten("function page() { return 1; }\n" + inside)


def test_all_names_that_are_used_again_are_told() -> None:
    code = "const a = 1, b = 2, c = 3;\nfunction handler(b, a) { return c; }"
    with pytest.raises(InvalidRequest, match="names a, b within"):
        shorten(code)


def test_what_ships_has_no_long_name_left_and_fits_the_quota() -> None:
    assert "withCanary" in SOURCES["router"]
    assert "withCanary" not in ROUTER
    assert "handler" in ROUTER
    for code in (ROUTER, RESPONSE):
        assert len(code.encode()) <= MAX_FUNCTION_BYTES


def test_a_folder_is_joined_with_main_first() -> None:
    files = sorted((HERE / "router").glob("*.js"))
    assert len(files) > 1
    joined = source("edge/router")
    assert joined.startswith((HERE / "router" / "main.js").read_text("utf-8"))
    for file in files:
        assert joined.count(file.read_text("utf-8")) == 1
    assert len(joined) == sum(len(file.read_text("utf-8")) + 1 for file in files) - 1


def test_a_file_is_read_as_it_is() -> None:
    assert source("edge/response.js") == Path(HERE / "response.js").read_text("utf-8")
