"""Waits until the versions that a prune was begun for are gone.

Knows nothing of AWS or terminals: how to look, the clock and the sleep are parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decant.answers import PruneAnswer

_SHORTEST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Left:
    """The numbers of the versions that are still there, and the time it took so far."""

    numbers: tuple[int, ...]
    elapsed_seconds: float


def pause_seconds(left: Left, timeout_seconds: float) -> float:
    """How long to wait before the next look: a quarter of the time it took so far, from 1 to 10
    seconds, since a look costs the API some work; never past the timeout."""
    pause = min(_LONGEST_PAUSE_SECONDS, max(_SHORTEST_PAUSE_SECONDS, left.elapsed_seconds / 4))
    return min(pause, timeout_seconds - left.elapsed_seconds)


def wait_until_gone(
    numbers: Iterable[int],
    look: Callable[[], PruneAnswer],
    timeout_seconds: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    report: Callable[[Left], None],
) -> Left:
    """Look until none of the versions `numbers` can be pruned any more, or time is up.

    What else can be pruned meanwhile is not waited for. `clock` gives seconds from any origin and
    never runs back; `report` hears of each look; what `look` raises passes through.
    """
    began = clock()
    left = Left(tuple(numbers), 0.0)
    while left.numbers and left.elapsed_seconds < timeout_seconds:
        sleep(pause_seconds(left, timeout_seconds))
        there = {version.number for version in look().versions}
        left = Left(tuple(n for n in left.numbers if n in there), clock() - began)
        report(left)
    return left
