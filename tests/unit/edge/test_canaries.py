"""edge/router: who gets a canary; and how edge/response.js makes them keep it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.alias_record import encode
from chalicelib.records import Alias, Canary, Version
from chalicelib.routing import compile_routing
from chalicelib.rules.model import NO_RULES
from tests.unit.edge.engines import RESPONSE, ROUTER, Call, Engine, Outcome
from tests.unit.edge.event_files import Event, load, request_for
from tests.unit.edge.table_sites import VERSION, manifest_of

LIVE, NEXT, OLD = 3, 4, 2
PAGE, MISSING = "/about/", "/missing.png"
LIVE_ASSET, NEXT_ASSET, OLD_ASSET = "/live.0a1b2c3d.js", "/next.1a2b3c4d.js", "/old.2a3b4c5d.js"


def published(number: int, asset: str) -> tuple[Version, dict[str, str]]:
    """A version with a table, and its entries in the store."""
    files = {"index.html": number, "about/index.html": number, asset[1:]: number}
    manifest = replace(manifest_of(files, NO_RULES), version=number)
    routing = compile_routing(manifest)
    version = replace(VERSION, number=number, rules=routing.rules)
    return version, routing.store_entries(version)


def store_with(canary: tuple[int, int] | None, fallback: bool = False) -> dict[str, str]:
    """Production at LIVE, with `canary` (percent, version) and a fallback to OLD if wanted."""
    (live, a), (_, b), (old, c) = (
        published(LIVE, LIVE_ASSET),
        published(NEXT, NEXT_ASSET),
        published(OLD, OLD_ASSET),
    )
    alias = Alias("production", LIVE, "o", "t", "ana")
    if canary:
        alias = replace(alias, canary=Canary(percent=canary[0], version=canary[1]))
    shown = encode(live, alias, old if fallback else None)
    return {**a, **b, **c, "a/production": shown}


def visit(
    engine: Engine,
    store: dict[str, str],
    *groups: str,
    uri: str = PAGE,
) -> list[Outcome]:
    """What viewers get who are in these groups by their cookie; "" has none."""
    calls = []
    for group in groups:
        event = request_for(uri)
        if group:
            event["request"]["cookies"]["decant-viewer"] = {"value": group}
        calls.append(Call(event, store))
    outcomes = engine.run(ROUTER, calls)
    assert [outcome.error for outcome in outcomes] == [None] * len(groups)
    return outcomes


def layer(outcome: Outcome) -> int:
    assert outcome.result is not None
    return int(outcome.result["uri"].split("/")[1][1:])


def layers(engine: Engine, store: dict[str, str], *groups: str) -> list[int]:
    return [layer(outcome) for outcome in visit(engine, store, *groups)]


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        (0, [LIVE, LIVE, LIVE, LIVE]),
        (1, [NEXT, LIVE, LIVE, LIVE]),
        (50, [NEXT, NEXT, LIVE, LIVE]),
        (99, [NEXT, NEXT, NEXT, LIVE]),
    ],
)
def test_the_first_groups_get_the_canary(engine: Engine, percent: int, expected: list[int]) -> None:
    store = store_with((percent, NEXT))
    assert layers(engine, store, "0", "49", "98", "99") == expected
    border = [str(percent - 1), str(percent)] if percent else ["0", "1"]
    assert layers(engine, store, *border) == ([NEXT, LIVE] if percent else [LIVE, LIVE])


def test_without_a_canary_nobody_is_in_a_group(engine: Engine) -> None:
    (outcome,) = visit(engine, store_with(None), "0")
    assert layer(outcome) == LIVE
    assert outcome.result is not None
    assert "x-decant-viewer" not in outcome.result["headers"]


def test_a_viewer_stays_in_the_group_of_the_cookie_wherever_they_are(engine: Engine) -> None:
    store = store_with((10, NEXT))
    calls = []
    for address in ("198.51.100.1", "203.0.113.9", "2001:db8::1"):
        event = request_for(PAGE)
        event["viewer"]["ip"] = address
        event["request"]["cookies"]["decant-viewer"] = {"value": "7"}
        calls.append(Call(event, store))
    outcomes = engine.run(ROUTER, calls)
    assert [layer(outcome) for outcome in outcomes] == [NEXT] * 3
    assert {group_told(outcome) for outcome in outcomes} == {"7"}


def group_told(outcome: Outcome) -> str:
    """The group that the router tells the response function."""
    assert outcome.result is not None
    return str(outcome.result["headers"]["x-decant-viewer"]["value"])


def somebody(address: str, browser: str) -> Event:
    event = request_for(PAGE)
    event["viewer"]["ip"] = address
    event["request"]["headers"]["user-agent"] = {"value": browser}
    return event


def test_without_a_cookie_address_and_browser_say_the_group(engine: Engine) -> None:
    store = store_with((50, NEXT))
    people = [(f"198.51.100.{n}", f"Browser/{n % 3}") for n in range(100)]
    once, again = (
        engine.run(ROUTER, [Call(somebody(*one), store) for one in people]) for _ in range(2)
    )
    groups = [int(group_told(outcome)) for outcome in once]
    assert groups == [int(group_told(outcome)) for outcome in again]
    assert [layer(outcome) for outcome in once] == [NEXT if g < 50 else LIVE for g in groups]
    assert all(0 <= group < 100 for group in groups)
    assert 25 < sum(group < 50 for group in groups) < 75  # they spread over the groups
    (other,) = engine.run(ROUTER, [Call(somebody(people[0][0], "Another/1"), store)])
    assert group_told(other) != str(groups[0])


@pytest.mark.parametrize("cookie", ["100", "-1", "1.5", "x", "0x1", " 7", "7\n", "99999999999"])
def test_a_cookie_that_is_no_group_is_as_none(engine: Engine, cookie: str) -> None:
    store = store_with((50, NEXT))
    odd, none = visit(engine, store, cookie, "")
    assert group_told(odd) == group_told(none)


def test_a_request_without_address_and_browser_has_a_group_too(engine: Engine) -> None:
    event = request_for(PAGE)
    del event["viewer"], event["request"]["headers"]["user-agent"]
    (outcome,) = engine.run(ROUTER, [Call(event, store_with((50, NEXT)))])
    assert outcome.error is None
    assert 0 <= int(group_told(outcome)) < 100


@pytest.mark.parametrize(
    "text", [None, "", "{", "null", "3", "{}", '{"layers":[0]}', '{"layers":3}']
)
def test_a_canary_whose_record_cannot_be_read_shows_the_aliass_own_version(
    engine: Engine, text: str | None
) -> None:
    store = store_with((99, NEXT))
    del store[f"v/{NEXT}"]
    if text is not None:
        store[f"v/{NEXT}"] = text
    assert layers(engine, store, "0", "99") == [LIVE, LIVE]


@pytest.mark.parametrize("canary", [None, {}, "x", [], [50], ["a", NEXT], [None, None], 7])
def test_a_canary_that_is_none_shows_the_aliass_own_version(engine: Engine, canary: object) -> None:
    store = store_with(None)
    store["a/production"] = json.dumps({**json.loads(store["a/production"]), "canary": canary})
    assert layers(engine, store, "0") == [LIVE]


# Reads --------------------------------------------------------------------------------------------


def reads(engine: Engine, store: dict[str, str], group: str, uri: str) -> int:
    (outcome,) = visit(engine, store, group, uri=uri)
    return outcome.reads


@pytest.mark.parametrize("uri", [PAGE, "/about", "/missing", "/missing/"])
def test_a_page_takes_two_reads_and_one_more_in_the_canary(engine: Engine, uri: str) -> None:
    plain, canary = store_with(None, fallback=True), store_with((50, NEXT), fallback=True)
    assert reads(engine, plain, "0", uri) == 2
    assert reads(engine, canary, "99", uri) == 2
    assert reads(engine, canary, "0", uri) == 3


def test_only_what_may_belong_to_an_open_page_takes_more(engine: Engine) -> None:
    canary = store_with((50, NEXT), fallback=True)
    assert reads(engine, canary, "99", MISSING) == 3
    assert reads(engine, canary, "0", MISSING) == 5
    assert reads(engine, canary, "0", NEXT_ASSET) == 3


# Pages that are open ------------------------------------------------------------------------------


@pytest.mark.parametrize("asset", [LIVE_ASSET, OLD_ASSET, NEXT_ASSET])
def test_who_is_in_the_canary_finds_what_all_others_find(engine: Engine, asset: str) -> None:
    store = store_with((50, NEXT), fallback=True)
    (outcome,) = visit(engine, store, "0", uri=asset)
    owner = {LIVE_ASSET: LIVE, OLD_ASSET: OLD, NEXT_ASSET: NEXT}[asset]
    assert layer(outcome) == owner


def test_what_has_no_fingerprint_is_from_one_version_only(engine: Engine) -> None:
    store = store_with((50, NEXT))
    live, entries = published(LIVE, "/plain.txt")
    alias = Alias("production", LIVE, "o", "t", "ana", canary=Canary(NEXT, 50))
    store |= entries | {"a/production": encode(live, alias)}
    inside, outside = visit(engine, store, "0", "99", uri="/plain.txt")
    assert layer(outside) == LIVE
    assert inside.result is not None
    assert inside.result["statusCode"] == 404


# The group's cookie -------------------------------------------------------------------------------


def cookies_after(engine: Engine, headers: dict[str, str], **more: Any) -> object:
    event = load("viewer-response")
    for name, value in headers.items():
        event["request"]["headers"][name] = {"value": value}
    event["response"] |= more
    (outcome,) = engine.run(RESPONSE, [Call(event)])
    assert outcome.error is None
    assert outcome.result is not None
    return outcome.result.get("cookies", {})


def test_the_group_becomes_a_cookie_only_when_the_router_tells_it(engine: Engine) -> None:
    assert cookies_after(engine, {}) == {}
    assert cookies_after(engine, {"x-decant-viewer": "7"}) == {
        "decant-viewer": {
            "value": "7",
            "attributes": "Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=604800",
        }
    }


@pytest.mark.parametrize("group", ["", "100", "x", "-1", "7; Domain=evil.example", "7\n"])
def test_what_is_no_group_becomes_no_cookie(engine: Engine, group: str) -> None:
    assert cookies_after(engine, {"x-decant-viewer": group}) == {}


def test_the_cookies_of_a_response_stay_beside_it(engine: Engine) -> None:
    kept = {"theme": {"value": "dark"}}
    found = cookies_after(engine, {"x-decant-viewer": "0"}, cookies=kept)
    assert isinstance(found, dict)
    assert set(found) == {"theme", "decant-viewer"}
