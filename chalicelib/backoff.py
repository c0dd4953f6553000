"""Waits between attempts: exponential with full jitter, so that rivals do not meet again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_BASE_SECONDS = 0.1
_MOST_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """`sleep` takes seconds, `random` returns a number in [0, 1)."""

    sleep: Callable[[float], None]
    random: Callable[[], float]

    def wait(self, attempt: int) -> None:
        """Wait after attempt number `attempt` (from 0) was lost: up to 0.1 s, 0.2 s ... 2 s."""
        self.sleep(min(_MOST_SECONDS, _BASE_SECONDS * 2**attempt) * self.random())
