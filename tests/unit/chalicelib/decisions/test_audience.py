"""Who gets what of an alias: canaries and passwords."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.alias_record import ALIAS_BYTES, encode
from chalicelib.decisions.activation import Move, Stay, after_deployment, rollback, switch
from chalicelib.decisions.audience import (
    end_canary,
    remove_password,
    sealed,
    set_password,
    start_canary,
)
from chalicelib.errors import Conflict, InvalidRequest
from chalicelib.records import Alias, Canary, EdgeRules, Password, Version, VersionStatus

BEFORE, NOW = "2026-11-25T11:00:00Z", "2026-11-25T12:00:00Z"
SALT, SECRET = "saltsaltsalt", "correct-horse-1"
LIVE = Alias("production", 42, BEFORE, "t", "ana", previous=(41,), revision=7)
RUNNING = replace(LIVE, canary=Canary(43, 10), password=Password(SALT, "d"))


def version(number: int, status: VersionStatus = "ready", order: str = NOW) -> Version:
    return Version(number, status, "production", "d", "k", order, "t")


def started(alias: Alias, number: int, percent: int, order: str = NOW) -> Move | Stay:
    return start_canary(alias, version(number), percent, order=order, now=NOW, by="ana")


def change(decision: Move | Stay) -> Move:
    assert isinstance(decision, Move)
    return decision


# Canaries -------------------------------------------------------------------------------------


@pytest.mark.parametrize("percent", [1, 99])
def test_a_canary_is_written_with_its_audit_entry_and_moves_nothing(percent: int) -> None:
    move = change(started(LIVE, 43, percent))
    canary = Canary(43, percent)
    assert move.alias == replace(LIVE, canary=canary, order=NOW, revision=8)
    audit = move.audit
    assert (audit.action, audit.by, audit.version, audit.replaced) == ("canary", "ana", 42, None)
    assert (audit.canary, audit.ended, move.changes) == (canary, None, True)


@pytest.mark.parametrize("percent", [-1, 0, 100])
def test_a_share_is_1_to_99_percent(percent: int) -> None:
    with pytest.raises(InvalidRequest, match="use 1 to 99"):
        started(LIVE, 43, percent)


def test_a_canary_of_what_all_get_is_refused() -> None:
    with pytest.raises(Conflict, match="points at v42, so that all viewers get it"):
        started(LIVE, 42, 10)


def test_a_canary_of_a_version_that_is_not_ready_is_refused() -> None:
    for status in ("pending", "failed", "pruning", "deleting", "pruned"):
        with pytest.raises(Conflict, match="v43 cannot be a canary, because"):
            start_canary(LIVE, version(43, status), 10, order=NOW, now=NOW, by="ana")


def test_the_same_canary_again_changes_nothing() -> None:
    assert started(RUNNING, 43, 10) == Stay("already")


def test_another_share_of_the_same_canary_ends_none() -> None:
    move = change(started(RUNNING, 43, 50))
    assert (move.alias.canary, move.audit.ended) == (Canary(43, 50), None)


def test_a_canary_may_replace_another() -> None:
    move = change(started(RUNNING, 44, 10))
    assert (move.alias.canary, move.audit.ended) == (Canary(44, 10), 43)


def test_a_canary_ends_by_a_persons_word_once() -> None:
    move = change(end_canary(RUNNING, order=NOW, now=NOW, by="ana"))
    assert (move.alias.canary, move.alias.version, move.alias.revision) == (None, 42, 8)
    assert (move.audit.action, move.audit.canary, move.audit.ended) == ("canary", None, 43)
    assert end_canary(move.alias, order=NOW, now=NOW, by="ana") == Stay("already")


def test_an_upload_from_before_a_canary_does_not_undo_it() -> None:
    alias = change(started(LIVE, 43, 10, order="2026-11-25T12:00:00Z")).alias
    earlier = version(44, order="2026-11-25T11:59:59Z 00")
    assert after_deployment(alias, earlier, now=NOW) == Stay("superseded")
    later = version(44, order="2026-11-25T12:00:01Z 00")
    assert change(after_deployment(alias, later, now=NOW)).alias.canary is None
    assert change(started(replace(LIVE, order="z"), 43, 10)).alias.order == "z"


def moves(alias: Alias, number: int, lock: bool | None = None) -> Move:
    decision = switch(alias, alias.name, version(number), lock=lock, order=NOW, now=NOW, by="ana")
    return change(decision)


def test_every_move_ends_the_canary_and_keeps_the_password() -> None:
    deployed = change(after_deployment(RUNNING, version(44), now=NOW))
    back = rollback(RUNNING, frozenset({41}), leaving=None, order=NOW, now=NOW, by="ana")
    for move in (deployed, change(back), moves(RUNNING, 41), moves(RUNNING, 43)):
        assert (move.alias.canary, move.alias.password) == (None, RUNNING.password)
        assert (move.audit.replaced, move.audit.ended) == (42, 43)


def test_a_switch_to_where_the_alias_is_keeps_the_canary() -> None:
    for lock in (None, True):
        move = moves(RUNNING, 42, lock)
        assert (move.alias.canary, move.audit.ended) == (RUNNING.canary, None)


# Passwords ------------------------------------------------------------------------------------


def passworded(alias: Alias, password: str, salt: str = SALT) -> Move | Stay:
    return set_password(alias, password, salt=salt, now=NOW, by="ana")


def test_a_password_is_kept_as_its_digest_with_salt() -> None:
    move = change(passworded(LIVE, SECRET))
    digest = hashlib.sha256((SALT + SECRET).encode()).digest()
    kept = Password(SALT, base64.urlsafe_b64encode(digest).decode().rstrip("="))
    assert move.alias == replace(LIVE, password=kept, revision=8)
    assert (move.audit.action, move.audit.version) == ("password", 42)
    assert SECRET not in repr(move)


@pytest.mark.parametrize("password", ["a" * 12, "a" * 128, "!~:/\\\"'<>&%+"])
def test_a_password_may_be_of_12_to_128_visible_characters(password: str) -> None:
    assert change(passworded(LIVE, password)).alias.password is not None


@pytest.mark.parametrize(
    "password",
    ["", "a" * 11, "a" * 129, "with a space 1", "grün-grün-grün", "a" * 12 + "\n", "\0" * 12],
)
def test_what_cannot_be_typed_or_guessed_easily_is_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(InvalidRequest, match="take 12 to 128") as refusal:
        passworded(LIVE, password)
    assert not password or password not in str(refusal.value)


def test_the_same_password_again_changes_nothing_and_another_does() -> None:
    alias = change(passworded(LIVE, SECRET)).alias
    assert passworded(alias, SECRET, salt="anothersalt1") == Stay("already")
    other = change(passworded(alias, SECRET + "2", salt="anothersalt1"))
    assert other.alias.password == sealed(SECRET + "2", "anothersalt1")


def test_a_password_is_removed_once() -> None:
    move = change(remove_password(RUNNING, now=NOW, by="ana"))
    assert move.alias == replace(RUNNING, password=None, revision=8)
    assert remove_password(move.alias, now=NOW, by="ana") == Stay("already")


def test_a_password_outdates_no_upload_and_keeps_the_canary() -> None:
    for move in (change(passworded(RUNNING, SECRET)), remove_password(RUNNING, now=NOW, by="ana")):
        alias = change(move).alias
        assert (alias.order, alias.canary) == (BEFORE, RUNNING.canary)


@given(st.integers(1, 9_999_999), st.integers(1, 99), st.text("a", min_size=12, max_size=128))
def test_both_fit_into_what_each_versions_rules_leave_free(
    number: int, percent: int, password: str
) -> None:
    whole = replace(version(42), rules=EdgeRules(layers=(42,)))
    alias = replace(LIVE, canary=Canary(number, percent), password=sealed(password, "s" * 12))
    assert len(encode(whole, alias)) - len(encode(whole)) <= ALIAS_BYTES
