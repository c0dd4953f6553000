"""What is stored with an object, and what viewers get of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.media_types import header_pairs, headers_for
from chalicelib.rules.headers import HeaderRules, parse_headers
from chalicelib.rules.model import HEADERS_FILE, Dialect, SiteSettings
from chalicelib.rules.object_headers import MAX_METADATA_BYTES, ObjectHeaders, object_headers
from tests.unit.chalicelib.rules.header_texts import addresses, texts
from tests.unit.edge.engines import RESPONSE, Call, QuickJs
from tests.unit.edge.event_files import load

QUICKJS = QuickJs()
BASE = headers_for("a.html")
METADATA = "x-amz-meta-decant-headers"
NONE = SiteSettings()


def stored(
    text: str, *served: str, settings: SiteSettings = NONE, base: dict[str, str] = BASE
) -> dict[str, str]:
    result = object_headers(base, settings, parse_headers(text, "cloudflare"), served or ("/a",))
    assert result.findings == ()
    return dict(result.pairs)


def seen(result: ObjectHeaders) -> dict[str, str]:
    """What the shipped function makes of the stored headers."""
    event = load("viewer-response")
    event["response"]["headers"] = {name: {"value": value} for name, value in result.pairs}
    (outcome,) = QUICKJS.run(RESPONSE, [Call(event)])
    assert outcome.result is not None
    return {name: one["value"] for name, one in outcome.result["headers"].items()}


@pytest.mark.parametrize("path", ["a.html", "404.html", "app.0a1b2c3d.js"])
def test_without_rules_an_object_has_what_it_always_had(path: str) -> None:
    result = object_headers(headers_for(path), NONE, HeaderRules(), ["/a"])
    assert result == ObjectHeaders(header_pairs(path))


def test_content_type_and_cache_control_replace_the_stored_headers() -> None:
    text = "/a\n Content-Type: text/plain\n Cache-Control: no-store"
    assert stored(text) == {"content-type": "text/plain", "cache-control": "no-store"}


def test_a_detached_cache_control_is_not_stored() -> None:
    assert stored("/a\n ! Cache-Control") == {"content-type": BASE["content-type"]}


def test_a_detached_content_type_stays_the_files() -> None:
    assert stored("/*\n Content-Type: x/y\n/a\n ! Content-Type") == BASE


def test_the_cache_of_the_settings_comes_before_the_headers_file() -> None:
    settings = SiteSettings(cache=(("/*", "one"), ("/a", "two"), ("/b", "three")))
    assert stored("", settings=settings)["cache-control"] == "two"
    assert stored("", "/c", settings=settings)["cache-control"] == "one"
    assert stored("/a\n Cache-Control: four", settings=settings)["cache-control"] == "four"
    assert "cache-control" not in stored("/a\n ! Cache-Control", settings=settings)


def test_all_other_headers_are_a_compact_object_with_its_names_sorted() -> None:
    text = '/a\n X-B: "q" \\ z\n X-A: 1\n/*\n X-C: 1\n/:x\n ! X-C'
    assert stored(text)[METADATA] == '{"x-a":"1","x-b":"\\"q\\" \\\\ z"}'


def test_the_order_is_that_of_the_names_and_not_of_what_comes_in() -> None:
    base = headers_for("404.html")
    rules = parse_headers("/*\n X-A: 1", "cloudflare")
    backwards = dict(reversed(base.items()))
    result = object_headers(base, NONE, rules, ["/404"])
    assert result == object_headers(backwards, NONE, rules, ["/404"])
    assert [name for name, _ in result.pairs] == [
        "content-type",
        "cache-control",
        "x-amz-meta-decant-status",
        METADATA,
    ]


@pytest.mark.parametrize("page", ["a.html", "404.html"])
def test_s3s_limit_is_kept_to_the_byte(page: str) -> None:
    base = headers_for(page)
    # decant-headers{"x-a":""}, and for the error page decant-status404
    room = MAX_METADATA_BYTES - 14 - 10 - (16 if page == "404.html" else 0)
    text = "/a\n X-A: "
    fits = object_headers(base, NONE, parse_headers(text + "a" * room, "netlify"), ["/a"])
    assert (fits.findings, len(fits.pairs)) == ((), len(base) + 1)
    over = object_headers(base, NONE, parse_headers(text + "a" * (room + 1), "netlify"), ["/a"])
    (finding,) = over.findings
    assert (finding.file, finding.line, finding.severity) == (HEADERS_FILE, 2, "error")
    assert dict(over.pairs) == base


def test_the_error_names_the_lines_with_the_most_bytes_and_the_path() -> None:
    lines = ["/*", "X-A: " + "a" * 10, "X-B: " + "b" * 900, "/:x", "X-C: " + "c" * 1000]
    lines += ["X-D: " + "d" * 20, "/é", "X-B: " + "b" * 500]
    rules = parse_headers("\n".join(lines), "cloudflare")
    (finding,) = object_headers(BASE, NONE, rules, ["/%C3%A9"]).findings
    assert finding.line == 5
    assert "for /é take" in finding.text
    assert finding.text.endswith("line 5 (1,000), line 3 (900), line 8 (500).")


dialects: st.SearchStrategy[Dialect] = st.sampled_from(["cloudflare", "netlify"])


@given(
    text=texts,
    dialect=dialects,
    served=st.lists(addresses, min_size=1, max_size=2),
    cache=st.lists(st.tuples(st.sampled_from(["/*", "/a", "/:"]), st.just("no-store"))),
    path=st.sampled_from(["a.html", "404.html"]),
)
def test_what_is_said_to_be_set_is_what_viewers_get(
    text: str, dialect: Dialect, served: list[str], cache: list[tuple[str, str]], path: str
) -> None:
    rules = parse_headers(text, dialect)
    base = headers_for(path)
    result = object_headers(base, SiteSettings(cache=tuple(cache)), rules, served)
    assert all(value.isascii() and value.isprintable() for _, value in result.pairs)
    if result.findings:
        return
    expected = {name: value for name, value in result.pairs if not name.startswith("x-amz-")}
    given_ = {name: value.text for name, value in rules.of(served).items() if value.text}
    assert expected.items() >= {
        (name, value) for name, value in given_.items() if name in {"content-type", "cache-control"}
    }
    assert seen(result) == expected | given_
    assert json.loads(dict(result.pairs).get(METADATA, "{}")).keys() == given_.keys() - {
        "content-type",
        "cache-control",
    }
