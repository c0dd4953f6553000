"""The admin API's border: bodies, queries and error statuses."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from chalicelib.admin import Admin, VersionPage
from chalicelib.api import Api, answer, chalice_error, internal_error
from chalicelib.decisions.comparing import Difference
from chalicelib.deploy.prune import Leaving
from chalicelib.errors import AwsError, Conflict, InvalidRequest, NotFound, PreconditionFailed
from chalicelib.records import Alias, Canary, Deployment, Password, Source, Version
from chalicelib.repair import Repaired, RepairReport
from chalicelib.upkeep import Diff, Upkeep

VERSION = Version(7, "ready", "production", "d1", "production/site.zip", "o", "t0", 3, 99, "t1")
ALIAS = Alias("production", 7, "o", "t1", "ana", previous=(5, 6))


@dataclass
class FakeAdmin:
    """Records what it is asked for."""

    calls: list[object] = field(default_factory=list)
    known: tuple[Alias, ...] = (ALIAS,)

    def versions(self, *, limit: int, below: int | None) -> VersionPage:
        self.calls.append((limit, below))
        return VersionPage((VERSION,), 7)

    def version(self, number: int) -> Version:
        if number != 7:
            raise NotFound(f"There is no version v{number}.")
        return VERSION

    def aliases(self) -> tuple[Alias, ...]:
        return self.known

    def switch(self, name: str, number: int, *, lock: bool | None, by: str) -> tuple[Alias, bool]:
        self.calls.append((name, number, lock, by))
        return ALIAS, True

    def rollback(self, name: str, *, leaving: int | None, by: str) -> tuple[Alias, bool]:
        self.calls.append((name, leaving, by))
        return ALIAS, False

    def start_canary(self, name: str, number: int, percent: int, *, by: str) -> tuple[Alias, bool]:
        self.calls.append((name, number, percent, by))
        return replace(ALIAS, canary=Canary(number, percent)), True

    def end_canary(self, name: str, *, by: str) -> tuple[Alias, bool]:
        self.calls.append(("end canary", name, by))
        return ALIAS, True

    def set_password(self, name: str, password: str, *, by: str) -> tuple[Alias, bool]:
        self.calls.append((name, password, by))
        return replace(ALIAS, password=Password("the-salt", "the-digest")), True

    def remove_password(self, name: str, *, by: str) -> tuple[Alias, bool]:
        self.calls.append(("remove password", name, by))
        return ALIAS, True

    def deployment(self, deployment_id: str) -> Deployment:
        source = Source("b", "k", "v", 10)
        return Deployment(deployment_id, "production", "live", source, "order", "t0", "t1", 7)


class FakeUpkeep:
    """Answers as prepared; remembers who wanted to prune."""

    def __init__(self) -> None:
        self.pages: list[tuple[int, int, int, str | None]] = []
        self.started: list[str] = []

    def diff(self, before: int, after: int, *, limit: int, beyond: str | None) -> Diff:
        self.pages.append((before, after, limit, beyond))
        page = (Difference("a.html", "changed", 10, 12),)
        return Diff({"changed": 1, "unchanged": 3}, {"changed": 12, "unchanged": 30}, page, None)

    def repair(self) -> RepairReport:
        return RepairReport((Repaired("a/production", "missing"),), 4, more=False)

    def prunable(self) -> list[Leaving]:
        return [Leaving(VERSION, {"v7/a.html": 10, "v7/b.html": 5})]

    def start_prune(self, by: str) -> None:
        self.started.append(by)


@pytest.fixture
def upkeep() -> FakeUpkeep:
    return FakeUpkeep()


@pytest.fixture
def admin() -> FakeAdmin:
    return FakeAdmin()


@pytest.fixture
def api(admin: FakeAdmin, upkeep: FakeUpkeep) -> Api:
    return Api(cast(Admin, admin), cast(Upkeep, upkeep))


def test_a_page_of_versions_tells_which_aliases_point_at_each(api: Api, admin: FakeAdmin) -> None:
    page = api.list_versions({})
    assert page["versions"][0]["aliases"] == ["production"]
    assert page["next"] == "7"
    assert admin.calls == [(20, None)]


def test_limit_and_cursor_are_whole_numbers_within_bounds(api: Api, admin: FakeAdmin) -> None:
    api.list_versions({"limit": "100", "cursor": "41"})
    assert admin.calls == [(100, 41)]
    for query in ({"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"cursor": "-1"}):
        with pytest.raises(InvalidRequest, match="use a whole number from 1"):
            api.list_versions(query)


@pytest.mark.parametrize("number", ["x", "-1", "1.0", "²", ""])
def test_a_version_number_is_digits(api: Api, number: str) -> None:
    with pytest.raises(InvalidRequest, match="not a version number"):
        api.get_version(number)


def test_a_switch_takes_a_version_and_a_lock(api: Api, admin: FakeAdmin) -> None:
    done = api.switch("production", {"version": 7, "lock": True}, "arn:ana")
    assert done["changed"] is True
    assert done["alias"]["previous"] == [5, 6]
    assert admin.calls == [("production", 7, True, "arn:ana")]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "7",
        {},
        {"version": "7"},
        {"version": 0},
        {"version": 7.5},
        {"version": True},
        {"version": 7, "lock": "yes"},
        {"version": 7, "force": True},
    ],
)
def test_a_malformed_switch_is_refused_and_does_nothing(
    api: Api, admin: FakeAdmin, body: object
) -> None:
    with pytest.raises(InvalidRequest, match="The request's"):
        api.switch("production", body, "ana")
    assert admin.calls == []


@pytest.mark.parametrize("body", [[], "text", 1, None, {"x" * 10_000: 1}, {"version": 10**10}])
def test_what_is_wrong_with_a_body_is_said_briefly_and_without_our_names(
    api: Api, body: object
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        api.switch("production", body, "ana")
    assert len(str(refusal.value)) < 200
    assert "SwitchBody" not in str(refusal.value)


@pytest.mark.parametrize("number", ["9" * 11, "9" * 5_000, "x" * 10_000, "\u0661", "", "-1"])
def test_a_number_that_no_version_can_have_is_refused_briefly(api: Api, number: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        api.get_version(number)
    assert len(str(refusal.value)) < 200
    for name in ("limit", "cursor"):
        with pytest.raises(InvalidRequest):
            api.list_versions({name: number})


def test_a_rollback_may_name_what_it_leaves(api: Api, admin: FakeAdmin) -> None:
    api.rollback("production", {"from": 7}, "ana")
    api.rollback("production", None, "ana")
    assert admin.calls == [("production", 7, "ana"), ("production", None, "ana")]


def test_a_canary_takes_a_version_and_a_share(api: Api, admin: FakeAdmin) -> None:
    done = api.start_canary("production", {"version": 8, "percent": 10}, "ana")
    assert done["alias"]["canary"] == {"version": 8, "percent": 10}
    assert api.end_canary("production", None, "ana")["alias"]["canary"] is None
    assert admin.calls == [("production", 8, 10, "ana"), ("end canary", "production", "ana")]


def test_a_version_tells_whose_canary_it_is(api: Api, admin: FakeAdmin) -> None:
    assert api.get_version("7")["canaries"] == []
    admin.known = (replace(ALIAS, version=6, canary=Canary(7, 25)),)
    shown = api.get_version("7")
    assert (shown["aliases"], shown["canaries"]) == (
        [],
        [{"alias": "production", "percent": 25}],
    )


def test_a_password_is_never_in_an_answer(api: Api, admin: FakeAdmin) -> None:
    done = api.set_password("production", {"password": "correct-horse-1"}, "ana")
    assert done["alias"]["password"] is True
    for secret in ("correct-horse-1", "the-salt", "the-digest"):
        assert secret not in repr(done)
    assert api.remove_password("production", {}, "ana")["alias"]["password"] is False
    assert admin.calls == [
        ("production", "correct-horse-1", "ana"),
        ("remove password", "production", "ana"),
    ]


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("start_canary", None),
        ("start_canary", {"version": 8}),
        ("start_canary", {"version": 8, "percent": "10"}),
        ("start_canary", {"version": 8, "percent": 1.5}),
        ("start_canary", {"version": 0, "percent": 10}),
        ("end_canary", {"version": 8}),
        ("end_canary", []),
        ("set_password", {}),
        ("set_password", {"password": ["correct-horse-1"]}),
        ("set_password", {"password": 123456789012}),
        ("set_password", {"password": "correct-horse-1", "for": "ana"}),
        ("remove_password", {"password": "correct-horse-1"}),
    ],
)
def test_a_malformed_canary_or_password_is_refused_and_not_repeated(
    api: Api, admin: FakeAdmin, route: str, body: object
) -> None:
    with pytest.raises(InvalidRequest, match="The request's") as refusal:
        getattr(api, route)("production", body, "ana")
    assert "correct-horse" not in str(refusal.value)
    assert admin.calls == []


def test_a_deployment_is_shown_without_its_inner_order(api: Api) -> None:
    shown = api.get_deployment("d1")
    assert "order" not in shown
    assert shown["source"] == {"bucket": "b", "key": "k", "version_id": "v", "size_bytes": 10}
    assert shown["warnings"] == []


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidRequest("bad"), 400, "InvalidRequest"),
        (NotFound("none"), 404, "NotFound"),
        (Conflict("no"), 409, "Conflict"),
        (PreconditionFailed("busy"), 409, "Conflict"),
    ],
)
def test_errors_that_a_caller_can_help_become_statuses(
    error: Exception, status: int, code: str
) -> None:
    def route() -> dict[str, object]:
        raise error

    assert answer(route) == (status, {"code": code, "message": str(error)})


def test_other_errors_are_raised_on_and_their_answer_tells_nothing() -> None:
    def route() -> dict[str, object]:
        raise AwsError("the role secret-role failed")

    with pytest.raises(AwsError):
        answer(route)
    body = internal_error("req-1")
    assert body["code"] == "InternalError"
    assert "req-1" in body["message"]


def test_what_chalice_answers_by_itself_gets_our_shape() -> None:
    assert chalice_error(500, "req-1") == internal_error("req-1")
    refused = chalice_error(415, "req-1")
    assert refused["code"] == "InvalidRequest"
    assert "application/json" in refused["message"]


def test_a_diff_has_totals_of_every_kind_and_a_page(api: Api, upkeep: FakeUpkeep) -> None:
    nothing = {"files": 0, "bytes": 0}
    assert api.diff({"from": "1", "to": "2", "limit": "5", "cursor": "a"}) == {
        "from": 1,
        "to": 2,
        "added": nothing,
        "changed": {"files": 1, "bytes": 12},
        "removed": nothing,
        "unchanged": {"files": 3, "bytes": 30},
        "files": [{"path": "a.html", "change": "changed", "bytes_before": 10, "bytes": 12}],
        "next": None,
    }
    assert upkeep.pages == [(1, 2, 5, "a")]


@pytest.mark.parametrize(
    "query", [{}, {"from": "1"}, {"to": "1"}, {"from": "v1", "to": "2"}, {"from": "0", "to": "2"}]
)
def test_a_diff_needs_two_versions(api: Api, query: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest, match="use a whole number"):
        api.diff(query)


def test_repair_says_what_was_wrong(api: Api) -> None:
    assert api.repair(None) == {
        "repaired": [{"key": "a/production", "problem": "missing"}],
        "checked": 4,
        "more": False,
    }


@pytest.mark.parametrize(("dry", "started"), [(True, []), (False, ["ana"])])
def test_prune_lists_what_goes_and_starts_when_it_is_meant(
    api: Api, upkeep: FakeUpkeep, dry: bool, started: list[str]
) -> None:
    answered = api.prune({"dry_run": dry}, "ana")
    assert answered["running"] is not dry
    (listed,) = answered["versions"]
    assert (listed["number"], listed["files"], listed["bytes"]) == (7, 2, 15)
    assert upkeep.started == started


@pytest.mark.parametrize("body", [None, {}, {"dry_run": "yes"}, {"dry_run": True, "x": 1}])
def test_a_prune_must_say_whether_it_is_meant(api: Api, upkeep: FakeUpkeep, body: object) -> None:
    with pytest.raises(InvalidRequest):
        api.prune(body, "ana")
    assert upkeep.started == []
