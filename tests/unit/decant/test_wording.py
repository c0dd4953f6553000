"""Sizes, times and durations as a person reads them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from decant import wording
from decant.watch import Sight
from tests.unit.decant.samples import NOON, a_deployment

KB = 1024


@pytest.mark.parametrize(
    ("count_bytes", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (KB, "1.0 KB"),
        (1536, "1.5 KB"),
        (999 * KB, "999.0 KB"),
        (1000 * KB, "1.0 MB"),
        (KB**2, "1.0 MB"),
        (5 * KB**3, "5.0 GB"),
        (5000 * KB**4, "5000.0 TB"),
    ],
)
def test_a_size_has_the_unit_that_suits_it(count_bytes: int, text: str) -> None:
    assert wording.size(count_bytes) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.0 s"),
        (0, "0.0 s"),
        (3.24, "3.2 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (65, "1 min 5 s"),
        (3599, "59 min 59 s"),
        (3599.6, "1 h 0 min"),
        (7380, "2 h 3 min"),
    ],
)
def test_a_duration(seconds: float, text: str) -> None:
    assert wording.duration(seconds) == text


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (timedelta(seconds=-30), "just now"),
        (timedelta(seconds=9), "just now"),
        (timedelta(seconds=10), "10 s ago"),
        (timedelta(seconds=59), "59 s ago"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=1), "1 h ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=2), "2 days ago"),
    ],
)
def test_how_long_ago(passed: timedelta, text: str) -> None:
    assert wording.ago(NOON - passed, NOON) == text


def test_a_moment_is_told_both_ways() -> None:
    assert wording.when(NOON, NOON + timedelta(hours=2)) == f"2 h ago ({wording.absolute(NOON)})"


def test_what_a_deployment_is_doing() -> None:
    copying = a_deployment("copying", shards=12, shards_done=3)
    assert wording.stage_of(Sight(None, 0)) == "waiting for the deployment to begin"
    assert wording.stage_of(Sight(copying, 0)) == "copying 3/12"
    assert wording.stage_of(Sight(a_deployment("copying"), 0)) == "copying"
    assert wording.stage_of(Sight(a_deployment("live", shards=12), 0)) == "live"
