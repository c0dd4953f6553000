"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chalicelib.records import timestamp


class Clock:
    """The account's time."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """The present moment, aware."""
        return self.moment

    def stamp(self) -> str:
        """The present moment as the records have it."""
        return timestamp(self.moment)

    def pass_time(self, time: timedelta) -> None:
        """Let `time` pass."""
        self.moment += time

    def sleep(self, seconds: float) -> None:
        """A wait of somebody in this account."""
        self.moment += timedelta(seconds=seconds)
