"""References to variables in action configurations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decant.local.codepipeline.errors import ActionFailed
from decant.local.codepipeline.variables import references, resolve, resolve_configuration

VARIABLES = {"variables": {"site": "www"}, "Source": {"ObjectKey": "a/b.zip", "Odd": "#{x.y}"}}


def test_resolves_every_reference_in_a_text() -> None:
    text = '{"site": "#{variables.site}", "key": "#{ Source.ObjectKey }"}'
    assert resolve(text, VARIABLES) == '{"site": "www", "key": "a/b.zip"}'


def test_does_not_scan_a_value_for_references_again() -> None:
    assert resolve("#{Source.Odd}", VARIABLES) == "#{x.y}"


@pytest.mark.parametrize("text", ["#{Source.Missing}", "#{Nobody.Key}", "#{Source}", "#{}"])
def test_fails_the_action_for_a_reference_without_a_value(text: str) -> None:
    with pytest.raises(ActionFailed, match="could not be resolved"):
        resolve(text, VARIABLES)


def test_lists_references_and_marks_malformed_ones() -> None:
    assert references("#{a.b} and #{nodot}") == (("a", "b"), ("nodot", ""))


@pytest.mark.parametrize(("length", "fits"), [(999, True), (1000, True), (1001, False)])
def test_a_resolved_value_has_at_most_1000_characters(length: int, fits: bool) -> None:
    variables = {"a": {"b": "x" * (length - 2)}}
    if fits:
        assert len(resolve_configuration({"Input": "<#{a.b}>"}, variables)["Input"]) == length
    else:
        with pytest.raises(ActionFailed, match="Input has 1001 characters"):
            resolve_configuration({"Input": "<#{a.b}>"}, variables)


def test_a_whole_configuration_has_at_most_100_kb() -> None:
    # 102 entries of 4 + 1,000 bytes are 102,408 bytes; the limit is 102,400.
    entries = {f"k{number:03}": "x" * 1000 for number in range(102)}
    with pytest.raises(ActionFailed, match="102408 bytes"):
        resolve_configuration(entries, {})
    del entries["k000"]
    assert resolve_configuration(entries, {}) == entries


@given(st.text().filter(lambda text: "#{" not in text))
def test_leaves_text_without_references_alone(text: str) -> None:
    assert resolve(text, VARIABLES) == text
