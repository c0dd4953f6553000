"""What a new version shares with earlier ones: stored files, and files carried for open pages.

A page that is open in a browser may still ask for the scripts and styles of its own version.
They have fingerprints in their names, so that no other version has another file there: a new
version makes them reachable too (it *carries* them), for as long as the carry window is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from chalicelib.archive import SiteFile
from chalicelib.header_sets import Headers
from chalicelib.manifest import Manifest, ManifestFile
from chalicelib.records import Alias, timestamp
from chalicelib.route_table import MAX_LAYERS
from chalicelib.work import Known

MAX_CARRIED = 50_000  # files; some 300 KB of the store
# Copying forward stops here, so that it is not needed again with the very next deployment.
LAYERS_AFTER_FOLDING = 3 * MAX_LAYERS // 4


def named_by(*aliases: Alias | None) -> tuple[int, ...]:
    """The versions that viewers of `aliases` get files of: what each points at, its canary's, its
    fallback.

    A new version is made from their manifests, and compared with the first. Its `aliases` come in
    order of preference: the one that is deployed to, then the one that viewers come to (a preview
    shares nearly all of its files with production, and may go there later).
    """
    numbers = (
        number
        for alias in aliases
        if alias is not None
        for number in (*alias.shown, alias.fallback)
    )
    return tuple(dict.fromkeys(number for number in numbers if number is not None))


def open_versions(aliases: Iterable[Alias | None], now: datetime, window: timedelta) -> set[int]:
    """The versions whose pages may be open in browsers: shown now, also as a canary, or less than
    `window` ago."""
    if not window:
        return set()
    since = timestamp(now - window)
    found: set[int] = set()
    for alias in aliases:
        if alias is not None:
            found |= {*alias.shown, *(one.version for one in alias.left if one.at >= since)}
    return found


def known_files(
    files: Iterable[SiteFile], manifests: Sequence[Manifest], headers: Callable[[str], Headers]
) -> dict[str, Known]:
    """Those of `files` that seem to be stored: same path, size, CRC-32 and headers in a manifest.
    `headers` gives theirs by path.

    Only the content's sha256 tells for sure: Copy compares it.
    """
    stored: dict[str, list[ManifestFile]] = {}
    for manifest in manifests:
        for known in manifest.every():
            stored.setdefault(known.path, []).append(known)
    found = {}
    for file in files:
        for known in stored.get(file.path, ()):
            same = (known.crc32, known.bytes) == (file.entry.crc32, file.entry.bytes)
            if same and known.headers == headers(file.path):
                found[file.path] = Known(known.sha256, known.layer)
                break
    return found


def carried_files(
    manifests: Iterable[Manifest],
    own: Collection[str],
    still_open: Collection[int],
    is_fingerprinted: Callable[[str], bool],
) -> tuple[ManifestFile, ...]:
    """What a new version with the paths `own` carries: sorted by path, the newest 50,000.

    Of each of `manifests` the fingerprinted files, and what it carries itself, as far as their
    version is one of `still_open`. A path that several have is the first's.
    """
    found: dict[str, ManifestFile] = {}
    for manifest in manifests:
        for file in manifest.every():
            origin = file.origin or manifest.version
            wanted = origin in still_open and file.path not in own and file.path not in found
            # What is carried has proved to be fingerprinted before.
            if wanted and (file.origin is not None or is_fingerprinted(file.path)):
                found[file.path] = ManifestFile(
                    file.path, file.bytes, file.sha256, file.crc32, file.headers, file.layer, origin
                )
    newest = sorted(found.values(), key=lambda file: (-(file.origin or 0), file.path))
    return tuple(sorted(newest[:MAX_CARRIED], key=lambda file: file.path))


def carries(
    carried_by: Mapping[int, Iterable[int]], still_open: Collection[int]
) -> tuple[int, ...]:
    """The versions of which a new one carries everything that it must, by number.

    `carried_by` has each of the versions that it is made from, with what that one carries.
    """
    covered = {*carried_by, *(number for numbers in carried_by.values() for number in numbers)}
    return tuple(sorted(covered & set(still_open)))


def layers_to_fold(files_in: Mapping[int, int], own: int) -> frozenset[int]:
    """The layers whose files must be copied to the layer `own`, so that at most 64 are left.

    `files_in` counts the files that the version has in each layer. Those with the fewest go.
    """
    others = sorted((layer for layer in files_in if layer != own), key=lambda n: (files_in[n], n))
    if len(others) + 1 <= MAX_LAYERS:
        return frozenset()
    return frozenset(others[: len(others) + 1 - LAYERS_AFTER_FOLDING])
