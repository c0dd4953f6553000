"""A folder as a zip whose bytes depend on the files' paths and contents alone.

The same tree gives the same bytes whoever zips it, when, and in whatever order its files were
made: names are sorted, times and permissions are constants. (The deflated bytes also depend on
the zlib in use; one machine has one.)

Reads the folder and writes one file; knows nothing of AWS. Memory: one chunk of 1 MB.
"""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from chalicelib.errors import InvalidRequest, UploadRefused

LEFT_OUT = (".git", "node_modules", ".DS_Store", ".env*")  # by name, at any depth
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
_UNIX = 3  # "made by" system; the upper half of external_attr is then the file's mode
_REGULAR_READABLE = (stat.S_IFREG | 0o644) << 16
_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Member:
    """One file to zip: its path in the site (`/` between folders) and where it is read."""

    name: str
    path: Path
    size_bytes: int


def is_left_out(name: str) -> bool:
    """Whether a file or folder called `name` stays out of uploads."""
    return any(fnmatchcase(name, pattern) for pattern in LEFT_OUT)


def members(folder: Path) -> tuple[Member, ...]:
    """The files of `folder` that go into its zip, sorted by name. Links are followed.

    Raises InvalidRequest when the folder is missing, is no folder or has no files; UploadRefused
    for a link that leads outside, in a circle, nowhere or to what is left out, for a name that is
    not Unicode, and for what is neither file nor folder.
    """
    if not folder.exists():
        raise InvalidRequest(f"There is no folder {folder}: build the site first, or correct it.")
    if not folder.is_dir():
        raise InvalidRequest(f"{folder} is neither a folder nor a zip: name one of these.")
    root = folder.resolve()
    found = sorted(_walk(root, "", (root,), root), key=lambda member: member.name)
    if not found:
        raise InvalidRequest(
            f"The folder {folder} has no files to upload (left out: {', '.join(LEFT_OUT)})."
        )
    return tuple(found)


def left_out(folder: Path) -> tuple[str, ...]:
    """What of `folder` stays out of its zip: files and folders, those with a `/` at the end."""
    return tuple(sorted(_left_out(folder, "")))


def _left_out(folder: Path, prefix: str) -> Iterator[str]:
    for entry in folder.iterdir():
        is_folder = entry.is_dir() and not entry.is_symlink()  # links are told where they lead
        if is_left_out(entry.name):
            yield f"{prefix}{entry.name}{'/' * is_folder}"
        elif is_folder:
            yield from _left_out(entry, f"{prefix}{entry.name}/")


def write_zip(files: tuple[Member, ...], target: Path, progress: Callable[[int], None]) -> None:
    """Write `files`, in their order, to the zip `target`.

    `progress` is called with the bytes read since its last call.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in files:
            with member.path.open("rb") as source, archive.open(_header(member), "w") as sink:
                while chunk := source.read(_CHUNK_BYTES):
                    sink.write(chunk)
                    progress(len(chunk))


def _header(member: Member) -> zipfile.ZipInfo:
    header = zipfile.ZipInfo(member.name, _EPOCH)
    header.compress_type = zipfile.ZIP_DEFLATED
    header.create_system = _UNIX
    header.external_attr = _REGULAR_READABLE
    header.file_size = member.size_bytes  # more than 2 GB here makes room for a 64-bit size
    return header


def _walk(folder: Path, prefix: str, above: tuple[Path, ...], root: Path) -> Iterator[Member]:
    """The files below `folder`; `above` are the resolved folders from the root to it."""
    for entry in folder.iterdir():
        if is_left_out(entry.name):
            continue
        name = prefix + _checked_name(entry, prefix)
        path = _target(entry, name, root) if entry.is_symlink() else entry
        if path.is_dir():
            if path in above:
                raise UploadRefused(f"The link {name} leads back to a folder it is in: remove it.")
            yield from _walk(path, f"{name}/", (*above, path), root)
        elif path.is_file():
            yield Member(name, path, path.stat().st_size)
        else:
            raise UploadRefused(f"{name} is neither a file nor a folder: remove it.")


def _target(link: Path, name: str, root: Path) -> Path:
    """Where `link` leads, all links followed: a place in the tree that is not left out."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: Python 3.11 on a circle of links
        raise UploadRefused(f"The link {name} leads nowhere: remove it or correct it.") from error
    if not target.is_relative_to(root):
        raise UploadRefused(
            f"The link {name} leads outside the folder, to {target}: copy what it names instead."
        )
    if any(is_left_out(part) for part in target.relative_to(root).parts):
        raise UploadRefused(
            f"The link {name} leads to {target}, which is left out of uploads: copy what it names."
        )
    return target


def _checked_name(entry: Path, prefix: str) -> str:
    try:
        entry.name.encode()
    except UnicodeEncodeError as error:
        raise UploadRefused(
            f"A file name in {'/' + prefix} is not valid Unicode ({entry.name!r}): rename it."
        ) from error
    return entry.name
