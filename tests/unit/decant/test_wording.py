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


@pytest.mark.parametrize(
    ("count_bytes", "text"),
    [(0, "±0 B"), (34, "+34 B"), (-34, "-34 B"), (1536, "+1.5 KB"), (-(KB**2), "-1.0 MB")],
)
def test_a_difference_has_its_sign(count_bytes: int, text: str) -> None:
    assert wording.difference(count_bytes) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (1234, "1,234 files")]
)
def test_a_count_agrees_with_its_noun(number: int, text: str) -> None:
    assert wording.count(number, "file") == text
    assert wording.count(number, "entry", "entries") == text.replace("file", "entry").replace(
        "entrys", "entries"
    )


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        (None, "1,234 files, 3.0 MB"),
        ((0, 0), "1,234 files, 3.0 MB; no file was new"),
        ((1, 10), "1,234 files, 3.0 MB; 1 file of 10 B was new"),
        ((11, 40 * KB), "1,234 files, 3.0 MB; 11 files of 40.0 KB were new"),
        ((1234, 3 * KB**2), "1,234 files, 3.0 MB, all new"),
    ],
)
def test_what_a_version_holds_and_what_of_it_was_new(
    stored: tuple[int, int] | None, text: str
) -> None:
    assert wording.content_of(a_deployment(stored=stored)) == text


@pytest.mark.parametrize(
    ("files", "text"),
    [(None, ""), (0, ""), (1, "1 file of earlier versions"), (5, "5 files of earlier versions")],
)
def test_what_was_carried_over(files: int | None, text: str) -> None:
    assert wording.carried_by(a_deployment(carried_files=files)) == text


def test_what_a_deployment_is_doing() -> None:
    copying = a_deployment("copying", shards=12, shards_done=3)
    assert wording.stage_of(Sight(None, 0)) == "waiting for the deployment to begin"
    assert wording.stage_of(Sight(copying, 0)) == "copying 3/12"
    assert wording.stage_of(Sight(a_deployment("copying"), 0)) == "copying"
    assert wording.stage_of(Sight(a_deployment("live", shards=12), 0)) == "live"
