"""`_headers`, in what the two dialects share and in Cloudflare's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.rules.header_names import REFUSED_NAMES, REFUSED_STARTS, SET_ANYWAY
from chalicelib.rules.headers import MAX_BLOCKS, MAX_LINE, parse_headers
from chalicelib.rules.model import HEADERS_FILE, Dialect, Finding
from tests.unit.chalicelib.rules.header_texts import addresses, texts
from tests.unit.edge.engines import SOURCES

ROOT = Path(__file__).parents[4]
NAME_IN_POLICY = {
    "ContentTypeOptions": "x-content-type-options",
    "FrameOptions": "x-frame-options",
    "ReferrerPolicy": "referrer-policy",
    "StrictTransportSecurity": "strict-transport-security",
}
DIALECTS: list[Dialect] = ["cloudflare", "netlify"]
both = pytest.mark.parametrize("dialect", DIALECTS)


def got(text: str, *served: str, dialect: Dialect = "cloudflare") -> dict[str, str | None]:
    return {name: value.text for name, value in parse_headers(text, dialect).of(served).items()}


def findings(text: str, dialect: Dialect = "cloudflare") -> list[tuple[int, str]]:
    return [(one.line, one.severity) for one in parse_headers(text, dialect).findings]


def only_finding(text: str, dialect: Dialect = "cloudflare") -> Finding:
    (finding,) = parse_headers(text, dialect).findings
    return finding


# Both dialects ---------------------------------------------------------------------------------


@both
def test_a_block_is_a_path_line_then_name_value_lines(dialect: Dialect) -> None:
    text = "/a\n  X-One: 1\n  X-Two: a: b\n/b\n  X-Three: 3\n"
    assert got(text, "/a", dialect=dialect) == {"x-one": "1", "x-two": "a: b"}
    assert got(text, "/b", dialect=dialect) == {"x-three": "3"}
    assert got(text, "/c", dialect=dialect) == {}
    assert findings(text, dialect) == []


@both
def test_an_indent_is_not_required(dialect: Dialect) -> None:
    assert got("  /a\nX-A: 1", "/a", dialect=dialect) == {"x-a": "1"}


@both
def test_lines_with_a_hash_are_comments(dialect: Dialect) -> None:
    text = "# /a\n/a\n  # X-A: 1\n\n  X-B: #2\n"
    assert got(text, "/a", dialect=dialect) == {"x-b": "#2"}
    assert findings(text, dialect) == []


@both
def test_all_blocks_that_match_apply(dialect: Dialect) -> None:
    text = "/*\n X-A: 1\n/a\n X-B: 2\n/b\n X-C: 3"
    assert got(text, "/a", dialect=dialect) == {"x-a": "1", "x-b": "2"}


@both
def test_a_name_again_in_a_block_is_joined_with_a_comma(dialect: Dialect) -> None:
    text = "/a\n Link: <a>\n X-B: 1\n LINK: <b>"
    value = parse_headers(text, dialect).of(["/a"])["link"]
    assert (value.text, value.lines) == ("<a>, <b>", (2, 4))


@both
@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_of_windows_reads_the_same(dialect: Dialect, mark: str, end: str) -> None:
    text = mark + end.join(["/a", "X-A: 1", ""])
    assert got(text, "/a", dialect=dialect) == {"x-a": "1"}
    assert findings(text, dialect) == []


@both
@pytest.mark.parametrize(
    ("line", "address"),
    [("/é", "/%C3%A9"), ("/%c3%a9", "/%C3%A9"), ("/a b/", "/a%20b/"), ("/%61", "/a")],
)
def test_a_path_is_compared_by_what_it_spells(dialect: Dialect, line: str, address: str) -> None:
    assert got(f"{line}\n X-A: 1", address, dialect=dialect) == {"x-a": "1"}


@both
@pytest.mark.parametrize("path", ["/%zz", "/a%", "/%ff", "/a/../b", "/a/%2e", "/a%2Fb", "/a\\b"])
def test_a_bad_path_drops_its_whole_block(dialect: Dialect, path: str) -> None:
    text = f"/a\n X-A: 1\n{path}\n X-B: 2\n no colon\n/c\n X-C: 3"
    assert findings(text, dialect) == [(3, "warning")]
    assert [block.line for block in parse_headers(text, dialect).blocks] == [1, 6]


@both
def test_a_surrogate_is_no_utf_8(dialect: Dialect) -> None:
    assert findings("/\ud800\n X-A: 1", dialect) == [(1, "warning")]


@both
def test_a_query_or_fragment_is_not_compared(dialect: Dialect) -> None:
    text = "/a?b=1 #c\n X-A: 1"
    assert got(text, "/a", dialect=dialect) == {"x-a": "1"}
    assert findings(text, dialect) == [(1, "warning")]


@both
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("no colon", "no colon"),
        ("X-A:", "no value"),
        ("X A: 1", "name"),
        (": 1", "name"),
        ("é: 1", "name"),
        ("X-A: é", "visible ASCII"),
        ("X-A: a\tb", "visible ASCII"),
        ("Set-Cookie: a=1", "script"),
        ("Location: /b", "_redirects"),
        ("ETag: 1", "bytes"),
        ("Last-Modified: 1", "bytes"),
        ("Content-Length: 1", "bytes"),
        ("x-amz-meta-a: 1", "CloudFront"),
    ],
)
def test_a_line_that_cannot_be_set_is_ignored_and_told(
    dialect: Dialect, line: str, says: str
) -> None:
    text = f"/a\n X-Kept: 1\n {line}"
    assert got(text, "/a", dialect=dialect) == {"x-kept": "1"}
    finding = only_finding(text, dialect)
    assert (finding.file, finding.line, finding.severity) == (HEADERS_FILE, 3, "warning")
    assert says in finding.text


@both
def test_a_header_before_any_path_is_ignored(dialect: Dialect) -> None:
    assert findings("X-A: 1\n/a\n X-B: 1", dialect) == [(1, "warning")]


@both
def test_a_path_without_headers_is_told(dialect: Dialect) -> None:
    assert findings("/a\n/b\n X-B: 1\n/c", dialect) == [(1, "warning"), (4, "warning")]


@both
@pytest.mark.parametrize(
    "name",
    [
        "X-Robots-Tag",
        "Content-Security-Policy",
        "Access-Control-Allow-Origin",
        "Link",
        "Vary",
        "Cache-Control",
        "Content-Type",
        "X-Frame-Options",
    ],
)
def test_what_sites_usually_set_is_set(dialect: Dialect, name: str) -> None:
    assert got(f"/*\n {name}: x", "/a", dialect=dialect) == {name.lower(): "x"}
    assert findings(f"/*\n {name}: x", dialect) == []


@both
def test_a_file_has_more_than_100_blocks_but_not_over_500(dialect: Dialect) -> None:
    text = "".join(f"/{n}\n X-A: {n}\n" for n in range(MAX_BLOCKS))
    assert len(parse_headers(text, dialect).blocks) == MAX_BLOCKS
    assert findings(text, dialect) == []
    more = parse_headers(text + "/x\n X-A: 1\n/y\n X-A: 1\nno colon", dialect)
    assert len(more.blocks) == MAX_BLOCKS
    assert [one.line for one in more.findings] == [2 * MAX_BLOCKS + 1]


@both
@pytest.mark.parametrize("name", [*REFUSED_NAMES, *(start + "x" for start in REFUSED_STARTS)])
def test_no_header_is_set_that_the_edge_refuses(dialect: Dialect, name: str) -> None:
    assert got(f"/a\n {name.upper()}: 1", "/a", dialect=dialect) == {}
    assert findings(f"/a\n {name}: 1", dialect) == [(2, "warning")]


def test_the_edge_refuses_the_same_names() -> None:
    source = SOURCES["response.js"]
    names = re.search(r"REFUSED_NAMES =(.*?);", source, re.DOTALL)
    starts = re.search(r"REFUSED_STARTS = \[(.*?)\];", source, re.DOTALL)
    assert names
    assert starts
    words = "".join(re.findall(r"'([^']*)'", names[1])).split()
    assert words == list(REFUSED_NAMES)
    assert re.findall(r"'([^']*)'", starts[1]) == list(REFUSED_STARTS)


def test_what_comes_back_after_a_detach_is_what_the_stage_and_s3_set() -> None:
    template = (ROOT / "edge" / "delivery.yaml").read_text("utf-8")
    (policy,) = re.findall(
        r"SecurityHeadersConfig:\n(.*?)RemoveHeadersConfig:", template, re.DOTALL
    )
    set_there = re.findall(r"^ {10}(\w+):", policy, re.MULTILINE)
    assert {NAME_IN_POLICY[name] for name in set_there} | {"content-type"} == set(SET_ANYWAY)


# Cloudflare ------------------------------------------------------------------------------------


def test_a_path_line_with_a_scheme_is_ignored_with_its_block() -> None:
    text = "/a\n X-A: 1\nhttps://example.com/a\n X-B: 2\n/c\n X-C: 1"
    assert got(text, "/a") == {"x-a": "1"}
    finding = only_finding(text)
    assert (finding.line, finding.severity) == (3, "warning")
    assert "every domain alike" in finding.text


def test_a_header_whose_value_is_a_url_is_no_path_line() -> None:
    assert got("/a\n Link:<https://a.example>", "/a") == {"link": "<https://a.example>"}


@pytest.mark.parametrize(
    ("path", "address", "matches"),
    [
        ("/a", "/a", True),
        ("/a", "/a/", False),
        ("/a", "/A", False),
        ("/a/*", "/a/", True),
        ("/a/*", "/a/b/c", True),
        ("/a/*", "/a", False),
        ("/*.js", "/x/y.js", True),
        ("/a*c/d", "/abbc/d", True),
        ("/:x", "/a", True),
        ("/:x", "/", False),
        ("/:x", "/a/b", False),
        ("/:year-:month.html", "/2026-11.html", True),
        ("/:1", "/%3A1", True),
        ("/%2A", "/%2A", True),
        ("/%2A", "/b", False),
        ("/%3Aa", "/b", False),
    ],
)
def test_paths_match_whole_by_case_and_by_slash(path: str, address: str, matches: bool) -> None:
    assert got(f"{path}\n X-A: 1", address) == ({"x-a": "1"} if matches else {})


@pytest.mark.parametrize("path", ["/*/a/*", "/**", "/:splat/*", "/:a/:a", "/:a*", "/a//b"])
def test_a_path_that_cannot_be_told_apart_is_refused(path: str) -> None:
    assert got(f"{path}\n X-A: 1", "/a/a/a") == {}
    assert findings(f"{path}\n X-A: 1")[0] == (1, "warning")


def test_star_together_with_splat_is_refused() -> None:
    assert "splat" in only_finding("/:splat/*\n X-A: 1").text


def test_placeholders_and_splat_can_be_used_in_values() -> None:
    text = "/b/:year-:slug/*\n X-A: :slug of :year, :splat :other\n X-B: :splat"
    assert got(text, "/b/2026-x%20y/p/q") == {"x-a": "x%20y of 2026, p/q :other", "x-b": "p/q"}


def test_replacement_is_plain_text() -> None:
    assert got("/:id\n X-A: :idx", "/7") == {"x-a": "7x"}


def test_the_longer_of_two_names_comes_first_where_the_path_has_it_first() -> None:
    assert got("/:idx/:id\n X-A: :idx :id", "/1/2") == {"x-a": "1 2"}
    assert got("/:id/:idx\n X-A: :idx :id", "/1/2") == {"x-a": "1x 1"}


def test_later_blocks_append_with_a_comma_in_file_order() -> None:
    text = "/*\n X-A: 1\n/a\n X-A: 2\n/:x\n X-A: :x"
    value = parse_headers(text, "cloudflare").of(["/a"])["x-a"]
    assert (value.text, value.lines) == ("1, 2, a", (2, 4, 6))


def test_an_exclamation_mark_detaches_what_is_set_so_far() -> None:
    text = "/*\n X-A: 1\n X-B: 1\n/a\n ! X-A\n/:x\n X-C: 1"
    assert got(text, "/a") == {"x-a": None, "x-b": "1", "x-c": "1"}
    assert got(text, "/b")["x-a"] == "1"


def test_what_is_set_after_a_detach_stays() -> None:
    assert got("/*\n X-A: 1\n/a\n ! X-A\n/:x\n X-A: 2", "/a") == {"x-a": "2"}


def test_the_platforms_default_can_be_detached() -> None:
    assert got("/a\n ! Cache-Control", "/a") == {"cache-control": None}
    assert findings("/a\n ! Cache-Control") == []


def test_within_a_block_detaches_run_before_sets() -> None:
    assert got("/*\n X-A: 1\n/a\n X-A: 2\n ! X-A", "/a") == {"x-a": "2"}


@pytest.mark.parametrize("line", ["! X-A: 1", "!X-A", "! ", "! X A", "! Set-Cookie", "! ETag"])
def test_a_detach_that_is_none_is_ignored(line: str) -> None:
    text = f"/*\n X-A: 1\n {line}"
    assert got(text, "/a") == {"x-a": "1"}
    assert findings(text) == [(3, "warning")]


@pytest.mark.parametrize("name", SET_ANYWAY)
def test_a_default_that_comes_back_is_told(name: str) -> None:
    assert findings(f"/a\n ! {name}") == [(2, "warning")]


def test_a_later_block_for_the_same_path_replaces_the_earlier_one() -> None:
    text = "/a\n X-A: 1\n X-B: 1\n/b\n X-B: 1\n/%61\n X-A: 2"
    assert got(text, "/a") == {"x-a": "2"}
    warning, note = parse_headers(text, "cloudflare").findings
    assert (warning.line, warning.severity, note.severity) == (1, "warning", "note")
    assert "line 6" in warning.text


def test_the_later_block_takes_the_place_of_the_earlier() -> None:
    assert got("/a\n X-A: 1\n/*\n X-A: 2\n/a\n X-A: 3", "/a") == {"x-a": "3, 2"}


def test_paths_with_other_names_are_other_paths() -> None:
    assert got("/:a\n X-A: 1\n/:b\n X-A: 2", "/a") == {"x-a": "1, 2"}


def test_a_line_of_over_2000_characters_is_ignored() -> None:
    line = "X-A: " + "a" * (MAX_LINE - 5)
    assert got(f"/a\n{line}", "/a") == {"x-a": line[5:]}
    assert findings(f"/a\n{line}") == []
    assert got(f"/a\n{line}a\nX-B: 1", "/a") == {"x-b": "1"}
    assert findings(f"/a\n{line}a\nX-B: 1") == [(2, "warning")]
    assert findings(f"/{'a' * MAX_LINE}\nX-B: 1") == [(1, "warning")]


def test_only_the_canonical_address_counts() -> None:
    assert got("/a.html\n X-A: 1", "/a", "/a.html") == {}


def test_a_file_that_looks_like_netlifys_gets_one_note() -> None:
    text = "/*/a/*\n X-A: 1\n/*/b/*\n X-A: 1"
    assert findings(text) == [(1, "warning"), (3, "warning"), (1, "note")]
    assert 'dialect = "netlify"' in parse_headers(text, "cloudflare").findings[-1].text


# Any text --------------------------------------------------------------------------------------


@both
@given(text=texts, served=st.lists(addresses, max_size=2))
def test_any_text_gives_rules(dialect: Dialect, text: str, served: list[str]) -> None:
    rules = parse_headers(text, dialect)
    lines = text.count("\n") + 1
    assert all(1 <= one.line <= lines and one.text.endswith(".") for one in rules.findings)
    assert all(one.text.isprintable() for one in rules.findings)
    for name, value in rules.of(served).items():
        assert name not in REFUSED_NAMES
        assert value.text is None or re.fullmatch(r"[\x20-\x7e]+", value.text)


@given(text=st.text(max_size=200))
def test_text_of_any_kind_gives_rules(text: str) -> None:
    for dialect in DIALECTS:
        assert parse_headers(text, dialect).dialect == dialect
