"""Writes to the KeyValueStore: a lost ETag is retried with the decision taken afresh."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from chalicelib.backoff import Backoff
from chalicelib.errors import AccessDenied, AwsError, PreconditionFailed
from chalicelib.gateways.store import ATTEMPTS, KeyValueStore

ARN = "arn:aws:cloudfront::000000000000:key-value-store/x"


class FakeStore:
    """Keeps keys and an ETag as CloudFront does; `before_write` runs between the two calls."""

    def __init__(self, before_write: Callable[[FakeStore], None] | None = None) -> None:
        self.values: dict[str, str] = {}
        self.etag = 0
        self.stale_code = "ConflictException"
        self.before_write = before_write

    def describe_key_value_store(self, **_: object) -> dict[str, Any]:
        return {"ETag": str(self.etag)}

    def get_key(self, Key: str, **_: object) -> dict[str, Any]:  # noqa: N803  AWS's name
        if Key not in self.values:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetKey")
        return {"Value": self.values[Key]}

    def update_keys(
        self,
        IfMatch: str,  # noqa: N803  AWS's name
        Puts: list[dict[str, str]],  # noqa: N803  AWS's name
        Deletes: list[dict[str, str]],  # noqa: N803  AWS's name
        **_: object,
    ) -> None:
        if self.before_write:
            self.before_write(self)
        if IfMatch != str(self.etag):
            raise ClientError({"Error": {"Code": self.stale_code}}, "UpdateKeys")
        self.etag += 1
        self.values.update({put["Key"]: put["Value"] for put in Puts})
        for delete in Deletes:
            self.values.pop(delete["Key"], None)


def store_of(fake: FakeStore, slept: list[float] | None = None) -> KeyValueStore:
    waits = slept if slept is not None else []
    return KeyValueStore(cast(Any, fake), ARN, backoff=Backoff(waits.append, lambda: 0.5))


def test_a_key_that_is_not_there_has_no_value() -> None:
    assert store_of(FakeStore()).get("a/production") is None


def test_values_are_put_and_deleted_together() -> None:
    fake = FakeStore()
    fake.values = {"old": "1"}
    store_of(fake).update(lambda: {"new": "2", "old": None})
    assert fake.values == {"new": "2"}


def test_nothing_is_written_when_nothing_changes() -> None:
    fake = FakeStore()
    store_of(fake).update(dict)
    assert fake.etag == 0


@pytest.mark.parametrize("code", ["ConflictException", "ValidationException"])
def test_a_lost_etag_is_retried_with_a_fresh_decision(code: str) -> None:
    def interfere(fake: FakeStore) -> None:
        if fake.etag < 2:
            fake.etag += 1
            fake.values["by others"] = str(fake.etag)

    fake = FakeStore(interfere)
    fake.stale_code = code
    slept: list[float] = []
    store_of(fake, slept).update(lambda: {"seen": fake.values.get("by others", "nothing")})
    assert fake.values["seen"] == "2"
    assert slept == [0.05, 0.1]


def test_after_eight_lost_attempts_it_gives_up() -> None:
    def interfere(fake: FakeStore) -> None:
        fake.etag += 1

    fake = FakeStore(interfere)
    slept: list[float] = []
    with pytest.raises(PreconditionFailed):
        store_of(fake, slept).update(lambda: {"k": "v"})
    assert len(slept) == ATTEMPTS - 1
    assert fake.values == {}


def test_a_denied_write_is_not_retried() -> None:
    def deny(_: FakeStore) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "UpdateKeys")

    slept: list[float] = []
    with pytest.raises(AccessDenied):
        store_of(FakeStore(deny), slept).update(lambda: {"k": "v"})
    assert slept == []


def test_any_other_error_is_not_retried() -> None:
    def break_down(_: FakeStore) -> None:
        raise ClientError({"Error": {"Code": "InternalServerException"}}, "UpdateKeys")

    with pytest.raises(AwsError, match="InternalServerException"):
        store_of(FakeStore(break_down)).update(lambda: {"k": "v"})
