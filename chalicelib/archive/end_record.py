"""The end of a zip: finds and judges the record that says where the central directory is.

Works on the last bytes of the object, which the caller has read (APPNOTE 4.3.14 to 4.3.16).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.errors import UploadRefused

DAMAGED = "The zip is damaged ({}): zip the site again and upload that."
_SIGNATURE = b"PK\5\6"
_END = struct.Struct("<4s4H2LH")
_LOCATOR64 = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_MAX_COMMENT_BYTES = 65_535
_MAX16, _MAX32 = 0xFFFF, 0xFFFFFFFF
_DIRECTORY_SIGNATURE = b"PK\1\2"


@dataclass(frozen=True, slots=True)
class EndRecord:
    """Where the central directory is: [start, start + bytes), counted in the object.

    `shift` is what every offset in the zip must be raised by: the size of data put before it.
    `modulo` says that `entries` may be only the lower 16 bits of the true number.
    """

    entries: int
    start: int
    bytes: int
    shift: int
    modulo: bool


def find_end(tail: bytes, tail_start: int) -> EndRecord:
    """The end record in `tail`, the last bytes of the object, which begin at `tail_start`.

    Raises UploadRefused when there is none, when it is damaged, or when there are two: a comment
    can hold a second one, and then no reader can know which of them was meant.
    """
    records: list[EndRecord] = []
    refusals: list[UploadRefused] = []
    for at in _candidates(tail):
        try:
            records.append(_read_end(tail, at, tail_start))
        except UploadRefused as refused:
            refusals.append(refused)
    if len(records) > 1:
        raise UploadRefused("The zip has two directories: zip the site again without a comment.")
    if records:
        return records[0]
    if refusals:
        raise refusals[0]
    raise UploadRefused(
        "The zip is cut off or followed by other data, so its directory cannot be found: "
        "upload it again."
    )


def _candidates(tail: bytes) -> Iterator[int]:
    """Where an end record may start: its comment must reach exactly to the end of the object."""
    lowest = max(0, len(tail) - _END.size - _MAX_COMMENT_BYTES)
    at = tail.rfind(_SIGNATURE, lowest)
    while at >= 0:
        comment_at = at + _END.size
        if comment_at <= len(tail):
            told = int.from_bytes(tail[comment_at - 2 : comment_at], "little")
            if comment_at + told == len(tail):
                yield at
        at = tail.rfind(_SIGNATURE, lowest, at + len(_SIGNATURE) - 1)


def _read_end(tail: bytes, at: int, tail_start: int) -> EndRecord:
    _, disk, first_disk, here, entries, length, offset, _ = _END.unpack_from(tail, at)
    end, disks, modulo = at, (disk, first_disk), True
    plain = (here, entries, length, offset)
    found = _read_end64(tail, at, tail_start)
    if found is not None:
        end, disks64, numbers = found
        if any(
            short not in (long, most)
            for short, long, most in zip(
                (*disks, *plain),
                (*disks64, *numbers),
                (_MAX16, _MAX16, _MAX16, _MAX16, _MAX32, _MAX32),
                strict=True,
            )
        ):
            raise UploadRefused(DAMAGED.format("its two end records differ"))
        disks, modulo = disks64, False
        here, entries, length, offset = numbers
    if any(disks) or here != entries:
        raise UploadRefused("The zip is split into several parts: upload it as a single file.")
    start = tail_start + end - length
    shift = start - offset
    if start < 0 or shift < 0:
        raise UploadRefused(DAMAGED.format("its directory is not where its end says"))
    in_tail = start - tail_start
    if length and in_tail >= 0 and tail[in_tail : in_tail + 4] != _DIRECTORY_SIGNATURE:
        raise UploadRefused(DAMAGED.format("its directory is not where its end says"))
    return EndRecord(entries, start, length, shift, modulo)


def _read_end64(
    tail: bytes, at: int, tail_start: int
) -> tuple[int, tuple[int, int], tuple[int, int, int, int]] | None:
    """Where the zip64 end record starts in `tail`, its disks and its numbers; None without one."""
    locator_at = at - _LOCATOR64.size
    if locator_at < 0 or tail[locator_at : locator_at + 4] != b"PK\6\7":
        return None
    _, disk, told, disks = _LOCATOR64.unpack_from(tail, locator_at)
    if disk or disks > 1:
        raise UploadRefused("The zip is split into several parts: upload it as a single file.")
    # Data put before the zip moves the record away from where the locator says it is; then it is
    # directly before the locator, provided that it has no extension (no known tool writes one).
    for start in (told - tail_start, locator_at - _END64.size):
        if not 0 <= start <= locator_at - _END64.size or tail[start : start + 4] != b"PK\6\6":
            continue
        _, size, _, _, disk, first_disk, *numbers = _END64.unpack_from(tail, start)
        if start + 12 + size == locator_at:
            here, entries, length, offset = numbers
            return start, (disk, first_disk), (here, entries, length, offset)
    raise UploadRefused(DAMAGED.format("its zip64 end record is missing"))
