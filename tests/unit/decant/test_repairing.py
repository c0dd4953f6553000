"""Rounds of a repair: when they end, what adds up, and when they are given up."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from chalicelib.backoff import Backoff
from chalicelib.errors import AccessDenied, AwsError
from decant.answers import RepairAnswer, Repaired
from decant.repairing import Repair, repair
from tests.unit.decant.samples import a_repair

ONE = Repaired(key="a/production", problem="differs")
TWO = Repaired(key="a/pr-1", problem="superfluous")


@dataclass
class World:
    """Answers as prepared, the last one for ever, and what was waited and reported meanwhile."""

    answers: list[RepairAnswer]
    rounds: int = 0
    slept: list[float] = field(default_factory=list)
    reported: list[Repair] = field(default_factory=list)

    def ask(self) -> RepairAnswer:
        assert self.rounds < 100, "this never ends"
        answer = self.answers[min(self.rounds, len(self.answers) - 1)]
        self.rounds += 1
        return answer

    def repair(self) -> Repair:
        pauses = Backoff(self.slept.append, lambda: 1.0, 1.0, 4.0)
        return repair(self.ask, pauses, self.reported.append)


def test_one_round_is_enough_when_there_is_no_more_to_do() -> None:
    world = World([a_repair(ONE)])
    assert world.repair() == Repair((ONE,), 9)
    assert (world.rounds, world.slept) == (1, [])


def test_rounds_add_up_and_the_last_one_says_how_many_entries_there_are() -> None:
    world = World(
        [a_repair(ONE, checked=5, more=True), a_repair(TWO, checked=7, more=True), a_repair()]
    )
    assert world.repair() == Repair((ONE, TWO), 9)
    assert world.slept == []
    assert world.reported == [Repair((ONE,), 5), Repair((ONE, TWO), 7), Repair((ONE, TWO), 9)]


def test_an_entry_that_is_repaired_again_counts_once() -> None:
    world = World([a_repair(ONE, more=True), a_repair(ONE, TWO)])
    assert world.repair().repaired == (ONE, TWO)


@pytest.mark.parametrize("same", [a_repair(more=True), a_repair(ONE, more=True)])
def test_rounds_that_change_nothing_end_after_some_tries_with_an_error(same: RepairAnswer) -> None:
    world = World([a_repair(ONE, more=True), same])
    with pytest.raises(AwsError, match=r"makes no progress: 3 rounds in a row.*9 entries checked"):
        world.repair()
    assert (world.rounds, world.slept) == (4, [1.0, 2.0])


def test_a_round_without_a_repair_makes_progress_when_it_looks_at_more_entries() -> None:
    rounds = [a_repair(checked=number, more=True) for number in range(1, 20)]
    world = World([*rounds, a_repair(checked=20)])
    assert world.repair() == Repair((), 20)
    assert world.slept == []


def test_progress_after_a_pause_starts_the_count_of_tries_anew() -> None:
    idle = a_repair(more=True)
    other = a_repair(TWO, more=True)
    world = World([idle, idle, idle, other, idle, idle, a_repair()])
    assert world.repair().repaired == (TWO,)
    assert world.slept == [1.0, 2.0, 1.0, 2.0]


def test_what_the_api_refuses_passes_through() -> None:
    def denied() -> RepairAnswer:
        raise AccessDenied("No.")

    with pytest.raises(AccessDenied):
        repair(denied, Backoff(lambda _: None, lambda: 1.0), lambda _: None)
