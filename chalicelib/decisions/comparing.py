"""How one version differs from another, by their manifests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from chalicelib.manifest import Manifest

Kind = Literal["added", "changed", "removed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One path: its sizes in bytes before and after, None where it is not."""

    path: str
    change: Kind
    bytes_before: int | None
    bytes: int | None


def compare(before: Manifest, after: Manifest) -> Iterator[Difference]:
    """Every path of either, sorted. Changed is what has other content or other headers."""
    old = {file.path: file for file in before.files}
    new = {file.path: file for file in after.files}
    for path in sorted(old.keys() | new.keys()):
        was, now = old.get(path), new.get(path)
        if was is None or now is None:
            kind: Kind = "added" if was is None else "removed"
        else:
            same = (was.sha256, was.headers) == (now.sha256, now.headers)
            kind = "unchanged" if same else "changed"
        yield Difference(path, kind, was.bytes if was else None, now.bytes if now else None)
