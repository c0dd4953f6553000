"""Waiting for a prune: what is waited for, when to look again, and when to stop."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import AccessDenied
from decant.answers import PruneAnswer
from decant.pruning import Left, pause_seconds, wait_until_gone
from tests.unit.decant.samples import a_prune


@dataclass
class World:
    """A clock that only sleeping moves, and looks as prepared, the last one for ever."""

    looks: list[PruneAnswer]
    now: float = 1000.0
    slept: list[float] = field(default_factory=list)
    reported: list[Left] = field(default_factory=list)

    def look(self) -> PruneAnswer:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.now += seconds

    def wait(self, *numbers: int, timeout_seconds: float = 900) -> Left:
        return wait_until_gone(
            numbers, self.look, timeout_seconds, lambda: self.now, self.sleep, self.reported.append
        )


def test_looks_until_every_version_is_gone() -> None:
    world = World([a_prune(1, 2, 3), a_prune(2, 3), a_prune()])
    assert world.wait(1, 2, 3) == Left((), 3.0)
    assert [left.numbers for left in world.reported] == [(1, 2, 3), (2, 3), ()]


def test_waits_for_no_version_that_it_was_not_told_of() -> None:
    assert World([a_prune(2, 9), a_prune(9)]).wait(1, 2) == Left((), 2.0)


def test_one_that_was_gone_is_not_waited_for_again() -> None:
    assert World([a_prune(2), a_prune(1)]).wait(1, 2) == Left((), 2.0)


def test_does_not_look_when_there_is_nothing_to_wait_for() -> None:
    world = World([a_prune(1)])
    assert world.wait() == Left((), 0.0)
    assert world.reported == []
    assert world.slept == []


def test_stops_when_time_is_up_and_says_what_is_left() -> None:
    world = World([a_prune(1, 2), a_prune(2)])
    assert world.wait(1, 2, timeout_seconds=90) == Left((2,), 90)


def test_looks_less_often_as_time_passes() -> None:
    world = World([a_prune(1)])
    world.wait(1)
    whole = world.slept[:-1]
    assert whole == sorted(whole)
    assert (whole[0], whole[-1]) == (1.0, 10.0)
    assert len(world.slept) < 110  # 900 s of looks


@given(elapsed_seconds=st.floats(0, 5000), timeout_seconds=st.floats(1, 5000))
def test_a_pause_is_positive_and_ends_no_later_than_the_timeout(
    elapsed_seconds: float, timeout_seconds: float
) -> None:
    if elapsed_seconds < timeout_seconds:
        pause = pause_seconds(Left((1,), elapsed_seconds), timeout_seconds)
        assert 0 < pause <= 10
        assert elapsed_seconds + pause <= timeout_seconds * (1 + 1e-9)


def test_what_the_api_refuses_passes_through() -> None:
    def denied() -> PruneAnswer:
        raise AccessDenied("No.")

    world = World([a_prune(1)])
    with pytest.raises(AccessDenied):
        wait_until_gone([1], denied, 900, lambda: 0.0, world.sleep, world.reported.append)
