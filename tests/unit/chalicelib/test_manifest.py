"""The manifest: its bytes, and how it is compared with what is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import VersionCorrupt
from chalicelib.manifest import (
    Manifest,
    ManifestFile,
    decode,
    differences,
    encode,
    layer_prefix,
    manifest_key,
    status_path,
)
from chalicelib.records import HtmlHandling, NotFoundMode
from chalicelib.rules.model import Dialect, Redirect, SiteRules, SiteSettings

FILES = st.builds(
    ManifestFile,
    path=st.text(min_size=1).filter(lambda t: "\ud800" not in t),
    bytes=st.integers(0, 2**40),
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    crc32=st.integers(0, 2**32 - 1),
    headers=st.dictionaries(st.text(), st.text(), max_size=3).map(lambda d: tuple(d.items())),
    layer=st.integers(1, 10**6),
    origin=st.none(),
)
CARRIED = st.builds(replace, FILES, origin=st.integers(1, 10**6))
texts = st.text()
RULES = st.builds(
    SiteRules,
    settings=st.builds(
        SiteSettings,
        html=st.sampled_from(get_args(HtmlHandling)),
        not_found=st.none() | st.sampled_from(get_args(NotFoundMode)),
        dialect=st.sampled_from(get_args(Dialect)),
        cache=st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
        keep=st.none() | st.tuples(st.integers(1), st.integers(0)),
    ),
    redirects=st.lists(
        st.builds(
            Redirect,
            line=st.integers(1),
            source=texts,
            target=texts,
            status=st.integers(200, 599),
            forced=st.booleans(),
            query=st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
            navigation=st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    single_page=st.booleans(),
)
MANIFESTS = st.builds(
    Manifest,
    version=st.integers(1),
    files=st.lists(FILES).map(tuple),
    carried=st.lists(CARRIED).map(tuple),
    carries=st.lists(st.integers(1)).map(tuple),
    flat=st.text(),
    rules=RULES,
    status_pages=st.lists(st.tuples(st.text(), st.integers(400, 599))).map(tuple),
)


@given(MANIFESTS)
def test_a_manifest_survives_being_stored(manifest: Manifest) -> None:
    assert decode(encode(manifest)) == manifest


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"version":1,"files":[{}]}', b"\xff"])
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(VersionCorrupt, match="not readable"):
        decode(data)


def test_the_layers_of_two_versions_never_share_a_prefix() -> None:
    assert not layer_prefix(10).startswith(layer_prefix(1))
    assert manifest_key(3) == "_manifests/v3.json"


def test_equal_lists_have_no_differences() -> None:
    assert differences({"a": 1, "b": 2}, {"b": 2, "a": 1}) == ()


def test_each_kind_of_difference_is_named() -> None:
    assert differences({"a": 1, "b": 2}, {"b": 3}) == (
        "a is missing",
        "b has 3 bytes instead of 2",
    )


def test_at_most_five_differences_are_named() -> None:
    assert len(differences({f"{n}": 1 for n in range(9)}, {})) == 5


def test_a_version_needs_what_it_has_and_what_it_carries() -> None:
    own = ManifestFile("a", 1, "0" * 64, 1, (), 7)
    carried = replace(own, path="b", layer=3, origin=5)
    assert list(Manifest(7, (own,), (carried,)).objects()) == [(7, "a"), (3, "b")]


def test_a_version_needs_its_pages_with_another_status_in_its_own_layer() -> None:
    other = ManifestFile("a/b.html", 1, "0" * 64, 1, (), 3)
    assert status_path("a/b.html", 410) == "_decant/410/a/b.html"
    found = Manifest(7, (other,), status_pages=(("a/b.html", 410),)).objects()
    assert list(found) == [(3, "a/b.html"), (7, "_decant/410/a/b.html")]
