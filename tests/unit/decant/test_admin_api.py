"""The admin API's client against a real HTTP server: what it asks, what it makes of answers."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.errors import AwsError
from tests.unit.decant.admin_server import ALIAS, DEPLOYMENT, Server, version
from tests.unit.decant.http_fakes import Reply


def test_reads_a_deployment(server: Server) -> None:
    server.says(DEPLOYMENT)
    deployment = server.api().deployment("d1")
    assert (deployment.status, deployment.shards_done, deployment.warnings) == (
        "copying",
        1,
        ("odd",),
    )
    assert deployment.source.version_id == "x"
    assert not deployment.ended


def test_reads_deployments_and_aliases(server: Server) -> None:
    server.says({"deployments": [DEPLOYMENT]}, {"aliases": [ALIAS]})
    api = server.api()
    assert [deployment.id for deployment in api.deployments()] == ["d1"]
    assert [alias.previous for alias in api.aliases()] == [(1, 2)]


def test_reads_what_a_deployment_stored_and_carried_over(server: Server) -> None:
    server.says(
        {**DEPLOYMENT, "stored_files": 3, "stored_bytes": 40, "carried_files": 5}, DEPLOYMENT
    )
    api = server.api()
    for expected in ((3, 40, 5), (None, None, None)):
        told = api.deployment("d1")
        assert (told.stored_files, told.stored_bytes, told.carried_files) == expected


def test_passes_on_fields_that_a_newer_api_adds(server: Server) -> None:
    server.says({**DEPLOYMENT, "weather": "fine"})
    assert server.api().deployment("d1").model_dump()["weather"] == "fine"


@pytest.mark.parametrize(
    ("limit", "asked"), [(1, [1]), (99, [99]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])]
)
def test_asks_for_at_most_100_versions_at_once(
    limit: int, asked: list[int], server: Server
) -> None:
    server.replies = [
        Reply(
            200,
            json.dumps({"versions": [version(n + 1) for n in range(count)], "next": "c"}).encode(),
        )
        for count in asked
    ]
    assert len(server.api().versions(limit)) == limit
    limits = [heard.path.partition("limit=")[2].partition("&")[0] for heard in server.heard]
    assert limits == [str(count) for count in asked]


def test_stops_at_the_last_page(server: Server) -> None:
    server.says({"versions": [version(1)], "next": None})
    assert len(server.api().versions(500)) == 1
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    ("lock", "body"),
    [
        (None, {"version": 3}),
        (True, {"version": 3, "lock": True}),
        (False, {"version": 3, "lock": False}),
    ],
)
def test_a_switch_says_lock_only_when_asked_to(
    lock: bool | None, body: dict[str, object], server: Server
) -> None:
    server.says({"alias": ALIAS, "changed": True})
    assert server.api().switch("production", 3, lock).changed
    assert (server.heard[0].method, server.heard[0].path) == ("PUT", "/api/aliases/production")
    assert json.loads(server.heard[0].body) == body
    assert server.heard[0].headers["content-type"] == "application/json"


def test_a_rollback_says_what_it_starts_from(server: Server) -> None:
    server.says({"alias": ALIAS, "changed": False})
    assert not server.api().rollback("pr-12", 4).changed
    assert (server.heard[0].method, server.heard[0].path) == ("POST", "/api/aliases/pr-12/rollback")
    assert json.loads(server.heard[0].body) == {"from": 4}


def test_a_canary_is_put_and_deleted(server: Server) -> None:
    running = {**ALIAS, "canary": {"version": 9, "percent": 10}}
    server.says({"alias": running, "changed": True}, {"alias": ALIAS, "changed": True})
    canary = server.api().start_canary("pr-12", 9, 10).alias.canary
    assert canary is not None
    assert (canary.version, canary.percent) == (9, 10)
    assert server.api().end_canary("pr-12").alias.canary is None
    assert [(heard.method, heard.path, heard.body) for heard in server.heard] == [
        ("PUT", "/api/aliases/pr-12/canary", b'{"version": 9, "percent": 10}'),
        ("DELETE", "/api/aliases/pr-12/canary", b""),
    ]


def test_a_password_is_put_in_the_body_only_and_deleted(server: Server) -> None:
    asking = {**ALIAS, "password": True}
    server.says({"alias": asking, "changed": True}, {"alias": ALIAS, "changed": True})
    assert server.api().set_password("pr-12", "correct-horse-1").alias.password
    assert not server.api().remove_password("pr-12").alias.password
    put, delete = server.heard
    assert (put.method, put.path) == ("PUT", "/api/aliases/pr-12/password")
    assert json.loads(put.body) == {"password": "correct-horse-1"}
    assert "correct-horse-1" not in repr(put.headers)
    assert (delete.method, delete.path, delete.body) == ("DELETE", put.path, b"")


def test_reads_one_version(server: Server) -> None:
    server.says(version(9))
    assert server.api().version(9).number == 9
    assert server.heard[0].path == "/api/versions/9"


def _diff_page(*numbers: int, following: str | None) -> dict[str, object]:
    return {
        "from": 41,
        "to": 42,
        "added": {"files": 0, "bytes": 0},
        "changed": {"files": 2500, "bytes": 5000},
        "removed": {"files": 0, "bytes": 0},
        "unchanged": {"files": 3, "bytes": 30},
        "files": [
            {"path": f"{number:04}", "change": "changed", "bytes": 2, "bytes_before": 1}
            for number in numbers
        ],
        "next": following,
    }


def _queries(server: Server) -> list[dict[str, list[str]]]:
    assert {urlsplit(heard.path).path for heard in server.heard} == {"/api/diff"}
    return [parse_qs(urlsplit(heard.path).query) for heard in server.heard]


def test_a_diff_is_asked_for_in_pages_of_at_most_1000_files_and_made_one(server: Server) -> None:
    server.says(
        _diff_page(*range(1000), following="a b&c"),
        _diff_page(*range(1000, 2000), following="d"),
        _diff_page(*range(2000, 2500), following=None),
    )
    diff = server.api().diff(41, 42, None)
    assert [file.path for file in diff.files] == [f"{number:04}" for number in range(2500)]
    assert (diff.from_version, diff.to_version, diff.next) == (41, 42, None)
    assert (diff.changed.files, diff.unchanged.bytes) == (2500, 30)
    whole = {"from": ["41"], "to": ["42"], "limit": ["1000"]}
    assert _queries(server) == [
        whole,
        {**whole, "cursor": ["a b&c"]},
        {**whole, "cursor": ["d"]},
    ]


@pytest.mark.parametrize(
    ("limit", "asked"), [(1, [1]), (1000, [1000]), (1001, [1000, 1]), (2000, [1000, 1000])]
)
def test_a_diff_asks_for_no_more_files_than_wanted(
    limit: int, asked: list[int], server: Server
) -> None:
    server.says(*(_diff_page(*range(count), following="more") for count in asked))
    diff = server.api().diff(41, 42, limit)
    assert (len(diff.files), diff.next) == (limit, "more")
    assert [query["limit"] for query in _queries(server)] == [[str(count)] for count in asked]


def test_a_diff_goes_on_after_a_page_without_files(server: Server) -> None:
    server.says(_diff_page(following="more"), _diff_page(7, following=None))
    assert [file.path for file in server.api().diff(41, 42, 50).files] == ["0007"]


def test_a_repair_is_one_round_and_says_what_it_did(server: Server) -> None:
    entry = {"key": "a/production", "problem": "differs"}
    server.says({"repaired": [entry], "checked": 12, "more": True})
    answer = server.api().repair()
    assert [(one.key, one.problem) for one in answer.repaired] == [("a/production", "differs")]
    assert (answer.checked, answer.more) == (12, True)
    (heard,) = server.heard
    assert (heard.method, heard.path, heard.body) == ("POST", "/api/repair", b"{}")


VERSION_TO_PRUNE = {
    "number": 3,
    "alias": "production",
    "status": "ready",
    "files": 5,
    "bytes": 60,
    "created_at": "2026-11-23T16:00:00.000Z",
}


def test_looks_at_what_can_be_pruned_and_begins_to_prune(server: Server) -> None:
    server.says(
        {"versions": [VERSION_TO_PRUNE], "running": False},
        {"versions": [VERSION_TO_PRUNE], "running": True},
    )
    api = server.api()
    assert [version.number for version in api.prunable().versions] == [3]
    assert api.prune().running
    assert [(heard.method, heard.path) for heard in server.heard] == [("POST", "/api/prune")] * 2
    assert [json.loads(heard.body) for heard in server.heard] == [
        {"dry_run": True},
        {"dry_run": False},
    ]


def test_what_does_no_harm_twice_is_asked_again_and_what_might_is_not(server: Server) -> None:
    busy = Reply(503)
    nothing = Reply(200, b'{"versions": [], "running": false}')
    server.replies = [busy, nothing]
    assert server.api().prunable().versions == ()
    server.replies = [busy, Reply(200, b'{"repaired": [], "checked": 1, "more": false}')]
    assert server.api().repair().checked == 1
    assert len(server.heard) == 4
    server.replies = [busy, nothing]
    with pytest.raises(AwsError, match="answered 503"):
        server.api().prune()
    assert len(server.heard) == 5
