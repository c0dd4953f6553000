"""Zips for tests, made byte by byte: normal ones, and every hostile kind that must be refused.

`build_zip(files)` makes an ordinary zip; `forge(members)` writes whatever it is told, right or
wrong. `HOSTILE` has one zip of each hostile kind and `SAYS` the words its refusal holds.
`MemorySource` is a ByteSource that counts the reads.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

STORED, DEFLATED = 0, 8
ENCRYPTED, DESCRIPTOR, STRONG, UTF8, MASKED = 1 << 0, 1 << 3, 1 << 6, 1 << 11, 1 << 13
PAGE = b"<!doctype html><title>Hello</title>"
SYMLINK, DEVICE, PIPE, SOCKET = 0o120777, 0o020666, 0o010666, 0o140777

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s4B4H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_MAX16, _MAX32 = 0xFFFF, 0xFFFFFFFF
_UNIX = 3


@dataclass(frozen=True, slots=True)
class Member:
    """One entry to write; what is None is filled in truthfully."""

    name: str | bytes
    data: bytes = PAGE
    method: int = DEFLATED
    flags: int | None = None
    mode: int = 0o100644  # unix mode with its file type; 0 leaves the external attributes empty
    streamed: bool = False  # sizes follow the data in a descriptor, as a pipe writes them
    zip64: bool = False  # sizes and offset go to a zip64 extra field
    extra: bytes = b""  # of the central header
    local_extra: bytes = b""
    raw: bytes | None = None  # the bytes after the local header, instead of the compressed data
    # What the central directory claims:
    size: int | None = None
    compressed_size: int | None = None
    crc32: int | None = None
    header_offset: int | None = None
    # What the local header claims:
    local_name: bytes | None = None
    local_method: int | None = None
    local_flags: int | None = None

    @property
    def raw_name(self) -> bytes:
        """The name as it is written."""
        return self.name.encode() if isinstance(self.name, str) else self.name

    @property
    def payload(self) -> bytes:
        """What follows the local header."""
        if self.raw is not None:
            return self.raw
        return deflated(self.data) if self.method == DEFLATED else self.data

    @property
    def all_flags(self) -> int:
        """The general purpose flags: UTF-8 when a text name needs it."""
        if self.flags is not None:
            return self.flags
        text = isinstance(self.name, str) and not self.name.isascii()
        return (UTF8 if text else 0) | (DESCRIPTOR if self.streamed else 0)


def deflated(data: bytes) -> bytes:
    """`data` as a raw deflate stream."""
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return machine.compress(data) + machine.flush()


def build_zip(
    files: Mapping[str, bytes],
    *,
    method: int = DEFLATED,
    comment: bytes = b"",
    prefix: bytes = b"",
    streamed: bool = False,
    zip64: bool = False,
) -> bytes:
    """An ordinary zip of `files` (name -> content); a name that ends with `/` is a folder."""
    members = [
        Member(name, data, method, streamed=streamed, zip64=zip64)
        if not name.endswith("/")
        else Member(name, b"", STORED, mode=0o040755)
        for name, data in files.items()
    ]
    return forge(members, comment=comment, prefix=prefix, zip64=zip64)


def forge(
    members: Sequence[Member],
    *,
    comment: bytes = b"",
    prefix: bytes = b"",  # put before the archive without correcting its offsets
    gap: bytes = b"",  # between the last entry and the directory
    zip64: bool = False,
    disk: int = 0,
    entries: int | None = None,
    directory_bytes: int | None = None,
    directory_offset: int | None = None,
    comment_bytes: int | None = None,
) -> bytes:
    """A zip of `members`; the other arguments are what its end claims, truthful when None."""
    body, directory = bytearray(), bytearray()
    for member in members:
        directory += _central(member, len(body))
        body += _local(member)
    body += gap
    start = len(body) if directory_offset is None else directory_offset
    length = len(directory) if directory_bytes is None else directory_bytes
    count = len(members) if entries is None else entries
    end = b""
    if zip64:
        at = len(body) + len(directory)
        end += _END64.pack(b"PK\6\6", 44, 45, 45, disk, disk, count, count, length, start)
        end += _LOCATOR64.pack(b"PK\6\7", disk, at, disk + 1)
        count, length, start = _MAX16, _MAX32, _MAX32
    told = len(comment) if comment_bytes is None else comment_bytes
    end += _END.pack(b"PK\5\6", disk, disk, count & _MAX16, count & _MAX16, length, start, told)
    return prefix + bytes(body) + bytes(directory) + end + comment


def _local(member: Member) -> bytes:
    name = member.raw_name if member.local_name is None else member.local_name
    flags = member.all_flags if member.local_flags is None else member.local_flags
    method = member.method if member.local_method is None else member.local_method
    crc, packed, size = zlib.crc32(member.data), len(member.payload), len(member.data)
    extra, descriptor = member.local_extra, b""
    if member.streamed:
        form = "<4sLQQ" if member.zip64 else "<4sLLL"
        descriptor = struct.pack(form, b"PK\7\x08", crc, packed, size)
        crc = packed = size = 0
    elif member.zip64:
        extra = struct.pack("<2H2Q", 1, 16, size, packed) + extra
        packed = size = _MAX32
    head = _LOCAL.pack(
        b"PK\3\4", 20, flags, method, 0, 0x21, crc, packed, size, len(name), len(extra)
    )
    return head + name + extra + member.payload + descriptor


def _central(member: Member, offset: int) -> bytes:
    offset = offset if member.header_offset is None else member.header_offset
    size = len(member.data) if member.size is None else member.size
    packed = len(member.payload) if member.compressed_size is None else member.compressed_size
    crc = zlib.crc32(member.data) if member.crc32 is None else member.crc32
    extra, name = member.extra, member.raw_name
    if member.zip64:
        extra = struct.pack("<2H3Q", 1, 24, size, packed, offset) + extra
        size = packed = offset = _MAX32
    numbers = (member.all_flags, member.method, 0, 0x21, crc, packed, size)
    tail = (len(name), len(extra), 0, 0, 0, member.mode << 16, offset)
    return _CENTRAL.pack(b"PK\1\2", 20, _UNIX, 20, 0, *numbers, *tail) + name + extra


def unicode_path(raw_name: bytes, name: str, *, crc32: int | None = None) -> bytes:
    """Info-ZIP's Unicode path extra field (0x7075) that gives `raw_name` the name `name`."""
    checked = zlib.crc32(raw_name) if crc32 is None else crc32
    body = struct.pack("<BL", 1, checked) + name.encode()
    return struct.pack("<2H", 0x7075, len(body)) + body


@dataclass
class MemorySource:
    """A zip in memory that counts how it is read; `reads` has (offset, length) of each read."""

    data: bytes
    reads: list[tuple[int, int]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Size of the zip in bytes."""
        return len(self.data)

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`."""
        self.reads.append((offset, length))
        assert 0 <= offset <= offset + length <= len(self.data), "read outside the zip"
        return self.data[offset : offset + length]


def _with(*members: Member) -> bytes:
    return forge([Member("index.html"), *members])


def _quoted_overlap() -> bytes:
    """Two entries whose data is the same bytes: the heart of overlapping zip bombs."""
    kernel = deflated(bytes(1_000))
    return _with(Member("a.bin", bytes(1_000)), Member("b.bin", raw=kernel, header_offset=74))


_GOOD = build_zip({"index.html": PAGE, "app.js": b"console.log(1)"})

# kind: (the zip, words its refusal holds)
_KINDS: dict[str, tuple[bytes, str]] = {
    "not a zip": (b"\x1f\x8b\x08 a tarball, really" * 40, "is not a zip"),
    "an empty file": (b"", "is empty"),
    "cut off": (_GOOD[:-30], "cut off"),
    "followed by other data": (_GOOD + b"trailing", "cut off"),
    "start is missing": (_GOOD[20:], "damaged"),
    "no entries": (forge([]), "holds no files"),
    "folders only": (build_zip({"a/": b"", "a/b/": b""}), "holds no files"),
    "no index.html": (build_zip({"page.html": PAGE}), "no index.html"),
    "several disks": (forge([Member("index.html")], disk=1), "several parts"),
    "wrong number of entries": (forge([Member("index.html")], entries=2), "damaged"),
    "two directories": (forge([Member("index.html")], comment=_GOOD), "two directories"),
    "encrypted": (_with(Member("a.js", flags=ENCRYPTED)), "encrypted"),
    "strongly encrypted": (_with(Member("a.js", flags=STRONG)), "encrypted"),
    "masked headers": (_with(Member("a.js", flags=MASKED)), "encrypted"),
    "climbs out": (_with(Member("../evil.js")), "leaves the site"),
    "climbs out further in": (_with(Member("a/../../evil.js")), "leaves the site"),
    "climbs out as a folder": (_with(Member("../evil/", b"", STORED)), "leaves the site"),
    "absolute path": (_with(Member("/etc/passwd")), "absolute path"),
    "drive letter": (_with(Member("C:/evil.js")), "drive letter"),
    "backslash": (_with(Member("a\\b.js")), "backslash"),
    "NUL in a name": (_with(Member("a.js\0.png")), "control character"),
    "control character in a name": (_with(Member("a\x1b[2J.js")), "control character"),
    "empty segment": (_with(Member("a//b.js")), "empty folder name"),
    "dot segment": (_with(Member("a/./b.js")), "'.' as a folder name"),
    "name is not UTF-8": (_with(Member(b"caf\xe9.js", flags=UTF8)), "not UTF-8"),
    "no name": (_with(Member("")), "without a name"),
    "symbolic link": (_with(Member("a.js", b"/etc/passwd", mode=SYMLINK)), "symbolic link"),
    "folder that is a link": (_with(Member("a/", b"/etc", STORED, mode=SYMLINK)), "symbolic link"),
    "device": (_with(Member("a.js", mode=DEVICE)), "device"),
    "pipe": (_with(Member("a.js", mode=PIPE)), "pipe"),
    "socket": (_with(Member("a.js", mode=SOCKET)), "socket"),
    "one name twice": (_with(Member("a.js"), Member("a.js", b"other")), "twice"),
    "one name in two Unicode forms": (
        _with(Member("caf\u00e9.js"), Member("cafe\u0301.js", b"other")),
        "Unicode",
    ),
    "file and folder of one name": (_with(Member("a"), Member("a/b.js")), "both a file and a"),
    "bomb": (_with(Member("a.bin", size=2_000_000, raw=b"x" * 1_999)), "1,000 times"),
    "overlapping entries": (_quoted_overlap(), "overlap"),
    "data runs into the directory": (_with(Member("a.js", compressed_size=5_000)), "overlap"),
    "unknown compression": (_with(Member("a.js", method=14)), "method 14"),
    "stored with two sizes": (_with(Member("a.js", method=STORED, size=9)), "damaged"),
    "folder with content": (_with(Member("a/", b"hidden", STORED)), "has content"),
    "accents without end": (_with(Member("a" + "\u0301" * 400)), "accents in a row"),
    "reserved folder": (_with(Member("_decant/404.html")), "reserved"),
    "name too long": (_with(Member("a" * 1_001)), "1,000 bytes"),
}
HOSTILE: dict[str, bytes] = {kind: data for kind, (data, _) in _KINDS.items()}
SAYS: dict[str, str] = {kind: words for kind, (_, words) in _KINDS.items()}
