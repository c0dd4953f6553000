"""Reads the content of entries out of the raw bytes of a zip, and proves that it is right.

Touches nothing but the chunks it is given. One ranged GET can serve a run of neighbouring entries;
memory is bounded by the size of a chunk and 64 KB of content, whatever an entry claims.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator

from chalicelib.archive.checks import DEFLATED, ENCRYPTED_FLAGS, LOCAL_HEADER_BYTES
from chalicelib.archive.models import KB, Entry
from chalicelib.archive.names import decode_name, quoted
from chalicelib.errors import UploadRefused, VersionCorrupt

PIECE_BYTES = 64 * KB  # of content, and of compressed bytes given to zlib at once

_HEADER = struct.Struct("<4s2x2H16x2H")  # signature, flags, method, lengths of name and extra
_SIGNATURE = b"PK\3\4"


def iter_entries(
    chunks: Iterable[bytes], start_offset: int, entries: Iterable[Entry]
) -> Iterator[tuple[Entry, Iterator[bytes]]]:
    """Each of `entries` with its content, in pieces of 64 KB at the most.

    `chunks` are the bytes of the zip from `start_offset` on, cut anywhere; they must reach to the
    end of the last entry. `entries` come in the order of their header offsets, and may leave out
    some. Each content must be read to its end before the next entry is asked for: only the end
    proves size and checksum. Raises VersionCorrupt when the bytes are not what the directory says,
    RuntimeError when a content was not read to its end, and what `chunks` raises.
    """
    raw = _Raw(chunks, start_offset)
    for entry in entries:
        raw.skip_to(entry)
        _check_local_header(raw, entry)
        content = _Content(raw, entry)
        yield entry, content
        if not content.proven:
            raise RuntimeError(f"the content of {entry.name!r} was not read to its end")


class _Raw:
    """The bytes of the zip, read once from front to back; `position` counts from its start."""

    def __init__(self, chunks: Iterable[bytes], position: int) -> None:
        self._chunks = iter(chunks)
        self._held = memoryview(b"")
        self.position = position

    def pieces(self, length: int, entry: Entry) -> Iterator[memoryview]:
        """The next `length` bytes, in pieces of 64 KB at the most; `entry` is for the error."""
        while length > 0:
            while not self._held:
                chunk = next(self._chunks, None)
                if chunk is None:
                    raise corrupt(entry, "ends too early")
                self._held = memoryview(chunk)
            piece = self._held[: min(length, PIECE_BYTES)]
            self._held = self._held[len(piece) :]
            self.position += len(piece)
            length -= len(piece)
            yield piece

    def take(self, length: int, entry: Entry) -> bytes:
        """The next `length` bytes, at most some 64 KB of a header."""
        return b"".join(self.pieces(length, entry))

    def skip_to(self, entry: Entry) -> None:
        """Move to the local header of `entry`."""
        if entry.header_offset < self.position:
            raise corrupt(entry, "overlaps the entry before it")
        for _ in self.pieces(entry.header_offset - self.position, entry):
            pass


def corrupt(entry: Entry, what: str) -> VersionCorrupt:
    """The error for an entry whose bytes are not what the directory says."""
    return VersionCorrupt(f"The entry {quoted(entry.name)} {what}: zip the site again.")


def _check_local_header(raw: _Raw, entry: Entry) -> None:
    """Read up to the content; the local header must agree with the central one.

    Sizes and checksum are not compared: a streamed entry has them after its content, and those of
    the directory are proven by the content itself.
    """
    header = raw.take(LOCAL_HEADER_BYTES, entry)
    signature, flags, method, name_bytes, extra_bytes = _HEADER.unpack(header)
    if signature != _SIGNATURE:
        raise corrupt(entry, "is not where the zip's directory says")
    name = raw.take(name_bytes, entry)
    extra = raw.take(extra_bytes, entry)
    if name != entry.raw_name or not _same_meaning(name, extra, entry):
        raise corrupt(entry, "has another name in its own header than in the zip's directory")
    if method != entry.method or (flags ^ entry.flags) & ENCRYPTED_FLAGS:
        raise corrupt(entry, "is stored in another way than the zip's directory says")


def _same_meaning(name: bytes, extra: bytes, entry: Entry) -> bool:
    if b"up" not in extra:  # no Unicode path of its own
        return True
    try:
        return decode_name(name, entry.flags, extra) == entry.name
    except UploadRefused:
        return False


class _Content(Iterator[bytes]):
    """The content of one entry; `proven` once size and checksum are known to be right."""

    def __init__(self, raw: _Raw, entry: Entry) -> None:
        self.proven = False
        self._pieces = self._proving(raw, entry)

    def __next__(self) -> bytes:
        return next(self._pieces)

    def _proving(self, raw: _Raw, entry: Entry) -> Iterator[bytes]:
        crc = count = 0
        packed = raw.pieces(entry.compressed_bytes, entry)
        for piece in _inflated(packed, entry) if entry.method == DEFLATED else map(bytes, packed):
            count += len(piece)
            crc = zlib.crc32(piece, crc)
            if count > entry.bytes:  # a bomb stops here, at most one piece too late
                raise corrupt(entry, f"holds more than the {entry.bytes:,} bytes it declares")
            if piece:
                yield piece
        if count != entry.bytes or crc != entry.crc32:
            raise corrupt(entry, "has another content than its checksum says")
        self.proven = True


def _inflated(packed: Iterator[memoryview], entry: Entry) -> Iterator[bytes]:
    if not entry.compressed_bytes and not entry.bytes:
        return  # some tools call an empty file deflated without writing a stream
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in packed:
            rest: bytes | memoryview = piece
            while rest:
                if machine.eof:
                    raise corrupt(entry, "has data after its end")
                yield machine.decompress(rest, PIECE_BYTES)
                rest = machine.unused_data or machine.unconsumed_tail
        while not machine.eof:  # zlib may still hold content when it has taken all its input
            content = machine.decompress(b"", PIECE_BYTES)
            if not content and not machine.eof:
                raise corrupt(entry, "ends too early")
            yield content
    except zlib.error as error:
        raise corrupt(entry, "cannot be decompressed") from error
