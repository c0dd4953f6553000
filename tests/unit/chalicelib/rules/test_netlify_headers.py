"""`_headers` in Netlify's dialect: what it has of its own."""

from __future__ import annotations

import time

import pytest
from hypothesis import assume, example, given

from chalicelib.rules.headers import parse_headers
from chalicelib.rules.path_lines import BadPath, comparable, read_path
from chalicelib.rules.patterns import match
from tests.unit.chalicelib.rules.header_texts import addresses, paths


def got(text: str, *served: str) -> dict[str, str | None]:
    return {name: value.text for name, value in parse_headers(text, "netlify").of(served).items()}


def findings(text: str) -> list[tuple[int, str]]:
    return [(one.line, one.severity) for one in parse_headers(text, "netlify").findings]


def applies(path: str, address: str) -> bool:
    return got(f"{path}\n X-A: 1", address) == {"x-a": "1"}


@pytest.mark.parametrize(
    ("path", "address"), [("/About", "/about"), ("/a/*", "/A/b"), ("/é", "/é")]
)
def test_matching_is_case_insensitive(path: str, address: str) -> None:
    assert applies(path, address.replace("é", "%C3%A9"))


@pytest.mark.parametrize("path", ["/a/b", "/a/b/", "/a//b", "/:x/b/", "/a/*/", "/a/*/b/"])
@pytest.mark.parametrize("address", ["/a/b", "/a/b/"])
def test_the_trailing_slash_is_optional(path: str, address: str) -> None:
    assert applies(path, address)


@pytest.mark.parametrize(
    ("path", "address", "matches"),
    [
        ("/*/x/*", "/a/b/x/c", True),
        ("/*/x/*", "/x", True),
        ("/*/x/*", "/a/y/c", False),
        ("/a*b*c", "/a-b/b-c", True),
        ("/a*b*c", "/a-b/b", False),
        ("/x*a/*/b", "/xaa/b", True),
        ("/x*a/*/b", "/xaa-b", False),
        ("/**/*.js", "/a/b.js", True),
        ("/a/**", "/a", True),
        ("/*/:x/*/z", "/y/z", True),
        ("/*/:x/*/z", "/z", False),
        ("/*ab*ab", "/ab", False),
        ("/*ab*ab", "/abab", True),
    ],
)
def test_several_stars_are_allowed(path: str, address: str, matches: bool) -> None:
    assert applies(path, address) is matches
    assert findings(f"{path}\n X-A: 1") == []


@pytest.mark.parametrize(
    ("address", "matches"),
    [("/a", True), ("/a/", True), ("/a/b", True), ("/ab", False), ("/", False)],
)
def test_a_star_at_the_end_also_matches_the_folder(address: str, matches: bool) -> None:
    assert applies("/a/*", address) is matches


def test_a_star_alone_matches_everything() -> None:
    assert applies("/*", "/")
    assert applies("/*", "/a/b")


@pytest.mark.parametrize(
    ("path", "address", "matches"),
    [
        ("/:x", "/a", True),
        ("/:x", "/", False),
        ("/:x", "/a/b", False),
        ("/:x/b/:y", "/a/b/c", True),
        ("/:x/b/:y", "/a/b", False),
        ("/a-:x", "/a-b", False),
        ("/a-:x", "/a-%3Ax", True),
    ],
)
def test_a_placeholder_is_a_whole_segment(path: str, address: str, matches: bool) -> None:
    assert applies(path, address) is matches


def test_nothing_is_put_into_values() -> None:
    assert got("/:x/*\n X-A: :x :splat", "/a/b") == {"x-a": ":x :splat"}


def test_nothing_is_detached() -> None:
    text = "/*\n X-A: 1\n/a\n ! X-A\n X-B: 1\n ! X-B"
    assert got(text, "/a") == {"x-a": "1", "x-b": "1"}
    assert findings(text) == [(4, "warning"), (6, "warning"), (4, "note")]


def test_a_path_and_name_again_override_and_do_not_join() -> None:
    text = "/a/\n X-A: 1\n X-A: 2\n X-B: 1\n/b\n X-A: 1\n/A\n X-A: 3\n X-A: 4"
    assert got(text, "/a") == {"x-a": "3, 4", "x-b": "1"}
    assert findings(text) == [(3, "warning")]


def test_the_last_block_that_matches_overrides() -> None:
    text = "/*\n X-A: 1\n/a\n X-A: 2"
    assert (got(text, "/a"), got(text, "/b")) == ({"x-a": "2"}, {"x-a": "1"})
    assert findings(text) == []


def test_a_path_line_with_a_scheme_is_a_header_of_that_name() -> None:
    text = "/a\n X-A: 1\nhttps://example.com/b\n X-B: 2"
    assert got(text, "/a") == {"x-a": "1", "https": "//example.com/b", "x-b": "2"}
    assert findings(text) == [(3, "warning"), (3, "note")]


def test_a_block_applies_at_any_address_of_the_file() -> None:
    text = "/a.html\n X-A: 1\n/a\n X-B: 1\n/b\n X-C: 1"
    assert got(text, "/a", "/a.html") == {"x-a": "1", "x-b": "1"}


def test_a_line_may_have_any_length() -> None:
    assert got(f"/a\n X-A: {'a' * 3000}", "/a") == {"x-a": "a" * 3000}


def test_a_file_that_looks_like_cloudflares_gets_one_note() -> None:
    text = "/*\n X-A: :splat\n X-B: :splat\n ! X-C"
    assert findings(text) == [(4, "warning"), (2, "note")]
    assert 'dialect = "cloudflare"' in parse_headers(text, "netlify").findings[-1].text


@given(path=paths, address=addresses)
@example("/a/*/b", "/a/b")
@example("/*/b", "/b")
def test_a_path_with_one_star_matches_as_the_shared_patterns_do(path: str, address: str) -> None:
    try:
        pattern = read_path(path, "netlify")
    except BadPath:
        assume(False)
    assume(pattern.text.count("*") < 2)
    shared = match(pattern.text, address.lower(), slash_blind=True)
    matched = pattern.captured(comparable([address], "netlify"))
    assert (matched is not None) == (shared is not None)


def test_no_path_makes_matching_slow() -> None:
    rules = parse_headers("/" + "*a" * 500 + "b/*/:x/*/y\n X-A: 1", "netlify")
    address = "/" + "a" * 1000 + "/a" * 1000
    began = time.process_time()
    assert rules.of([address]) == {}
    assert time.process_time() - began < 5  # seconds; backtracking would take years
