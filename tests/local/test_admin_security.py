"""The admin API and whoever knocks: who gets in, and what comes of requests that are not right."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from botocore.credentials import Credentials
from chalice.app import IAMAuthorizer

from chalicelib.gateways.rows import version_row
from chalicelib.records import Version
from decant.local.state import ACCOUNT_ID
from tests.local.callers import (
    REGION,
    Answer,
    Door,
    Request,
    session_of,
    store_entries,
    table_rows,
)
from tests.local.plugin_server import client, make_role, make_user
from tests.local.stage import Stage, zip_of
from tests.zips import Member, forge

ALIAS = "admin-security"
PENDING = 9_999_999_999  # the highest number there is, so that it can be nobody else's
Headers = dict[str, str]


@dataclass(frozen=True)
class Route:
    """A route, and a request that works; `{}` of a path or body are facts of the world."""

    method: str
    pattern: str
    path: str
    body: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.pattern}"


ROUTES = (
    Route("GET", "/versions", "/versions?limit=5"),
    Route("GET", "/versions/{number}", "/versions/%(first)s"),
    Route("GET", "/aliases", "/aliases"),
    Route("PUT", "/aliases/{alias}", f"/aliases/{ALIAS}", '{"version": %(first)s}'),
    Route("POST", "/aliases/{alias}/rollback", f"/aliases/{ALIAS}/rollback", "{}"),
    Route("GET", "/deployments", "/deployments"),
    Route("GET", "/deployments/{deployment_id}", "/deployments/%(deployment)s"),
)
READING = [route for route in ROUTES if route.method == "GET"]
WRITING = [route for route in ROUTES if route.method != "GET"]


@dataclass(frozen=True)
class World:
    """Two versions to switch between, a failed one, and who may do what."""

    stage: Stage
    door: Door
    first: int
    second: int
    failed: int
    deployment: str
    admin: Credentials  # an assumed role that may call every route
    reader: Credentials  # the same, GET only
    stranger: Credentials  # an IAM user who may do nothing

    def request(self, route: Route) -> Request:
        facts = {"first": self.first, "deployment": self.deployment}
        return Request(route.method, route.path % facts, (route.body % facts).encode())

    def ask(self, method: str, path: str, body: str | bytes = b"", **headers: str) -> Answer:
        """As an administrator."""
        raw = body.encode() if isinstance(body, str) else body
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.door.ask(Request(method, path, raw, names), self.admin)

    def switch(self, version: int, **headers: str) -> Answer:
        return self.ask("PUT", f"/aliases/{ALIAS}", f'{{"version": {version}}}', **headers)

    def current(self) -> int:
        return next(a.version for a in self.stage.api.aliases() if a.name == ALIAS)

    def state(self) -> object:
        """All that a request could change."""
        return table_rows(self.stage), store_entries(self.stage)


@pytest.fixture(scope="module")
def world(stage: Stage) -> World:
    corrupt = forge([Member("index.html"), Member("a.js", crc32=1)])
    contents = [zip_of({"index.html": "one"}), zip_of({"index.html": "two"}), corrupt]
    uploads = [stage.upload(content, f"{ALIAS}/site.zip") for content in contents]
    first, second, failed = [stage.follow(upload) for upload in uploads]
    assert failed.status == "failed"
    everything = f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{_api_id(stage)}/api/*"
    reads = everything.replace("/*", "/GET/*")
    made = World(
        stage,
        Door(stage.connection.api_url()),
        first.version or 0,
        second.version or 0,
        failed.version or 0,
        first.id,
        _role(stage, everything),
        _role(stage, reads),
        make_user(stage.local, []),
    )
    _settle(made)
    return made


@pytest.fixture
def switched(world: World) -> World:
    """The alias points at the second version and came from the first."""
    for version in (world.first, world.second):
        assert world.switch(version).status == 200
    return world


def _api_id(stage: Stage) -> str:
    return stage.connection.api_url().split("//", 1)[1].split(".", 1)[0]


def _role(stage: Stage, *apis: str) -> Credentials:
    allowed = [(["execute-api:Invoke"], apis)] if apis else []
    return session_of(stage, make_role(stage.local, "lambda", allowed))


def _settle(world: World) -> None:
    """Wait for what still runs of earlier deployments: it writes to the table too."""
    deadline = time.monotonic() + 10
    before = None
    while time.monotonic() < deadline:
        now = world.state()
        if now == before:
            return
        before = now
        time.sleep(0.5)


# What nobody outside needs to know: names of resources, code and libraries.
INTERNAL = re.compile(
    rb"Traceback|File \"|site-packages|/var/task|chalice|boto|pydantic|Body\b|Error\(|"
    rb"decant-test|DynamoDB|dynamodb|s3://|:role/decant|:function:",
)


def assert_error(answer: Answer, *statuses: int) -> None:
    """A refusal in the API's own words: a code and a short sentence, and nothing internal."""
    assert answer.status in statuses, answer
    assert set(answer.json) == {"code", "message"}
    assert answer.json["message"].endswith(".")
    assert len(answer.body) < 400
    assert not INTERNAL.search(answer.body), answer.body


def assert_shut(world: World, answer: Answer, before: object) -> None:
    """API Gateway said 403, nothing changed, and the answer tells nothing internal."""
    assert answer.status == 403, answer
    assert {name.lower() for name in answer.json} <= {"message", "__type"}
    assert not INTERNAL.search(answer.body), answer.body
    assert world.state() == before


# Who gets in ----------------------------------------------------------------------------------


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
    "another method's": lambda w, r: _signed(w, replace(r, method="DELETE")),
    "another path's": lambda w, r: _signed(w, replace(r, path="/versions/7")),
    "another query's": lambda w, r: _signed(w, replace(r, path=f"{r.path.split('?')[0]}?limit=7")),
    "another body's": lambda w, r: _signed(w, replace(r, body=b'{"version": 7}')),
    "another date": lambda w, r: _signed(w, r) | {"X-Amz-Date": "20200101T000000Z"},
    "an old one": lambda w, r: w.door.signed(r, w.admin, ago=timedelta(hours=1)),
    "one of the future": lambda w, r: w.door.signed(r, w.admin, ago=timedelta(hours=-1)),
    "another service's": lambda w, r: _signed(w, r, service="s3"),
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
    others = _role(world.stage, f"{api}:0000000000/*", f"{api}:{_api_id(world.stage)}/prod/*")
    before = world.state()
    for credentials in (world.stranger, _role(world.stage), others):
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
    if route in WRITING:
        assert switched.current() == switched.first
        assert ":assumed-role/" in answer.json["alias"]["activated_by"]


# Requests that are not right ------------------------------------------------------------------

NOT_JSON = [b"{", b"{'version': 1}", b"\xff\xfe", b"\0", b"[" * 100_000, b'{"a":' * 50_000]
NOT_THE_OBJECT = [
    b"[]",
    b'"text"',
    b"1",
    b'{"version": "1", "from": "1"}',
    b'{"version": 0, "from": 0}',
    b'{"version": -1, "from": -1}',
    b'{"version": 1.5, "from": 1.5}',
    b'{"version": true, "from": true}',
    b'{"version": NaN, "from": NaN}',
    b'{"version": 1, "from": 1, "lock": "yes"}',
    b'{"version": %b, "from": %b}' % (b"9" * 40, b"9" * 40),
    b'{"version": %b, "from": %b}' % (b"9" * 4_000, b"9" * 4_000),
    b'{"version": %b, "from": %b}' % (b"9" * 5_000, b"9" * 5_000),
    b'{"version": 1, "from": 1, "%b": 1}' % (b"x" * 10_000),
    b'{"version": 1, "from": 1, "\\ud800": 1}',
]


@pytest.mark.parametrize("body", NOT_JSON + NOT_THE_OBJECT, ids=lambda body: repr(body[:30]))
@pytest.mark.parametrize("route", WRITING, ids=str)
def test_a_body_that_is_not_the_object_is_a_400(world: World, route: Route, body: bytes) -> None:
    before = world.state()
    request = replace(world.request(route), body=body)
    assert_error(world.door.ask(request, world.admin), 400)
    assert world.state() == before


def test_a_switch_without_a_body_is_a_400(world: World) -> None:
    assert_error(world.ask("PUT", f"/aliases/{ALIAS}"), 400)
    assert_error(world.ask("PUT", f"/aliases/{ALIAS}", "null"), 400)


def test_a_huge_body_is_a_400(world: World) -> None:
    huge = '{"version": 1, "padding": "' + "x" * 5_000_000 + '"}'
    assert_error(world.ask("PUT", f"/aliases/{ALIAS}", huge), 400)


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream"]
)
@pytest.mark.parametrize("route", WRITING, ids=str)
def test_a_body_of_another_media_type_is_a_415(
    switched: World, route: Route, media_type: str
) -> None:
    request = replace(switched.request(route), headers={"Content-Type": media_type})
    assert_error(switched.door.ask(request, switched.admin), 415)
    assert switched.current() == switched.second


def test_a_charset_beside_the_media_type_is_fine(switched: World) -> None:
    kind = "application/json; charset=utf-8"
    assert switched.switch(switched.first, Content_Type=kind).status == 200


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=ten",
        "limit=%D9%A1",
        "cursor=",
        "cursor=0",
        "cursor=v1",
        "cursor=%00",
        "limit=" + "9" * 5_000,
        "cursor=" + "9" * 5_000,
    ],
    ids=lambda query: query[:30],
)
def test_a_query_that_is_wrong_is_a_400(world: World, query: str) -> None:
    assert_error(world.ask("GET", f"/versions?{query}"), 400)


ODD = {
    "dots": "%2e%2e",
    "a letter beyond ASCII": "%C3%BC",
    "an emoji": "%F0%9F%98%80",
    "a digit beyond ASCII": "%D9%A1",
    "not UTF-8": "%ff",
    "a NUL": "%00",
    "markup": "%22%3E%3Cscript%3E",
    "a space": "1%20",
    "a plus sign": "1+1",
    "a backslash": "..%5caliases",
    "a minus sign": "-1",
    "10 kB": "x" * 10_000,
    "10 kB of digits": "9" * 10_000,
}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_path_parameter_is_a_400_or_404(world: World, odd: str) -> None:
    before = world.state()
    value, switch = ODD[odd], f'{{"version": {world.first}}}'
    assert_error(world.ask("GET", f"/versions/{value}"), 400)
    assert_error(world.ask("GET", f"/deployments/{value}"), 404)
    assert_error(world.ask("PUT", f"/aliases/{value}", switch), 400)
    assert_error(world.ask("POST", f"/aliases/{value}/rollback", "{}"), 400)
    assert world.state() == before


@pytest.mark.parametrize(
    "value", ["a%2fb", "..%2f..%2faliases", "%2e%2e/versions", "%0d%0aSet-Cookie:%20a=b"]
)
def test_a_path_parameter_that_breaks_out_leads_nowhere(world: World, value: str) -> None:
    before = world.state()
    for method, path in (("GET", f"/versions/{value}"), ("PUT", f"/aliases/{value}")):
        body = f'{{"version": {world.first}}}' if method == "PUT" else b""
        answer = world.ask(method, path, body)
        assert answer.status in (400, 403, 404)
        assert "set-cookie" not in answer.headers
    assert world.state() == before


def test_what_does_not_exist_is_a_404(world: World) -> None:
    assert_error(world.ask("GET", "/versions/99999"), 404)
    assert_error(world.ask("GET", "/deployments/d" + "0" * 20), 404)
    assert_error(world.switch(99_999), 404)
    assert_error(world.ask("POST", "/aliases/nobody/rollback", "{}"), 404)


@pytest.fixture
def pending(world: World) -> Iterator[int]:
    """The number of a version whose files are still being stored."""
    database, table = client(world.stage.local, "dynamodb"), f"decant-{world.stage.profile.stage}"
    now = "2026-01-01T00:00:00.000Z"
    row = version_row(Version(PENDING, "pending", ALIAS, world.deployment, "a.zip", now, now))
    database.put_item(TableName=table, Item=row)
    yield PENDING
    database.delete_item(TableName=table, Key={name: row[name] for name in ("pk", "sk")})


def test_a_version_that_is_not_whole_cannot_be_switched_to(switched: World, pending: int) -> None:
    before = switched.state()
    for version in (pending, switched.failed):
        assert_error(switched.switch(version), 409)
    assert switched.state() == before


# Repeats --------------------------------------------------------------------------------------


def _key(world: World) -> str:
    return f"key-{time.time_ns()}-{world.first}"


def test_a_repeated_idempotency_key_gets_the_first_answer_and_changes_nothing(
    switched: World,
) -> None:
    key = _key(switched)
    answer = switched.switch(switched.first, Idempotency_Key=key)
    assert answer.json["changed"] is True
    assert switched.switch(switched.second).json["changed"] is True
    repeated = switched.switch(switched.first, Idempotency_Key=key)
    assert (repeated.status, repeated.json) == (200, answer.json)
    assert switched.current() == switched.second


def test_a_rollback_with_an_idempotency_key_is_carried_out_once(switched: World) -> None:
    rollback = Request(
        "POST", f"/aliases/{ALIAS}/rollback", b"{}", {"Idempotency-Key": _key(switched)}
    )
    answers = [switched.door.ask(rollback, switched.admin) for _ in range(2)]
    assert [a.status for a in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert switched.current() == switched.first


def test_an_idempotency_key_belongs_to_one_request(switched: World) -> None:
    key = _key(switched)
    switched.switch(switched.second, Idempotency_Key=key)
    assert_error(switched.switch(switched.first, Idempotency_Key=key), 409)
    rollback = switched.ask("POST", f"/aliases/{ALIAS}/rollback", "{}", Idempotency_Key=key)
    assert_error(rollback, 409)
    body = f'{{"version": {switched.second}}}'
    assert_error(switched.ask("PUT", "/aliases/other", body, Idempotency_Key=key), 409)
    assert switched.current() == switched.second


def test_an_idempotency_key_belongs_to_one_caller(switched: World) -> None:
    key = _key(switched)
    switched.switch(switched.second, Idempotency_Key=key)
    api = f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{_api_id(switched.stage)}/*"
    colleague = make_user(switched.stage.local, [(["execute-api:Invoke"], [api])])
    body = f'{{"version": {switched.first}}}'.encode()
    request = Request("PUT", f"/aliases/{ALIAS}", body, {"Idempotency-Key": key})
    assert switched.door.ask(request, colleague).json["changed"] is True


def test_a_refused_request_does_not_use_its_idempotency_key_up(switched: World) -> None:
    key = _key(switched)
    assert_error(switched.switch(99_999, Idempotency_Key=key), 404)
    assert switched.switch(switched.first, Idempotency_Key=key).json["changed"] is True


@pytest.mark.parametrize(("length", "status"), [(1, 200), (128, 200), (129, 400)])
def test_an_idempotency_key_has_at_most_128_characters(
    switched: World, length: int, status: int
) -> None:
    key = _key(switched).rjust(length, "k")[:length]
    assert switched.switch(switched.second, Idempotency_Key=key).status == status


def test_a_rollback_that_names_the_version_to_leave_happens_once(switched: World) -> None:
    body = f'{{"from": {switched.second}}}'
    answers = [switched.ask("POST", f"/aliases/{ALIAS}/rollback", body) for _ in range(2)]
    assert [answer.json["changed"] for answer in answers] == [True, False]
    assert [answer.json["alias"]["version"] for answer in answers] == [switched.first] * 2
    assert switched.current() == switched.first


def test_rollbacks_at_once_that_name_the_version_to_leave_move_the_alias_once(
    switched: World,
) -> None:
    body = f'{{"from": {switched.second}}}'
    before = len(table_rows(switched.stage, "audit"))
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda _: switched.ask("POST", f"/aliases/{ALIAS}/rollback", body), range(4))
        )
    assert [answer.status for answer in answers] == [200] * 4
    assert sorted(answer.json["changed"] for answer in answers) == [False] * 3 + [True]
    assert len(table_rows(switched.stage, "audit")) == before + 1


def test_a_rollback_from_a_version_that_is_not_current_is_a_409(switched: World) -> None:
    body = f'{{"from": {switched.failed}}}'
    assert_error(switched.ask("POST", f"/aliases/{ALIAS}/rollback", body), 409)
    assert switched.current() == switched.second
