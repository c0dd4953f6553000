"""The log of a build, on a fake CloudWatch Logs."""

from __future__ import annotations

from typing import Any

import pytest

from decant.local.codebuild.logs import MAX_LOG_BYTES, LogStream


class Missing(Exception):
    pass


class FakeLogs:
    """CloudWatch Logs that has no group at first."""

    class exceptions:  # noqa: N801 - botocore's name for it
        ResourceNotFoundException = Missing

    def __init__(self) -> None:
        self.groups: list[str] = []
        self.batches: list[list[str]] = []

    def create_log_group(self, *, logGroupName: str) -> None:  # noqa: N803 - botocore's spelling
        self.groups.append(logGroupName)

    def create_log_stream(self, **_: str) -> None:
        if not self.groups:
            raise Missing

    def put_log_events(self, *, logEvents: list[dict[str, Any]], **_: str) -> None:  # noqa: N803
        self.batches.append([event["message"] for event in logEvents])


@pytest.fixture
def logs() -> FakeLogs:
    return FakeLogs()


def test_makes_the_group_when_there_is_none(logs: FakeLogs) -> None:
    stream = LogStream(logs, "/aws/codebuild/p", "s")
    stream.open()
    stream.close()
    assert logs.groups == ["/aws/codebuild/p"]


def test_sends_every_line_in_order_and_blank_ones_too(logs: FakeLogs) -> None:
    stream = LogStream(logs, "g", "s")
    stream.open()
    for number in range(1200):
        stream.write(str(number))
    stream.write("")
    stream.close()
    sent = [line for batch in logs.batches for line in batch]
    assert sent == [*(str(number) for number in range(1200)), " "]
    assert max(len(batch) for batch in logs.batches) <= 500


def test_cuts_a_log_off_and_says_so(logs: FakeLogs) -> None:
    stream = LogStream(logs, "g", "s")
    stream.open()
    line = "x" * 64 * 1024
    for _ in range(MAX_LOG_BYTES // len(line) + 5):
        stream.write(line)
    stream.close()
    sent = [line for batch in logs.batches for line in batch]
    assert sum(map(len, sent)) <= MAX_LOG_BYTES
    assert "cut off" in sent[-1]
