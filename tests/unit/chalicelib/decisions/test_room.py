"""Which route tables leave the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.decisions.room import EDGE_GRACE, tables_in_use, tables_to_evict
from chalicelib.records import Alias, Canary, Left, Version, timestamp

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
ALIAS = Alias("main", 7, "o", "t", "ana")


def test_the_oldest_that_nobody_uses_leave_until_there_is_room() -> None:
    sizes = {3: 10, 1: 10, 2: 10, 4: 10}
    assert tables_to_evict(sizes, {2}, 15) == (1, 3)
    assert tables_to_evict(sizes, {2}, 10) == (1,)
    assert tables_to_evict(sizes, {2}, 0) == ()


def test_what_is_in_use_stays_even_when_there_is_not_enough_room() -> None:
    assert tables_to_evict({1: 10, 2: 10}, {1}, 99) == (2,)


def test_what_aliases_point_at_and_fall_back_to_is_in_use() -> None:
    assert tables_in_use([replace(ALIAS, fallback=3)], [], NOW) == {7, 3}


def test_a_canary_is_in_use() -> None:
    assert tables_in_use([replace(ALIAS, canary=Canary(9, 1))], [], NOW) == {7, 9}


def test_what_was_just_left_is_in_use_until_every_edge_knows() -> None:
    left = (
        Left(5, timestamp(NOW - EDGE_GRACE)),
        Left(4, timestamp(NOW - EDGE_GRACE - timedelta(seconds=1))),
    )
    assert tables_in_use([replace(ALIAS, left=left)], [], NOW) == {7, 5}


def test_what_is_being_made_or_was_just_made_is_in_use() -> None:
    def version(number: int, ready_at: str | None) -> Version:
        status = "ready" if ready_at else "pending"
        return Version(number, status, "main", "d", "k", "o", "t", ready_at=ready_at)  # type: ignore[arg-type]  # mypy widens the literal

    old = timestamp(NOW - EDGE_GRACE - timedelta(seconds=1))
    newest = [version(9, None), version(8, timestamp(NOW)), version(6, old)]
    assert tables_in_use([], newest, NOW) == {9, 8}
