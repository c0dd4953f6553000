"""What a new version shares with earlier ones and carries of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.archive import Entry, SiteFile
from chalicelib.decisions.sharing import (
    LAYERS_AFTER_FOLDING,
    MAX_CARRIED,
    carried_files,
    carries,
    known_files,
    layers_to_fold,
    named_by,
    open_versions,
)
from chalicelib.fingerprints import is_fingerprinted
from chalicelib.manifest import Manifest, ManifestFile
from chalicelib.records import Alias, Canary, Left, timestamp
from chalicelib.route_table import MAX_LAYERS
from chalicelib.work import Known

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HEADERS = (("content-type", "text/html"),)
WEEK = timedelta(days=7)


def alias(version: int, fallback: int | None = None, **left: float) -> Alias:
    """`left`: v3=24.0 says that version 3 was left 24 hours ago."""
    gone = tuple(
        Left(int(name[1:]), timestamp(NOW - timedelta(hours=hours))) for name, hours in left.items()
    )
    return Alias("main", version, "o", "t", "ana", left=gone, fallback=fallback)


def file(path: str, layer: int = 1, origin: int | None = None) -> ManifestFile:
    return ManifestFile(path, 10, "a" * 64, 7, HEADERS, layer, origin)


def in_zip(path: str, size: int = 10, crc32: int = 7) -> SiteFile:
    return SiteFile(path, Entry(path, path.encode(), 0, 8, crc32, 5, size, 0, 0), 100)


def known(files: list[SiteFile], *manifests: Manifest) -> dict[str, Known]:
    return known_files(files, manifests, lambda _path: HEADERS)


# Sources --------------------------------------------------------------------------------------


def test_an_upload_is_compared_with_its_own_alias_first() -> None:
    assert named_by(alias(5, 9), alias(4, 8)) == (5, 9, 4, 8)


def test_the_first_upload_for_an_alias_is_compared_with_production() -> None:
    assert named_by(None, alias(4)) == (4,)


def test_the_first_upload_of_all_has_nothing_to_share() -> None:
    assert named_by(None, None) == ()
    assert named_by(alias(4), alias(4)) == (4,)


def test_pages_are_open_of_what_is_live_and_what_was_live_within_the_window() -> None:
    some = alias(5, v4=7 * 24, v3=7 * 24 + 1)
    assert open_versions([some, None, alias(8)], NOW, WEEK) == {5, 4, 8}


def test_without_a_window_nothing_is_carried() -> None:
    assert open_versions([alias(5, v4=1)], NOW, timedelta(0)) == set()


def test_what_is_live_and_the_fallback_may_become_the_next_fallback() -> None:
    assert named_by(alias(2, fallback=5)) == (2, 5)
    assert named_by(alias(2)) == (2,)
    assert named_by(None) == ()


def test_the_pages_of_a_canary_are_open_and_its_files_are_shared() -> None:
    some = replace(alias(2, fallback=5), canary=Canary(7, 10))
    assert named_by(some) == (2, 7, 5)
    assert open_versions([some], NOW, WEEK) == {2, 7}


# Known files ----------------------------------------------------------------------------------


def test_the_same_path_size_checksum_and_headers_are_known() -> None:
    manifest = Manifest(3, (file("a", layer=2), file("b", layer=3)))
    assert known([in_zip("a"), in_zip("c")], manifest) == {"a": Known("a" * 64, 2)}


@pytest.mark.parametrize("other", [in_zip("a", size=11), in_zip("a", crc32=8)])
def test_another_size_or_checksum_is_not_known(other: SiteFile) -> None:
    assert known([other], Manifest(3, (file("a"),))) == {}


def test_other_headers_are_not_known() -> None:
    stored = replace(file("a"), headers=(("content-type", "text/plain"),))
    assert known([in_zip("a")], Manifest(3, (stored,))) == {}


def test_each_file_is_compared_by_its_own_headers() -> None:
    manifest = Manifest(3, (file("a"), file("b")))
    headers = {"a": HEADERS, "b": (*HEADERS, ("x-robots-tag", "noindex"))}
    assert known_files([in_zip("a"), in_zip("b")], [manifest], headers.__getitem__).keys() == {"a"}


def test_a_later_manifest_and_what_is_carried_are_looked_into_as_well() -> None:
    changed = Manifest(5, (replace(file("a", layer=5), crc32=1),))
    older = Manifest(3, (file("a", layer=3),), (file("old.0a1b2c3d.js", layer=2, origin=2),))
    found = known([in_zip("a"), in_zip("old.0a1b2c3d.js")], changed, older)
    assert {path: one.layer for path, one in found.items()} == {"a": 3, "old.0a1b2c3d.js": 2}


# Carried files --------------------------------------------------------------------------------

JS, OLD = "app.0a1b2c3d.js", "old.9a8b7c6d.js"


def carried(
    manifests: list[Manifest], still_open: set[int], own: set[str] | None = None
) -> list[tuple[str, int | None]]:
    files = carried_files(manifests, own or set(), still_open, is_fingerprinted)
    return [(one.path, one.origin) for one in files]


def test_only_fingerprinted_files_are_carried() -> None:
    live = Manifest(5, (file("index.html"), file(JS), file("robots.txt")))
    assert carried([live], {5}) == [(JS, 5)]


def test_what_the_version_has_itself_is_not_carried() -> None:
    assert carried([Manifest(5, (file(JS),))], {5}, {JS}) == []


def test_what_was_carried_goes_on_as_long_as_its_version_is_open() -> None:
    live = Manifest(5, (file(JS),), (file(OLD, origin=3),))
    assert carried([live], {5, 3}) == [(JS, 5), (OLD, 3)]
    assert carried([live], {5}) == [(JS, 5)]


def test_the_newest_are_carried_when_there_are_too_many() -> None:
    many = tuple(file(f"{n:06d}.0a1b2c3d.js", origin=3) for n in range(MAX_CARRIED))
    live = Manifest(5, (file(JS),), many)
    found = carried([live], {5, 3})
    assert len(found) == MAX_CARRIED
    assert (JS, 5) in found


def test_a_version_carries_all_of_what_its_sources_carry_and_are() -> None:
    assert carries({5: (3, 2), 9: ()}, {5, 3, 9}) == (3, 5, 9)
    assert carries({5: (3,)}, {5, 4}) == (5,)


# Folding --------------------------------------------------------------------------------------


def test_up_to_sixty_four_layers_stay_as_they_are() -> None:
    assert layers_to_fold(dict.fromkeys(range(1, MAX_LAYERS + 1), 5), own=MAX_LAYERS) == set()
    assert layers_to_fold(dict.fromkeys(range(1, MAX_LAYERS), 5), own=MAX_LAYERS) == set()


@given(st.dictionaries(st.integers(1, 500), st.integers(1, 1000), min_size=MAX_LAYERS))
def test_above_that_the_smallest_are_folded(files_in: dict[int, int]) -> None:
    own = 999
    folded = layers_to_fold(files_in, own)
    stay = files_in.keys() - folded
    assert len(stay) + 1 == LAYERS_AFTER_FOLDING
    assert max(files_in[n] for n in folded) <= min(files_in[n] for n in stay)
