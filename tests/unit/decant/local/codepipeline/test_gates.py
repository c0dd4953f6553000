"""Who gets into a stage, and in which order."""

from __future__ import annotations

import threading

import pytest

from decant.local.codepipeline.errors import Superseded
from decant.local.codepipeline.gates import StageGates

STAGE = "deploy"


def never() -> bool:
    return False


def test_lets_executions_in_one_at_a_time_in_order_of_arrival() -> None:
    gates = StageGates()
    order: list[str] = []
    for name in ("a", "b", "c"):
        gates.arrive(STAGE, name, overtake=False)

    def pass_through(name: str) -> None:
        assert gates.enter(STAGE, name, never)
        order.append(name)
        gates.leave(STAGE, name)

    threads = [threading.Thread(target=pass_through, args=(name,)) for name in ("c", "b", "a")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert order == ["a", "b", "c"]


def test_a_newer_execution_takes_the_place_of_a_waiting_one() -> None:
    gates = StageGates()
    gates.arrive(STAGE, "inside", overtake=True)
    assert gates.enter(STAGE, "inside", never)
    gates.arrive(STAGE, "old", overtake=True)
    gates.arrive(STAGE, "new", overtake=True)
    with pytest.raises(Superseded):
        gates.enter(STAGE, "old", never)
    gates.leave(STAGE, "inside")
    assert gates.enter(STAGE, "new", never)


def test_a_halted_execution_leaves_the_line() -> None:
    gates = StageGates()
    gates.arrive(STAGE, "halted", overtake=False)
    gates.arrive(STAGE, "next", overtake=False)
    assert not gates.enter(STAGE, "halted", lambda: True)
    assert gates.enter(STAGE, "next", never)


def test_only_who_is_inside_can_leave() -> None:
    gates = StageGates()
    gates.arrive(STAGE, "a", overtake=False)
    assert gates.enter(STAGE, "a", never)
    gates.leave(STAGE, "b")
    gates.arrive(STAGE, "c", overtake=False)
    assert not gates.enter(STAGE, "c", lambda: True)
