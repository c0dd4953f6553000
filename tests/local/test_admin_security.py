"""The admin API and whoever knocks: who gets in, and who does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.credentials import Credentials
from chalice.app import IAMAuthorizer

from decant.local.state import ACCOUNT_ID
from tests.local.admin_world import (
    INTERNAL,
    MOVING,
    READING,
    ROUTES,
    WRITING,
    Route,
    World,
    api_id,
    role,
    world_of,
)
from tests.local.callers import REGION, Answer, Request
from tests.local.stage import Stage

Headers = dict[str, str]


@pytest.fixture(scope="module")
def world(stage: Stage) -> World:
    return world_of(stage)


@pytest.fixture
def switched(world: World) -> World:
    return world.reset()


def assert_shut(world: World, answer: Answer, before: object) -> None:
    """API Gateway said 403, nothing changed, and the answer tells nothing internal."""
    assert answer.status == 403, answer
    assert {name.lower() for name in answer.json} <= {"message", "__type"}
    assert not INTERNAL.search(answer.body), answer.body
    assert world.state() == before


def test_the_routes_tested_here_are_all_the_routes_of_the_app() -> None:
    from app import app  # here: it is Lambda's entry and starts Powertools

    declared = {
        (method, path): type(entry.authorizer)
        for path, methods in app.routes.items()
        for method, entry in methods.items()
    }
    assert set(declared) == {(route.method, route.pattern) for route in ROUTES}
    assert set(declared.values()) == {IAMAuthorizer}


def _flipped(headers: Headers) -> Headers:
    shown = headers["Authorization"]
    return headers | {"Authorization": shown[:-1] + ("0" if shown[-1] != "0" else "1")}


def _signed(world: World, request: Request, **how: str) -> Headers:
    return world.door.signed(request, world.admin, **how)  # type: ignore[arg-type]  # text only


# Headers that must not open the door to a request that an administrator might send.
FORGED: dict[str, Callable[[World, Request], Headers]] = {
    "no signature": lambda _, r: r.all_headers,
    "a password": lambda _, r: r.all_headers | {"Authorization": "Basic cm9vdDpyb290"},
    "a token": lambda _, r: r.all_headers | {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."},
    "another method's": lambda w, r: _signed(w, replace(r, method="PATCH")),
    "another path's": lambda w, r: _signed(w, replace(r, path="/versions/7")),
    "another query's": lambda w, r: _signed(w, replace(r, path=f"{r.path.split('?')[0]}?limit=7")),
    "another body's": lambda w, r: _signed(w, replace(r, body=b'{"version": 7}')),
    "another date": lambda w, r: _signed(w, r) | {"X-Amz-Date": "20200101T000000Z"},
    "an old one": lambda w, r: w.door.signed(r, w.admin, ago=timedelta(hours=1)),
    "one of the future": lambda w, r: w.door.signed(r, w.admin, ago=timedelta(hours=-1)),
    "another region's": lambda w, r: _signed(w, r, region="eu-west-1"),
    "another digit": lambda w, r: _flipped(_signed(w, r)),
    "another secret's": lambda w, r: w.door.signed(
        r, Credentials(w.admin.access_key, "x" * 40, w.admin.token)
    ),
    "an unknown key's": lambda w, r: w.door.signed(r, Credentials("AKIA" + "X" * 16, "x" * 40)),
    "another session's token": lambda w, r: (
        _signed(w, r) | {"X-Amz-Security-Token": w.reader.token or ""}
    ),
    "no session token": lambda w, r: {
        k: v for k, v in _signed(w, r).items() if k != "X-Amz-Security-Token"
    },
}


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_request_without_its_own_signature_is_refused(
    world: World, route: Route, forged: str
) -> None:
    before = world.state()
    request = world.request(route)
    answer = world.door.knock(request, FORGED[forged](world, request))
    assert_shut(world, answer, before)


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_who_may_not_invoke_this_api_is_refused(world: World, route: Route) -> None:
    api = f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}"
    others = role(world.stage, f"{api}:0000000000/*", f"{api}:{api_id(world.stage)}/prod/*")
    before = world.state()
    for credentials in (world.stranger, role(world.stage), others):
        assert_shut(world, world.door.ask(world.request(route), credentials), before)


@pytest.mark.parametrize("route", WRITING, ids=str)
def test_who_may_only_read_cannot_switch(world: World, route: Route) -> None:
    before = world.state()
    assert_shut(world, world.door.ask(world.request(route), world.reader), before)


@pytest.mark.parametrize("route", READING, ids=str)
def test_who_may_only_read_can_read(world: World, route: Route) -> None:
    answer = world.door.ask(world.request(route), world.reader)
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_who_may_invoke_this_api_can_use_every_route(switched: World, route: Route) -> None:
    answer = switched.door.ask(switched.request(route), switched.admin)
    assert answer.status == 200, answer
    if route in MOVING:
        assert switched.current() == switched.first
        assert ":assumed-role/" in answer.json["alias"]["activated_by"]
