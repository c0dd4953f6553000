"""What ships is minified, and does what the source says."""

from __future__ import annotations

import json
from typing import get_args

import minify
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.errors import InvalidRequest
from chalicelib.records import HtmlHandling, NotFoundMode
from edge.template import shipped
from tests.unit import sites
from tests.unit.edge.engines import RESPONSE, ROUTER, SOURCES, Call, QuickJs
from tests.unit.edge.event_files import response_with_metadata
from tests.unit.edge.syntax import problems
from tests.unit.edge.table_sites import live
from tests.unit.edge.test_properties import bad_texts, good_records, response_calls, router_calls
from tests.unit.edge.test_router_agrees import call_of

QUICKJS = QuickJs()
# What the minifier would write in newer JavaScript, each in a function of its own.
TEMPTING = """
    function handler(a) { try { a(); } catch (error) { return null; } return 'a\\nb\\nc\\nd'; }
    function nullish(a, b) { return a != null ? a : b; }
    function chained(a) { return a == null ? undefined : a.b; }
    function quoted() { return 'it\\'s "quoted"'; }
    function pairs(path, last) { return { path: path, last: last }; }
"""
# One site that has most of what the router tells apart, so that most calls meet something.
FILES = {
    "index.html": 1,
    "404.html": 2,
    "docs/404.html": 3,
    "docs/index.html": 4,
    "docs/a.html": 5,
    "docs/a/index.html": 6,
    "docs/a.html.html": 7,
    "b.html": 8,
    "b": 9,
    "é/ü.html": 10,
    "a b/c@d.js": 11,
}


@st.composite
def table_calls(draw: st.DrawFn) -> Call:
    """A request to the site of FILES in any mode, its table in one bucket or many."""
    site = live(
        FILES,
        html=draw(st.sampled_from(get_args(HtmlHandling))),
        not_found=draw(st.sampled_from(get_args(NotFoundMode))),
    )
    record = json.loads(site.store["a/production"])
    # The site's bucket under every other key: which one is asked for can be seen.
    record["buckets"] = draw(st.sampled_from([1, 1, 1, 1000]))
    bucket = site.store[f"t/{record['version']}/0"]
    store = {f"t/{record['version']}/{n}": bucket for n in range(0, record["buckets"], 2)}
    call = call_of(site, draw(sites.addresses(FILES)), draw(st.booleans()))
    return Call(call.event, store | {"a/production": json.dumps(record)})


# Headers that the response function takes, and those that it leaves out.
HEADERS = "X-A Server Via te x-amz-b __proto__ proxy-c a_b a! é"
names = st.sampled_from([*HEADERS.split(), "", "a b"])
values = st.sampled_from(["1", "a b", "", "é", "\n", 1, None])
metadata_calls = st.builds(
    lambda headers, status: Call(response_with_metadata(headers, status)),
    st.dictionaries(names, values, max_size=5),
    st.sampled_from([None, "404", "200", "4044", "40x"]),
)


def assert_alike(code: str, source: str, call: Call) -> None:
    assert QUICKJS.run(code, [call]) == QUICKJS.run(source, [call])


@given(router_calls(good_records.map(json.dumps) | bad_texts))
@settings(max_examples=500)
def test_the_router_answers_as_its_source_does(call: Call) -> None:
    assert_alike(ROUTER, SOURCES["router"], call)


@given(table_calls())
@settings(max_examples=500)
def test_the_router_reads_a_table_as_its_source_does(call: Call) -> None:
    assert_alike(ROUTER, SOURCES["router"], call)


@given(response_calls() | metadata_calls)
@settings(max_examples=500)
def test_the_response_function_answers_as_its_source_does(call: Call) -> None:
    assert_alike(RESPONSE, SOURCES["response.js"], call)


def test_the_minifier_adds_no_syntax_that_the_source_avoids() -> None:
    assert problems(TEMPTING) == []
    assert problems(shipped("tempting.js", TEMPTING)) == []


def test_the_same_code_ships_as_the_same_text_whatever_was_minified_before() -> None:
    minify.config({"js-keep-var-names": True, "js-version": 2022})
    minify.string("application/javascript", TEMPTING)
    assert shipped("router", SOURCES["router"]) == ROUTER


def test_code_that_does_not_parse_is_refused_with_its_name_and_the_place() -> None:
    with pytest.raises(InvalidRequest, match=r"^edge/x\.js cannot be minified: .* on line 2 .*\.$"):
        shipped("edge/x.js", "const a = 1;\nf(a,")
