"""Refuses zips that cannot or must not be deployed, judging by their central directory alone.

What only the content can tell (a local header that differs, a wrong checksum) is found by
`reading` when the content is read.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping
from itertools import pairwise

from chalicelib.archive.models import CentralDirectory, Entry, Limits
from chalicelib.archive.names import is_junk, is_secret, nfc, quoted, why_unsafe
from chalicelib.errors import UploadRefused

STORED, DEFLATED = 0, 8
ENCRYPTED_FLAGS = 1 << 0 | 1 << 6 | 1 << 13  # encrypted, strongly encrypted, masked headers
LOCAL_HEADER_BYTES = 30  # without the name and the extra field
RESERVED_FOLDER = "_decant"

_FILE_TYPES = {
    stat.S_IFLNK: "symbolic link",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
}


def check(directory: CentralDirectory, limits: Limits) -> tuple[Entry, ...]:
    """The files that may be deployed: without folders, junk and secrets (see `names`).

    Raises UploadRefused with one sentence that names the entry and says what to do.
    """
    files = []
    for entry in directory.entries:
        _check_name(entry, limits)
        if is_junk(entry.name) or is_secret(entry.name):
            continue
        _check_type(entry)
        if not entry.is_folder:
            _check_content(entry, limits)
            files.append(entry)
    if not files:
        raise UploadRefused("The zip holds no files: zip the folder that has the index.html.")
    _check_totals(files, limits)
    _check_names_are_unique(files, directory.entries)
    _check_overlaps(directory)
    return tuple(files)


def check_site_paths(paths: Iterable[str], limits: Limits) -> None:
    """Raises UploadRefused when a path of the site is reserved or too long for a key of S3."""
    for path in paths:
        if path.partition("/")[0] == RESERVED_FOLDER:
            raise UploadRefused(
                f"{quoted(path)} lies in {RESERVED_FOLDER}/, which is reserved for Decant: "
                "rename that folder."
            )
        length = len(path.encode())
        if length > limits.path_bytes:
            raise UploadRefused(
                f"The path {quoted(path)} has {length:,} bytes, allowed are "
                f"{limits.path_bytes:,} bytes: shorten the names of its folders."
            )


def end_offsets(directory: CentralDirectory) -> Mapping[int, int]:
    """For each header offset the first byte that is no longer part of that entry."""
    starts = sorted(entry.header_offset for entry in directory.entries)
    return dict(pairwise([*starts, directory.start]))


def _check_name(entry: Entry, limits: Limits) -> None:
    length, most = len(entry.raw_name), 2 * limits.path_bytes  # there may be folders above the root
    if length > most:  # first of all: what follows takes more than linear time for some names
        raise UploadRefused(
            f"The name {quoted(entry.name)} has {length:,} bytes, allowed are {most:,}: shorten it."
        )
    reason = why_unsafe(entry.name)
    if reason:
        raise UploadRefused(f"The entry {quoted(entry.name)} {reason}.")


def _check_type(entry: Entry) -> None:
    name, kind = quoted(entry.name), stat.S_IFMT(entry.mode)
    special = _FILE_TYPES.get(kind)
    if special:
        raise UploadRefused(
            f"The entry {name} is a {special}, which cannot be deployed: "
            "replace it with the file that is meant."
        )
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UploadRefused(f"The entry {name} is of an unknown type: zip it as a plain file.")
    if kind == stat.S_IFDIR and not entry.is_folder:
        raise UploadRefused(
            f"The entry {name} is marked as a folder but named like a file: zip the site again."
        )
    if entry.is_folder and entry.bytes:
        raise UploadRefused(f"The folder {name} has content of its own: zip the site again.")


def _check_content(entry: Entry, limits: Limits) -> None:
    name = quoted(entry.name)
    if entry.flags & ENCRYPTED_FLAGS:
        raise UploadRefused(f"The entry {name} is encrypted: zip the site without a password.")
    if entry.method not in (STORED, DEFLATED):
        raise UploadRefused(
            f"The entry {name} is compressed with method {entry.method}: "
            "zip the site with the usual one, deflate."
        )
    if entry.method == STORED and entry.bytes != entry.compressed_bytes:
        raise UploadRefused(
            f"The entry {name} is damaged (it has two different sizes): zip the site again."
        )
    if entry.bytes > limits.file_bytes:
        raise UploadRefused(
            f"The file {name} has {entry.bytes:,} bytes, allowed are {limits.file_bytes:,}: "
            "split it or host it elsewhere."
        )
    # No allowance for small files is needed: the fixed costs of deflate keep them far below. Nor
    # is a check of the totals: if each file keeps to the ratio, and no two share bytes, so do all.
    if entry.bytes > limits.ratio * entry.compressed_bytes:
        raise UploadRefused(
            f"The entry {name} grows to more than {limits.ratio:,} times its compressed size, "
            "like a zip bomb: leave it out."
        )


def _check_totals(files: list[Entry], limits: Limits) -> None:
    if len(files) > limits.files:
        raise UploadRefused(
            f"The zip has {len(files):,} files, allowed are {limits.files:,}: deploy fewer files."
        )
    total = sum(entry.bytes for entry in files)
    if total > limits.total_bytes:
        raise UploadRefused(
            f"The files in the zip have {total:,} bytes in all, allowed are "
            f"{limits.total_bytes:,}: leave out large files."
        )


def _check_names_are_unique(files: Iterable[Entry], entries: Iterable[Entry]) -> None:
    """Refuse names that meet in one place: equal, equal in Unicode's view, or file and folder."""
    seen: dict[str, str] = {}
    for entry in files:
        name = nfc(entry.name)
        other = seen.get(name)
        if other is None:
            seen[name] = entry.name
            continue
        if other == entry.name:
            raise UploadRefused(
                f"The entry {quoted(other)} is in the zip twice: zip the site into a new file."
            )
        raise UploadRefused(
            f"The entries {other!a} and {entry.name!a} differ only in their Unicode "
            "form: rename one of them."
        )
    # With "/" sorted before everything else, what lies in a folder comes right after its name.
    names = sorted({nfc(entry.name) for entry in entries}, key=lambda n: n.replace("/", "\0"))
    for name, following in pairwise(names):
        if name in seen and following.startswith(name + "/"):
            raise UploadRefused(
                f"{quoted(name)} is both a file and a folder in the zip: rename one of them."
            )


def _check_overlaps(directory: CentralDirectory) -> None:
    """Refuse entries that share bytes, the way of bombs that no ratio gives away."""
    entries = sorted(directory.entries, key=lambda entry: entry.header_offset)
    ends = [entry.header_offset for entry in entries[1:]]
    for entry, end in zip(entries, [*ends, directory.start], strict=True):
        least = LOCAL_HEADER_BYTES + len(entry.raw_name) + entry.compressed_bytes
        if entry.header_offset + least > end:
            raise UploadRefused(
                f"The data of {quoted(entry.name)} overlaps what follows it in the zip: "
                "zip the site into a new file."
            )
