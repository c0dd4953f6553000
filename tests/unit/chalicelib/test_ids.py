"""What a deployment is called depends on the uploaded object version, and on that alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ids import deployment_id, is_deployment_id

bucket_names = st.from_regex(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", fullmatch=True)
keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)
version_ids = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)
uploads = st.tuples(bucket_names, keys, version_ids)


def test_is_d_and_the_first_20_hex_digits_of_the_sha256_of_the_three_names() -> None:
    # printf 'decant-prod-source\nproduction/site.zip\nv1' | sha256sum
    expected = "d9415d2dff6e9a8821edc"
    assert deployment_id("decant-prod-source", "production/site.zip", "v1") == expected


@given(uploads)
def test_fits_in_a_path_of_the_admin_api_unescaped(upload: tuple[str, str, str]) -> None:
    assert re.fullmatch(r"d[0-9a-f]{20}", deployment_id(*upload))
    assert is_deployment_id(deployment_id(*upload))


@given(uploads, uploads)
def test_differs_for_different_uploads_and_only_for_these(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assert (deployment_id(*one) == deployment_id(*other)) == (one == other)


def test_differs_when_the_border_between_key_and_version_moves() -> None:
    assert deployment_id("b", "k\nx", "v") != deployment_id("b", "k", "x\nv2")


def test_takes_a_key_of_any_script() -> None:
    assert deployment_id("b", "production/größe 日本.zip", "v") != deployment_id("b", "k", "v")


@pytest.mark.parametrize(
    "text", ["", "d", "d" + "0" * 19, "d" + "0" * 21, "x" + "0" * 20, "d" + "A" * 20, "d" * 9_999]
)
def test_knows_what_cannot_be_an_id(text: str) -> None:
    assert not is_deployment_id(text)
