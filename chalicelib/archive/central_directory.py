"""Reads the central directory of a zip from its end: two requests, or a few when it is large.

Touches nothing but the ByteSource it is given. The format is PKWARE's APPNOTE, section 4.3.12.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from chalicelib.archive.end_record import DAMAGED, EndRecord, find_end
from chalicelib.archive.models import MB, ByteSource, CentralDirectory, Entry
from chalicelib.archive.names import decode_name, extra_fields, quoted
from chalicelib.errors import UploadRefused

TAIL_BYTES = 1 * MB  # holds the end record, and the whole directory of about 10,000 files
CHUNK_BYTES = 8 * MB  # bounds the memory of reading a larger directory

# signature; versions and system; flags, method, time, date; crc, sizes; lengths of name, extra
# and comment, disk, internal attributes; external attributes, offset
_HEADER = struct.Struct("<4s4x4H3L5H2L")
_SIGNATURE = b"PK\1\2"
_ZIP64 = 0x0001
_MAX16, _MAX32 = 0xFFFF, 0xFFFFFFFF


def read_central_directory(
    source: ByteSource, *, max_entries: int, max_directory_bytes: int
) -> CentralDirectory:
    """The central directory of the zip in `source`.

    Reads the last 1 MB, then the rest of the directory if it is longer. Raises UploadRefused when
    there is no such directory, it is damaged, or it passes a maximum; and what `source` raises.
    """
    if not source.size:
        raise UploadRefused("The file is empty: upload the site as a zip.")
    tail_start = max(0, source.size - TAIL_BYTES)
    tail = source.read(tail_start, source.size - tail_start)
    try:
        end = find_end(tail, tail_start)
    except UploadRefused as refused:
        head = source.read(0, min(2, source.size)) if tail_start else tail[:2]
        if head == b"PK" or b"PK\5\6" in tail:
            raise
        raise UploadRefused(
            "The file is not a zip: upload the site as a zip, not in any other format."
        ) from refused
    if end.bytes > max_directory_bytes:
        raise UploadRefused(
            f"The zip's directory has {end.bytes:,} bytes, allowed are {max_directory_bytes:,}: "
            "deploy fewer files or use shorter names."
        )
    chunks = _directory_chunks(source, end, tail, tail_start)
    return CentralDirectory(tuple(_entries(chunks, end, max_entries)), end.start)


def _directory_chunks(
    source: ByteSource, end: EndRecord, tail: bytes, tail_start: int
) -> Iterator[bytes]:
    at, stop = end.start, end.start + end.bytes
    while at < min(stop, tail_start):
        length = min(CHUNK_BYTES, min(stop, tail_start) - at)
        yield source.read(at, length)
        at += length
    yield tail[at - tail_start : stop - tail_start]


def _entries(chunks: Iterator[bytes], end: EndRecord, max_entries: int) -> Iterator[Entry]:
    held, at, consumed, count = b"", 0, 0, 0
    while consumed < end.bytes:
        if len(held) - at < _HEADER.size:
            held, at = _refilled(held, at, _HEADER.size, chunks), 0
        fields = _HEADER.unpack_from(held, at)
        if fields[0] != _SIGNATURE:
            raise UploadRefused(DAMAGED.format("an entry of its directory is unreadable"))
        length = _HEADER.size + fields[8] + fields[9] + fields[10]
        if len(held) - at < length:
            held, at = _refilled(held, at, length, chunks), 0
        name_end = at + _HEADER.size + fields[8]
        raw_name = held[at + _HEADER.size : name_end]
        yield _entry(fields, raw_name, held[name_end : name_end + fields[9]], end.shift)
        at += length
        consumed += length
        count += 1
        if count > max_entries:
            raise UploadRefused(
                f"The zip has more than {max_entries:,} entries: deploy fewer files."
            )
    counted = count & _MAX16 if end.modulo else count
    if consumed != end.bytes or counted != end.entries:
        raise UploadRefused(DAMAGED.format("its directory and its end record differ"))


def _refilled(held: bytes, at: int, needed: int, chunks: Iterator[bytes]) -> bytes:
    """What is left of `held` from `at`, and as many chunks as make it `needed` bytes long."""
    parts, length = [held[at:]], len(held) - at
    while length < needed:
        chunk = next(chunks, None)
        if chunk is None:
            raise UploadRefused(DAMAGED.format("its directory ends in the middle of an entry"))
        parts.append(chunk)
        length += len(chunk)
    return b"".join(parts)


def _entry(
    fields: tuple[bytes, int, int, int, int, int, int, int, int, int, int, int, int, int, int],
    raw_name: bytes,
    extra: bytes,
    shift: int,
) -> Entry:
    _, flags, method, _, _, crc, packed, size, _, _, _, disk, _, attributes, offset = fields
    name = decode_name(raw_name, flags, extra)
    if _MAX32 in (size, packed, offset) or disk:
        size, packed, offset, disk = _with_zip64(name, extra, size, packed, offset, disk)
    if disk:
        raise UploadRefused("The zip is split into several parts: upload it as a single file.")
    return Entry(name, raw_name, flags, method, crc, packed, size, offset + shift, attributes >> 16)


def _with_zip64(
    name: str, extra: bytes, size: int, packed: int, offset: int, disk: int
) -> tuple[int, int, int, int]:
    """The four numbers, with those that do not fit into the header taken from the extra field."""
    content = next((content for number, content in extra_fields(extra) if number == _ZIP64), b"")
    numbers, at = [], 0
    for number, most, width in (
        (size, _MAX32, 8),
        (packed, _MAX32, 8),
        (offset, _MAX32, 8),
        (disk, _MAX16, 4),
    ):
        if number == most:
            if at + width > len(content):
                raise UploadRefused(DAMAGED.format(f"the size of {quoted(name)} is missing"))
            number = int.from_bytes(content[at : at + width], "little")
            at += width
        numbers.append(number)
    return numbers[0], numbers[1], numbers[2], numbers[3]
