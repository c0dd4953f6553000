"""The admin API, asked by those who may: requests that are not right, and repeats."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest

from chalicelib.gateways.rows import version_row
from chalicelib.records import Version
from decant.local.state import ACCOUNT_ID
from tests.local.admin_world import (
    ALIAS,
    PASSWORD,
    WRITING,
    Route,
    World,
    api_id,
    assert_error,
    world_of,
)
from tests.local.callers import REGION, Answer, Request, table_rows
from tests.local.pipelines import until
from tests.local.plugin_server import client, make_user
from tests.local.stage import Stage

PENDING = 9_999_999_999  # the highest number there is, so that it can be nobody else's


@pytest.fixture(scope="module")
def world(stage: Stage) -> World:
    return world_of(stage)


@pytest.fixture
def switched(world: World) -> World:
    return world.reset()


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


@contextmanager
def extra_version(world: World, **changes: dict[str, str]) -> Iterator[int]:
    """The number of a version whose files are still being stored; `changes` are to its row."""
    database, table = client(world.stage.local, "dynamodb"), f"decant-{world.stage.profile.stage}"
    now = "2026-01-01T00:00:00.000Z"
    row = version_row(Version(PENDING, "pending", ALIAS, world.deployment, "a.zip", now, now))
    database.put_item(TableName=table, Item=row | changes)
    try:
        yield PENDING
    finally:
        database.delete_item(TableName=table, Key={name: row[name] for name in ("pk", "sk")})


def test_a_version_that_is_not_whole_cannot_be_switched_to(switched: World) -> None:
    with extra_version(switched) as pending:
        before = switched.state()
        for version in (pending, switched.failed):
            assert_error(switched.switch(version), 409)
        assert switched.state() == before


def test_a_fault_of_ours_is_a_500_that_says_only_where_to_look(world: World) -> None:
    with extra_version(world, unexpected={"S": "in the row"}) as broken:
        answer = world.ask("GET", f"/versions/{broken}")
    assert_error(answer, 500)
    assert answer.json["code"] == "InternalError"
    found = re.search(r"request ([0-9a-f-]{36}) in the logs", answer.json["message"])
    assert found is not None
    logged = until(lambda: log_of(world, found[1]), limit_seconds=10)  # logs arrive afterwards
    assert "TypeError" in logged


def log_of(world: World, request_id: str) -> str | None:
    """What the admin API wrote in its log about one request."""
    group = f"/aws/lambda/decant-{world.stage.profile.stage}"
    events = client(world.stage.local, "logs").filter_log_events(logGroupName=group)["events"]
    lines = [event["message"] for event in events if request_id in event["message"]]
    return "\n".join(line for line in lines if line.startswith("{")) or None


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
    api = f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{api_id(switched.stage)}/*"
    colleague = make_user(switched.stage.local, [(["execute-api:Invoke"], [api])])
    body = f'{{"version": {switched.first}}}'.encode()
    request = Request("PUT", f"/aliases/{ALIAS}", body, {"Idempotency-Key": key})
    assert switched.door.ask(request, colleague).json["changed"] is True


def test_a_refused_request_does_not_use_its_idempotency_key_up(switched: World) -> None:
    key = _key(switched)
    assert_error(switched.switch(99_999, Idempotency_Key=key), 404)
    assert switched.switch(switched.first, Idempotency_Key=key).json["changed"] is True


def test_a_repeated_password_changes_nothing_and_is_kept_nowhere(switched: World) -> None:
    headers = {"Idempotency-Key": _key(switched)}
    path = f"/aliases/{ALIAS}/password"
    first, other = (
        Request("PUT", path, json.dumps({"password": secret}).encode(), headers)
        for secret in (PASSWORD, PASSWORD + "2")
    )
    answers = [switched.door.ask(first, switched.admin) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert answers[0].json["alias"]["password"] is True
    assert_error(switched.door.ask(other, switched.admin), 409)
    seen = repr((switched.state(), [answer.body for answer in answers]))
    assert PASSWORD not in seen
    # Neither is what Powertools would make of the bare request.
    bare = {"what": f"set password of {ALIAS}", "body": {"password": PASSWORD}}
    told = json.dumps(bare, sort_keys=True).encode()
    assert hashlib.md5(told, usedforsecurity=False).hexdigest() not in seen
    assert switched.ask("DELETE", path).json["alias"]["password"] is False


@pytest.mark.parametrize(
    "password", ["short", "with a space 12", "gr\u00fcn-gr\u00fcn-gr\u00fcn", "x" * 129]
)
def test_a_password_that_cannot_be_used_is_a_400_and_not_repeated(
    switched: World, password: str
) -> None:
    before = switched.state()
    body = json.dumps({"password": password})
    answer = switched.ask("PUT", f"/aliases/{ALIAS}/password", body)
    assert_error(answer, 400)
    assert password.encode() not in answer.body
    assert switched.state() == before


def test_a_canary_begins_changes_and_ends(switched: World) -> None:
    path = f"/aliases/{ALIAS}/canary"

    def put(version: int, percent: int) -> Answer:
        return switched.ask("PUT", path, json.dumps({"version": version, "percent": percent}))

    for percent in (0, 100, -1):
        assert_error(put(switched.first, percent), 400)
    for version in (switched.second, switched.failed):
        assert_error(put(version, 10), 409)
    assert_error(put(99_999, 10), 404)
    assert_error(switched.ask("DELETE", "/aliases/nobody/canary"), 404)
    for changed in (True, False):
        answer = put(switched.first, 10)
        assert answer.json["changed"] is changed
        assert answer.json["alias"]["canary"] == {"version": switched.first, "percent": 10}
    for changed in (True, False):
        answer = switched.ask("DELETE", path)
        assert (answer.json["changed"], answer.json["alias"]["canary"]) == (changed, None)
    assert switched.current() == switched.second


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
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(lambda _: switched.ask("POST", f"/aliases/{ALIAS}/rollback", body), range(2))
        )
    assert [answer.status for answer in answers] == [200] * 2
    assert sorted(answer.json["changed"] for answer in answers) == [False, True]
    assert len(table_rows(switched.stage, "audit")) == before + 1


def test_a_rollback_from_a_version_that_is_not_current_is_a_409(switched: World) -> None:
    body = f'{{"from": {switched.failed}}}'
    assert_error(switched.ask("POST", f"/aliases/{ALIAS}/rollback", body), 409)
    assert switched.current() == switched.second
