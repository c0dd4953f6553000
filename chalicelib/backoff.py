"""Waits between attempts: exponential with full jitter, so that rivals do not meet again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

BASE_SECONDS = 0.1
MOST_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """`sleep` takes seconds, `random` returns a number in [0, 1).

    The longest wait doubles from `base_seconds` to `most_seconds`.
    """

    sleep: Callable[[float], None]
    random: Callable[[], float]
    base_seconds: float = BASE_SECONDS
    most_seconds: float = MOST_SECONDS

    def wait(self, attempt: int) -> None:
        """Wait after attempt number `attempt` (from 0) was lost."""
        self.sleep(min(self.most_seconds, self.base_seconds * 2**attempt) * self.random())
