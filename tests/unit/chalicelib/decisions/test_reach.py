"""What an alias falls back to when it moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from chalicelib.decisions.activation import Move
from chalicelib.decisions.reach import MAX_RECENT, with_fallback
from chalicelib.records import Alias, AuditEntry, Canary, Left, Version, VersionStatus

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


# Canaries -------------------------------------------------------------------------------------


def with_canary(some: Alias, canary: int | None) -> Alias:
    return replace(some, canary=None if canary is None else Canary(canary, 10))


def changed(before: Alias, canary: int | None, target: Version, *others: Version) -> Alias:
    """What `before` is with another canary, or without."""
    audit = AuditEntry(NOW, "main", "canary", "ana", before.version)
    move = Move(with_canary(before, canary), audit)
    return with_fallback(move, before, target, others, WEEK).alias


def test_while_a_canary_runs_its_version_is_the_fallback() -> None:
    now = changed(alias(1), 2, version(1), version(1), version(2, 1))
    assert (now.fallback, now.left) == (2, ())


def test_a_canary_that_the_alias_carries_needs_no_fallback() -> None:
    assert changed(alias(2), 1, version(2, 1), version(2, 1), version(1)).fallback is None


def test_a_version_that_has_more_of_what_is_missing_stays_the_fallback() -> None:
    before = alias(1, Left(3, EARLIER), Left(4, EARLIER), fallback=4)
    others = (version(1), version(2, 1), version(4, 3, 1))
    assert changed(before, 2, *others[:1], *others).fallback == 4


def test_of_two_that_have_as_much_the_canary_is_the_fallback() -> None:
    before = alias(1, Left(3, EARLIER), fallback=3)
    assert changed(before, 2, version(1), version(1), version(2), version(3)).fallback == 2


def test_a_canary_that_ended_was_left_and_its_files_stay_reachable() -> None:
    running = with_canary(alias(1, fallback=2), 2)
    now = changed(running, None, version(1), version(1), version(2, 1))
    assert (now.fallback, now.left) == (2, (Left(2, NOW),))


def test_a_canary_that_another_replaced_was_left() -> None:
    running = with_canary(alias(1, fallback=2), 2)
    now = changed(running, 3, version(1), version(1), version(3, 1, 2), version(2, 1))
    assert (now.fallback, now.left) == (3, (Left(2, NOW),))


def test_another_share_of_the_same_canary_leaves_nothing() -> None:
    running = with_canary(alias(1, fallback=2), 2)
    assert changed(running, 2, version(1)) == running


def test_what_is_a_canary_again_is_left_no_more() -> None:
    before = alias(1, Left(2, EARLIER), fallback=2)
    assert changed(before, 2, version(1), version(1), version(2, 1)).left == ()


def test_a_move_leaves_the_canary_too_unless_it_goes_there() -> None:
    running = with_canary(alias(1, fallback=2), 2)
    assert moved(running, version(3, 1), version(2, 1)).left == (Left(1, NOW), Left(2, NOW))
    assert moved(running, version(3, 1), version(2, 1)).fallback == 2
    assert moved(running, version(2, 1), version(1)).left == (Left(1, NOW),)
