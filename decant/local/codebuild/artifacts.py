"""Moves files into and out of a build's folder: unpacks sources, collects artifacts.

Trusts neither side: a member of a zip cannot leave the folder, and a link that a build has made
does not make the server read what lies elsewhere.
"""

from __future__ import annotations

import fnmatch
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from chalicelib.errors import InvalidRequest
from decant.local.codebuild.buildspec import ArtifactRule

GB = 1024 * 1024 * 1024
MAX_SOURCE_BYTES = 5 * GB
MAX_SOURCE_FILES = 200_000
_MODE_SHIFT = 16  # a zip keeps Unix modes in the upper half of external_attr
_EXECUTABLE = 0o111


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """A file to give away and its name there."""

    path: Path
    name: str


def unpack(packed: Path, folder: Path) -> None:
    """Unpack a zip below `folder`. Executable files stay executable; links become plain files.

    Raises InvalidRequest when it is no zip, or unpacks to more than 5 GB or 200,000 files.
    """
    try:
        with zipfile.ZipFile(packed) as archive:
            members = archive.infolist()
            total_bytes = sum(member.file_size for member in members)
            if total_bytes > MAX_SOURCE_BYTES or len(members) > MAX_SOURCE_FILES:
                raise InvalidRequest(
                    f"The source unpacks to {len(members)} files of {total_bytes} bytes: at most "
                    f"{MAX_SOURCE_FILES} files of {MAX_SOURCE_BYTES} bytes can be built here."
                )
            for member in members:
                made = Path(archive.extract(member, folder))  # drops "..", "/" and drive names
                if made.is_file() and (member.external_attr >> _MODE_SHIFT) & _EXECUTABLE:
                    made.chmod(0o755)
    except zipfile.BadZipFile as error:
        raise InvalidRequest(f"The source is not a zip file: {error}") from error


def collect(folder: Path, rule: ArtifactRule) -> list[ArtifactFile]:
    """The files below `folder` that `rule` names, sorted by name.

    Raises InvalidRequest in CodeBuild's words when the base directory or any file is missing.
    """
    root = folder.resolve()
    base = (root / rule.base_directory).resolve()
    if not base.is_relative_to(root) or not base.is_dir():
        raise InvalidRequest(f"no matching base directory path found for {rule.base_directory}")
    found: dict[str, Path] = {}
    for pattern in rule.files:
        for path in _matches(base, pattern):
            if path.is_file() and path.resolve().is_relative_to(root):
                name = path.name if rule.discard_paths else path.relative_to(base).as_posix()
                if not any(fnmatch.fnmatchcase(name, skip) for skip in rule.exclude_paths):
                    found[name] = path
    if not found:
        raise InvalidRequest("no matching artifact paths found: " + ", ".join(rule.files))
    return [ArtifactFile(found[name], name) for name in sorted(found)]


def _matches(base: Path, pattern: str) -> Iterable[Path]:
    parts = PurePosixPath(pattern).parts
    if pattern.startswith("/") or ".." in parts:
        raise InvalidRequest(f"The artifact path {pattern} leaves the source folder.")
    return base.glob("**/*" if pattern in ("**", "**/*") else pattern)


def pack(files: Iterable[ArtifactFile], target: Path) -> None:
    """Write a zip of `files`."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file.path, file.name)
