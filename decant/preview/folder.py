"""A folder as a deployment would take it: which of its files are the site, and what says its rules.

Reads the folder's names and its files of rules, no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from chalicelib.archive import CentralDirectory, Entry, Limits, Site, site_in
from chalicelib.rules.site import MAX_FILE_BYTES
from decant.zipping import Member, left_out, members

_HEADER_BYTES = 30  # of an entry in a zip, before its name
_UTF8_NAME = 1 << 11
_STORED = 0


@dataclass(frozen=True, slots=True)
class SiteFolder:
    """`site` is what a deployment takes of the folder at `path`.

    `sources` says where each file of the site is read (site path -> file), `rules` has the content
    of its files of rules by name. `left_out` are the files and folders that are not even uploaded.
    """

    path: Path
    site: Site
    sources: Mapping[str, Path]
    rules: Mapping[str, bytes]
    left_out: tuple[str, ...]


def read_folder(folder: Path) -> SiteFolder:
    """The site in `folder`.

    Raises InvalidRequest when that is no folder with files, and UploadRefused for what the zip of
    it would be refused for; only what files shrink to is not looked at.
    """
    found = members(folder)
    site = site_in(_directory(found), Limits())
    places = {member.name: member.path for member in found}
    return SiteFolder(
        folder,
        site,
        {file.path: places[file.entry.name] for file in site.files},
        {file.path: _start_of(places[file.entry.name]) for file in site.rules},
        left_out(folder),
    )


def _directory(found: Iterable[Member]) -> CentralDirectory:
    """The directory of a zip with these files, in their order and as they are."""
    entries, at = [], 0
    for member in found:
        raw, size = member.name.encode(), member.size_bytes
        entries.append(Entry(member.name, raw, _UTF8_NAME, _STORED, 0, size, size, at, 0))
        at += _HEADER_BYTES + len(raw) + size
    return CentralDirectory(tuple(entries), at)


def _start_of(file: Path) -> bytes:
    """The content of a file of rules; of one that is too large no more than says so."""
    with file.open("rb") as source:
        return source.read(MAX_FILE_BYTES + 1)
