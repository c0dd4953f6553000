"""What the archive core speaks of: bytes to read, entries of a zip, limits, and the site in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

KB, MB, GB = 1024, 1024**2, 1024**3
RawName: TypeAlias = bytes  # inside Entry the name `bytes` means a size


class ByteSource(Protocol):
    """Something whose bytes can be read at random: ranged GETs of one object version, or memory."""

    @property
    def size(self) -> int:
        """Size of the whole in bytes."""

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` (at least 1) bytes from `offset`; raises one of chalicelib.errors."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a zip, as its central directory describes it.

    `raw_name` is the name as stored, which the local header must repeat, `name` what it means.
    `header_offset` is where the local
    header starts, counted from the first byte of the object (data put before the zip included).
    `mode` is the upper half of the external attributes: a unix mode, or 0.
    """

    name: str
    raw_name: RawName
    flags: int
    method: int
    crc32: int
    compressed_bytes: int
    bytes: int
    header_offset: int
    mode: int

    @property
    def is_folder(self) -> bool:
        """Whether the entry only names a folder."""
        return self.name.endswith("/")


@dataclass(frozen=True, slots=True)
class CentralDirectory:
    """All entries of a zip in the directory's order; `start` is the directory's first byte."""

    entries: tuple[Entry, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What a zip may hold at the most. Every number is the last one that is allowed.

    The totals count what may be deployed: not folders, not what is left out (`.git/` and such).
    """

    # CodePipeline takes 7 GB from an S3 source; HTML and scripts shrink less than 10:1, media not
    # at all, so 5 GB of content always comes in a zip that the pipeline accepts.
    total_bytes: int = 5 * GB
    # CodePipeline's "files for an S3 object".
    files: int = 100_000
    # One Lambda function has 15 minutes to copy a file: 2 GB needs no more than 2.3 MB/s.
    file_bytes: int = 2 * GB
    # Deflate cannot pass 1,032:1 (2 bits for 258 bytes). Only endless repetition comes near.
    ratio: int = 1_000
    # An S3 key has 1,024 bytes of UTF-8; 24 are kept for the folder of the version, `v<n>/`.
    path_bytes: int = 1_000
    # Of the directory, read at the most: 300,000 entries with names of 150 bytes are 60 MB.
    directory_bytes: int = 64 * MB

    @property
    def entries(self) -> int:
        """Entries of any kind: macOS adds a twin in `__MACOSX/` per file, and folders count."""
        return 3 * self.files


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A file to deploy: its path in the site (NFC, no leading slash) and its entry in the zip.

    `end_offset` is the first byte after it: where the next entry or the directory starts. The
    range [entry.header_offset, end_offset) holds all that is needed to read the file.
    """

    path: str
    entry: Entry
    end_offset: int


@dataclass(frozen=True, slots=True)
class Site:
    """What a zip deploys. `files` are in the order in which their content lies in the zip; `rules`
    are the files of rules at its root, which are read and not deployed.

    `root` is the folder of the zip that becomes `/`: "" or "dist/". `ignored` counts files that
    are never deployed wherever they lie, `outside` files that lie outside the root. `warnings`
    are sentences for the person who uploaded.
    """

    root: str
    files: tuple[SiteFile, ...]
    total_bytes: int
    rules: tuple[SiteFile, ...] = ()
    ignored: int = 0
    outside: int = 0
    warnings: tuple[str, ...] = ()
