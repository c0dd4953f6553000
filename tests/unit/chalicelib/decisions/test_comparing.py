"""How two versions differ."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.decisions.comparing import Difference, compare
from chalicelib.manifest import Manifest, ManifestFile


def file(path: str, sha256: str = "a", size: int = 1) -> ManifestFile:
    return ManifestFile(path, size, sha256 * 64, 7, (("content-type", "x"),), 1)


def test_every_path_of_either_is_told_in_order() -> None:
    before = Manifest(1, (file("b"), file("c"), file("d", size=4)))
    after = Manifest(2, (file("a", size=3), file("b"), file("c", "f", 9)))
    assert list(compare(before, after)) == [
        Difference("a", "added", None, 3),
        Difference("b", "unchanged", 1, 1),
        Difference("c", "changed", 1, 9),
        Difference("d", "removed", 4, None),
    ]


def test_other_headers_are_a_change_and_another_layer_is_none() -> None:
    before = Manifest(1, (file("a"), file("b")))
    moved = replace(file("a"), layer=2)
    after = Manifest(2, (moved, replace(file("b"), headers=(("content-type", "y"),))))
    assert [one.change for one in compare(before, after)] == ["unchanged", "changed"]


def test_what_is_only_carried_does_not_count() -> None:
    carried = replace(file("old.0a1b2c3d.js"), origin=1)
    assert list(compare(Manifest(1, ()), Manifest(2, (), (carried,)))) == []
