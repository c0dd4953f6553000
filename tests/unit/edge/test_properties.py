"""Whatever comes in, the edge functions answer, and never lead outside the site or its layer."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from tests.unit.edge.conftest import require_njs
from tests.unit.edge.engines import RESPONSE, ROUTER, Call, Njs, QuickJs
from tests.unit.edge.event_files import Event, load, request_for, response_with

QUICKJS = QuickJs()
VISIBLE_ASCII = re.compile(r"[\x20-\x7e]*")
PAGES = {400, 404, 500}

# Pieces that attacks on paths are made of, between any other text.
TRICKS = """
    / // . .. %2e %2E%2e %2f %5c \\ %00 % %2 %0d%0a %ff %c0%ae %ed%a0%80 %252e %25 + ? # : @
    index.html CNAME é 😀 %F0%9F%98%80 * ' ( ! ~ a b.c
"""
tricks = st.sampled_from(TRICKS.split()) | st.sampled_from([" ", "\r\n", "\x00", "\x85"])
# No lone surrogates: an address reaches a function as UTF-8, and the engines differ on them.
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
raw_bytes = st.binary(max_size=4).map(lambda octets: "".join(f"%{octet:02x}" for octet in octets))
uris = st.lists(tricks | text | raw_bytes, max_size=10).map(lambda parts: "/" + "".join(parts))
queries = st.none() | st.lists(tricks | text, max_size=5).map("".join)
parameters = st.fixed_dictionaries(
    {"value": text}, optional={"multiValue": st.lists(st.fixed_dictionaries({"value": text}))}
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
good_records = st.fixed_dictionaries(
    {
        "version": st.integers(1, 10**6),
        "layers": st.lists(st.integers(1, 2**31 - 1), min_size=1, max_size=3),
        "buckets": st.just(0),
        "html": st.sampled_from(["auto-trailing-slash", "none", "drop-trailing-slash"]),
        "pages": st.sampled_from(["folder", "file"]),
    },
    optional={"exact": st.lists(tricks | text, max_size=3)},
)
odd_records = st.fixed_dictionaries(
    {},
    optional={
        "layers": json_values | st.lists(json_values, max_size=2) | st.just([3]),
        "buckets": json_values | st.just(0),
        "html": json_values,
        "pages": json_values,
        "exact": json_values,
    },
)
# Whatever rules, canary, password or fallback a record may name, well formed or not.
odd_extras = st.fixed_dictionaries(
    {},
    optional={
        "redirects": json_values | st.integers(1, 3),
        "patterns": json_values | st.sampled_from(["*", "ab", "ab*"]),
        "blind": json_values,
        "canary": json_values | st.tuples(st.integers(0, 100), st.integers(1, 3)),
        "password": json_values | st.tuples(text, text),
        "alias": json_values | st.just("production"),
        "fallback": json_values,
        "salt": json_values,
    },
)
odd_values = st.sampled_from(
    ["abcd301 /x", "+301! /* /*0", "200!n /* /b/*0 q=*1", "404! /:", "302 / //*0|x", "||", "+", " "]
)
odd_keys = ("r/1/0", "r/2/0", "p/1/any/0", "p/1/any/1", "p/1/ab/0", "v/1", "v/2", "t/1/0", "a/a")
bad_texts = text | json_values.map(json.dumps) | odd_records.map(json.dumps)


@st.composite
def router_calls(draw: st.DrawFn, records: st.SearchStrategy[str]) -> Call:
    """A viewer request for any path and query, with a record's text in the store."""
    event = request_for(draw(uris))
    event["request"]["querystring"] = draw(st.dictionaries(text, parameters, max_size=3))
    event["request"]["headers"] = draw(st.dictionaries(text, parameters, max_size=3))
    return Call(event, {"a/production": draw(records)}, draw(queries))


@st.composite
def response_calls(draw: st.DrawFn) -> Call:
    """A viewer response of any object, with any headers and metadata."""
    metadata = {
        "x-amz-meta-decant-headers": draw(text | json_values.map(json.dumps)),
        "x-amz-meta-decant-status": draw(text | st.integers(0, 1000).map(str)),
    }
    headers = draw(st.dictionaries(text, text, max_size=3))
    viewers = {"x-decant-viewer": text, "authorization": text, "host": text}
    sent = {name: {"value": draw(value)} for name, value in viewers.items() if draw(st.booleans())}
    kept = {name: value for name, value in metadata.items() if draw(st.booleans())}
    event = response_with(headers | kept, draw(st.sampled_from([200, 206, 304])))
    event["request"]["headers"] |= sent
    event["request"]["cookies"] = draw(st.dictionaries(st.just("decant") | text, parameters))
    return Call(event)


def run_one(code: str, call: Call) -> Event:
    (outcome,) = QUICKJS.run(code, [call])
    assert outcome.error is None
    assert outcome.result is not None
    return outcome.result


def assert_inside_the_site(path: str) -> None:
    """`path` is an encoded path without empty, dot or unsafe segments; one slash may end it."""
    assert path.isascii()
    assert re.fullmatch(r"/(?!/)[A-Za-z0-9/%._~-]*", path), path
    assert "//" not in path
    for segment in path.split("/"):
        decoded = unquote(segment, errors="strict")
        assert decoded not in {".", ".."}
        assert not re.search(r"[/\\\x00-\x1f\x7f-\x9f]", decoded)


def assert_safe(answer: Event, layer: int | None) -> None:
    status = answer.get("statusCode")
    if status is None:
        assert re.match(r"/v[1-9][0-9]*/", answer["uri"])
        assert layer is None or answer["uri"].startswith(f"/v{layer}/")
        assert_inside_the_site(answer["uri"])
    elif status == 307:
        location = answer["headers"]["location"]["value"]
        assert VISIBLE_ASCII.fullmatch(location)
        assert_inside_the_site(location.split("?", 1)[0])
        assert urlsplit(location).netloc == ""
    else:
        assert status in PAGES


@given(router_calls(good_records.map(json.dumps)))
@settings(max_examples=500)
def test_any_path_stays_within_the_layer_and_the_site(call: Call) -> None:
    layer = json.loads(call.store["a/production"])["layers"][0]
    answer = run_one(ROUTER, call)
    assert_safe(answer, layer)
    assert answer.get("statusCode") in {None, 307, 400}


@given(router_calls(bad_texts))
@settings(max_examples=300)
def test_any_record_is_answered(call: Call) -> None:
    assert_safe(run_one(ROUTER, call), None)


@st.composite
def odd_calls(draw: st.DrawFn) -> Call:
    """A viewer who sends anything, of a site with any rules, canary, password and fallback."""
    call = draw(router_calls(st.just("")))
    record = draw(good_records) | {"version": 1} | draw(odd_extras)
    names = st.sampled_from(["decant", "decant-viewer"]) | text
    chosen = {"value": draw(text | st.sampled_from(["v1", "v2", "a", "production", "off", "7"]))}
    request = call.event["request"]
    request["cookies"] = {draw(names): chosen}
    if draw(st.booleans()):
        request["querystring"]["decant"] = {"value": draw(text)}
    if draw(st.booleans()):
        request["headers"]["authorization"] = {"value": draw(text | st.just("Basic YTpi"))}
    entries = {key: draw(odd_values | bad_texts) for key in odd_keys if draw(st.booleans())}
    entries |= {key: json.dumps(record) for key in ("a/production", "v/1") if draw(st.booleans())}
    return Call(call.event, entries, call.raw_query)


@given(odd_calls())
@settings(max_examples=800)
def test_whoever_asks_for_whatever_gets_an_answer(call: Call) -> None:
    answer = run_one(ROUTER, call)
    status = answer.get("statusCode")
    if status is None:
        assert isinstance(answer["uri"], str)
    else:
        assert status in {301, 302, 307, 400, 401, 404, 500}
        for header in answer["headers"].values():
            assert VISIBLE_ASCII.fullmatch(header["value"])


@given(uris, good_records)
@settings(max_examples=200)
def test_asking_for_the_canonical_path_gives_the_same_object(
    uri: str, record: dict[str, Any]
) -> None:
    exact_only = {"a/production": json.dumps(record | {"html": "none"})}
    first = run_one(ROUTER, Call(request_for(uri), exact_only))
    if "uri" in first:
        stored = first["uri"]
        canonical = stored[stored.index("/", 1) :]
        assert run_one(ROUTER, Call(request_for(canonical), exact_only))["uri"] == stored


@given(uris, queries)
@settings(max_examples=200)
def test_following_a_redirect_ends_at_the_next_answer(uri: str, raw_query: str | None) -> None:
    store = {"a/production": '{"layers":[7],"buckets":0,"pages":"folder"}'}
    first = run_one(ROUTER, Call(request_for(uri), store, raw_query))
    if first.get("statusCode") == 307:
        target = first["headers"]["location"]["value"].split("?", 1)[0]
        second = run_one(ROUTER, Call(request_for(target), store))
        assert second["uri"] == f"/v7{target}index.html"


@given(response_calls())
@settings(max_examples=500)
def test_any_metadata_leaves_a_response_that_cloudfront_takes(call: Call) -> None:
    sent = call.event["response"]
    answer = run_one(RESPONSE, call)
    assert not [name for name in answer["headers"] if name.startswith("x-amz-")]
    assert "server" not in answer["headers"]
    assert answer["headers"]["content-length"] == sent["headers"]["content-length"]
    assert answer["statusCode"] == sent["statusCode"] or 400 <= answer["statusCode"] <= 599
    for name, header in answer["headers"].items():
        if header != sent["headers"].get(name):
            assert re.fullmatch(r"[a-z0-9!#$%&'*+.^_`|~-]+", name)
            assert VISIBLE_ASCII.fullmatch(header["value"])


@given(
    st.dictionaries(
        st.from_regex(r"x-site-[a-z0-9-]{1,8}", fullmatch=True),
        st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1),
        max_size=5,
    )
)
def test_every_proper_header_arrives_as_it_was_written(wanted: dict[str, str]) -> None:
    call = Call(response_with({"x-amz-meta-decant-headers": json.dumps(wanted)}))
    headers = run_one(RESPONSE, call)["headers"]
    assert {name: headers[name]["value"] for name in wanted} == wanted


@given(st.text(max_size=12))
@example("\ud800")
def test_even_text_that_is_no_unicode_is_answered(path: str) -> None:
    store = {"a/production": '{"layers":[7]}'}
    assert_safe(run_one(ROUTER, Call(request_for("/" + path), store)), 7)
    assert_safe(run_one(ROUTER, Call(request_for("/page"), store, path)), 7)
    event = load("viewer-response")
    event["response"]["headers"]["x-amz-meta-decant-headers"] = {"value": json.dumps({path: path})}
    run_one(RESPONSE, Call(event))


@pytest.mark.njs
@pytest.mark.parametrize(
    ("code", "calls"),
    [
        pytest.param(ROUTER, router_calls(good_records.map(json.dumps) | bad_texts), id="router"),
        pytest.param(ROUTER, odd_calls(), id="router, rules"),
        pytest.param(RESPONSE, response_calls(), id="response"),
    ],
)
def test_both_engines_give_the_same_answers(code: str, calls: st.SearchStrategy[Call]) -> None:
    require_njs()

    # One process answers a whole batch; shrinking would start thousands.
    @given(st.lists(calls, min_size=10, max_size=40))
    @settings(max_examples=25, phases=[Phase.reuse, Phase.generate])
    def compare(batch: list[Call]) -> None:
        answers = zip(batch, QUICKJS.run(code, batch), Njs().run(code, batch), strict=True)
        assert [answer for answer in answers if answer[1] != answer[2]] == []

    compare()
