"""What an upload's name and time mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import UploadRefused
from chalicelib.uploads import alias_of_key, decision_order, is_alias, upload_order

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("key", "alias"),
    [
        ("site.zip", "production"),
        ("production/site.zip", "production"),
        ("pr-12/a name with spaces.ZIP", "pr-12"),
        ("s/.zip", "s"),
    ],
)
def test_the_folder_names_the_alias(key: str, alias: str) -> None:
    assert alias_of_key(key) == alias


@pytest.mark.parametrize("key", ["site.tar", "production/", "zip", "a/b/site.zip", "Main/site.zip"])
def test_other_names_are_refused_with_what_to_do(key: str) -> None:
    with pytest.raises(UploadRefused, match=r"upload it as|use up to"):
        alias_of_key(key)


@pytest.mark.parametrize(
    ("name", "valid"),
    [("a" * 63, True), ("a" * 64, False), ("", False), ("-a", False), ("a_b", False), ("0", True)],
)
def test_an_alias_is_a_dns_label(name: str, valid: bool) -> None:
    assert is_alias(name) is valid


def test_within_a_second_the_sequencer_decides() -> None:
    assert upload_order(NOON, "0055AED6DCD90281E5") < upload_order(NOON, "0055AED6DCD90281E6")
    assert upload_order(NOON, "0055") < upload_order(NOON, "00551")
    assert upload_order(NOON, "ab") == upload_order(NOON, "AB00")


@given(MOMENTS, st.integers(1, 10**6), st.text("0123456789ABCDEF", max_size=20))
def test_a_later_second_always_comes_later(moment: datetime, seconds: int, text: str) -> None:
    later = moment + timedelta(seconds=seconds)
    assert upload_order(moment, text) < upload_order(later, "")
    assert upload_order(moment, text) < decision_order(later)


@given(MOMENTS, st.text("0123456789ABCDEF", max_size=20))
def test_a_decision_comes_before_the_uploads_of_its_second(moment: datetime, text: str) -> None:
    assert decision_order(moment) < upload_order(moment, text)
