"""Follows a deployment to its end: what to do after each look is decided by pure functions.

Knows nothing of AWS or terminals: how to look, the clock and the sleep are parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from chalicelib.errors import NotFound

if TYPE_CHECKING:
    from decant.answers import DeploymentAnswer


class Verdict(Enum):
    """What a look at a deployment means."""

    GO_ON = "go on"
    ENDED = "ended"
    NEVER_APPEARED = "never appeared"
    TIMED_OUT = "timed out"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds since the watch began.

    `appear_seconds` is for the deployment to exist: the event of an upload is on its way for
    about a second, and more when EventBridge has to repeat it.
    """

    timeout_seconds: float = 15 * 60
    appear_seconds: float = 60


@dataclass(frozen=True, slots=True)
class Sight:
    """The latest look: the deployment as last seen (None: not yet), and the time it took so far."""

    deployment: DeploymentAnswer | None
    elapsed_seconds: float


def judge(sight: Sight, patience: Patience) -> Verdict:
    """What `sight` means. An ended deployment has ended, however late it is seen."""
    if sight.deployment is not None and sight.deployment.ended:
        return Verdict.ENDED
    if sight.elapsed_seconds >= patience.timeout_seconds:
        return Verdict.TIMED_OUT
    if sight.deployment is None and sight.elapsed_seconds >= patience.appear_seconds:
        return Verdict.NEVER_APPEARED
    return Verdict.GO_ON


def pause_seconds(sight: Sight, patience: Patience) -> float:
    """How long to wait before the next look: short at first, since most deployments are; never
    past the moment at which patience ends."""
    if sight.elapsed_seconds < 30:
        pause = 0.5
    elif sight.elapsed_seconds < 120:
        pause = 1.0
    else:
        pause = 3.0
    limit = patience.timeout_seconds
    if sight.deployment is None:
        limit = min(limit, patience.appear_seconds)
    return min(pause, max(0.0, limit - sight.elapsed_seconds))


def follow(
    look: Callable[[], DeploymentAnswer],
    patience: Patience,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    report: Callable[[Sight], None],
) -> tuple[Verdict, Sight]:
    """Look until the deployment has ended or patience has; `report` hears of each look.

    `look` raises NotFound while the deployment does not exist; its other errors pass through.
    `clock` gives seconds from any origin and never runs back. Returns the last sight and what it
    means, which is never GO_ON.
    """
    began = clock()
    seen: DeploymentAnswer | None = None
    while True:
        with suppress(NotFound):  # not there yet; one that was seen before is kept as it was
            seen = look()
        sight = Sight(seen, clock() - began)
        report(sight)
        verdict = judge(sight, patience)
        if verdict is not Verdict.GO_ON:
            return verdict, sight
        sleep(pause_seconds(sight, patience))
