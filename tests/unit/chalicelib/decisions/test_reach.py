"""What an alias falls back to when it moves."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.decisions.activation import Move
from chalicelib.decisions.reach import MAX_RECENT, with_fallback
from chalicelib.records import Alias, AuditEntry, Left, Version, VersionStatus

NOW, EARLIER, LONG_AGO = (f"2026-11-{day}T12:00:00.000Z" for day in (25, 24, 17))
WEEK = timedelta(days=7)


def version(number: int, *carries: int, status: VersionStatus = "ready") -> Version:
    return Version(number, status, "main", "d", "k", "o", "t", carries=carries)


def alias(number: int, *left: Left, fallback: int | None = None) -> Alias:
    return Alias("main", number, "o", "t", "ana", left=left, fallback=fallback)


def moved(
    before: Alias | None, target: Version, *others: Version, window: timedelta = WEEK
) -> Alias:
    audit = AuditEntry(NOW, "main", "switch", "ana", target.number)
    move = Move(alias(target.number), audit)
    return with_fallback(move, before, target, others, window).alias


def test_an_upload_that_carries_what_was_live_needs_no_fallback() -> None:
    now = moved(alias(1), version(2, 1), version(1))
    assert (now.fallback, now.left) == (None, (Left(1, NOW),))


def test_after_a_rollback_the_version_that_was_left_is_the_fallback() -> None:
    assert moved(alias(2, Left(1, EARLIER)), version(1), version(2, 1)).fallback == 2


def test_after_two_rollbacks_the_first_that_was_left_still_is() -> None:
    once = alias(2, Left(3, EARLIER), fallback=3)
    now = moved(once, version(1), version(2, 1), version(3, 2, 1))
    assert (now.fallback, now.left) == (3, (Left(3, EARLIER), Left(2, NOW)))


def test_an_upload_that_was_overtaken_is_the_fallback_of_the_one_that_overtook_it() -> None:
    assert moved(alias(2), version(3, 1), version(2, 1)).fallback == 2


def test_what_was_left_before_the_window_is_forgotten() -> None:
    now = moved(alias(3, Left(1, LONG_AGO), Left(2, EARLIER)), version(4, 3, 2), version(3, 2, 1))
    assert (now.fallback, now.left) == (None, (Left(2, EARLIER), Left(3, NOW)))


def test_a_version_that_is_not_complete_is_no_fallback() -> None:
    assert moved(alias(2), version(1), version(2, 1, status="pruning")).fallback is None


def test_without_a_window_there_is_none() -> None:
    now = moved(alias(2), version(1), version(2, 1), window=timedelta(0))
    assert (now.fallback, now.left) == (None, ())


def test_an_alias_that_stays_keeps_what_it_has() -> None:
    assert moved(alias(1, fallback=9), version(1)) == alias(1)  # as the decision wrote it
    assert moved(None, version(1)).fallback is None


def test_the_list_of_what_was_left_is_bounded() -> None:
    many = [Left(n, EARLIER) for n in range(1, MAX_RECENT + 1)]
    assert len(moved(alias(900, *many), version(901)).left) == MAX_RECENT
