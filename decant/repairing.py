"""Repairs the edge's store in as many rounds as it takes: one request cannot run for long.

Knows nothing of AWS or terminals: how to ask for a round and how to wait are parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.errors import AwsError

if TYPE_CHECKING:
    from chalicelib.backoff import Backoff
    from decant.answers import RepairAnswer, Repaired

_IDLE_ROUNDS = 3  # so many in a row that change nothing are too many


@dataclass(frozen=True, slots=True)
class Repair:
    """How far a repair is: what was repaired, each problem of an entry once, in order of time;
    and how many entries the last round has looked at."""

    repaired: tuple[Repaired, ...] = ()
    checked: int = 0


def after(before: Repair, answer: RepairAnswer) -> Repair:
    """How far the repair is after one more round."""
    found = {(one.key, one.problem): one for one in (*before.repaired, *answer.repaired)}
    return Repair(tuple(found.values()), answer.checked)


def repair(
    ask: Callable[[], RepairAnswer], backoff: Backoff, report: Callable[[Repair], None]
) -> Repair:
    """Ask for rounds until the store agrees with the record; `report` hears of each round.

    A round makes progress if it repairs what no round before it did, or if it looks at another
    number of entries than the one before. Raises AwsError after three in a row that make none, and
    what `ask` raises.
    """
    done, idle = Repair(), 0
    while True:
        answer = ask()
        before, done = done, after(done, answer)
        report(done)
        if not answer.more:
            return done
        idle = idle + 1 if done == before else 0
        if idle == _IDLE_ROUNDS:
            raise AwsError(
                f"The repair makes no progress: {_IDLE_ROUNDS} rounds in a row have changed "
                f"nothing, and the admin API wants more of them ({done.checked} entries checked). "
                "Look at its log, then run `decant repair` again."
            )
        if idle:
            backoff.wait(idle - 1)
