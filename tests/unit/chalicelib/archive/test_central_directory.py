"""Reading the central directory: where it is found, in how many requests, and what is refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import pytest

from chalicelib.archive import CentralDirectory, read_central_directory
from chalicelib.archive.central_directory import CHUNK_BYTES, TAIL_BYTES
from chalicelib.errors import AwsError, UploadRefused
from tests.zips import (
    PAGE,
    STORED,
    Member,
    MemorySource,
    build_zip,
    forge,
    unicode_path,
)

MB = 1024 * 1024
FILES = {"index.html": PAGE, "a/b.js": b"let b", "café.css": b"p{}", "c/": b""}


def read(
    data: bytes, *, max_entries: int = 1_000_000, max_directory_bytes: int = 64 * MB
) -> CentralDirectory:
    return read_central_directory(
        MemorySource(data), max_entries=max_entries, max_directory_bytes=max_directory_bytes
    )


def names(directory: CentralDirectory) -> Sequence[str]:
    return [entry.name for entry in directory.entries]


@pytest.mark.parametrize(
    "data",
    [
        build_zip(FILES),
        build_zip(FILES, method=STORED),
        build_zip(FILES, streamed=True),
        build_zip(FILES, zip64=True),
        build_zip(FILES, zip64=True, streamed=True),
        build_zip(FILES, comment=b"made by hand"),
        build_zip(FILES, comment=b"x" * 65_535),
        build_zip(FILES, prefix=b"#!/bin/sh\nexit 1\n"),
        build_zip(FILES, prefix=b"x" * 70_000, zip64=True),
    ],
    ids=[
        "deflated",
        "stored",
        "streamed",
        "zip64",
        "zip64 streamed",
        "comment",
        "longest comment",
        "self-extractor",
        "zip64 self-extractor",
    ],
)
def test_reads_what_python_reads(data: bytes) -> None:
    directory = read(data)
    expected = zipfile.ZipFile(io.BytesIO(data)).infolist()
    assert [
        (e.name, e.bytes, e.compressed_bytes, e.crc32, e.header_offset, e.method, e.mode)
        for e in directory.entries
    ] == [
        (
            i.filename,
            i.file_size,
            i.compress_size,
            i.CRC,
            i.header_offset,
            i.compress_type,
            i.external_attr >> 16,
        )
        for i in expected
    ]


def test_one_read_is_enough_for_a_small_zip() -> None:
    source = MemorySource(build_zip(FILES))
    read_central_directory(source, max_entries=10, max_directory_bytes=MB)
    assert source.reads == [(0, source.size)]


def test_one_read_is_enough_when_the_directory_lies_in_the_last_megabyte() -> None:
    source = MemorySource(forge([Member("index.html"), Member("a", bytes(2 * MB), STORED)]))
    read_central_directory(source, max_entries=10, max_directory_bytes=MB)
    assert source.reads == [(source.size - TAIL_BYTES, TAIL_BYTES)]


def _zip_with_directory_of(size: int) -> bytes:
    """A zip whose central directory has exactly `size` bytes."""
    big = Member("a", b"", STORED, extra=bytes(60_000))
    count, rest = divmod(size, 46 + 1 + 60_000)
    return forge([big] * count + [Member("z" * (rest - 46), b"", STORED)])


def test_a_directory_that_fills_the_last_megabyte_takes_one_read_and_one_byte_more_two() -> None:
    for size, reads in ((TAIL_BYTES - 22, 1), (TAIL_BYTES - 21, 2)):
        source = MemorySource(_zip_with_directory_of(size))
        directory = read_central_directory(source, max_entries=100, max_directory_bytes=2 * MB)
        assert len(directory.entries) == 18
        assert source.size - 22 - directory.start == size
        assert len(source.reads) == reads


def test_a_large_directory_is_read_in_bounded_chunks_each_byte_once() -> None:
    source = MemorySource(_zip_with_directory_of(20 * MB))
    directory = read_central_directory(source, max_entries=1_000, max_directory_bytes=21 * MB)
    assert len(source.reads) == 4
    assert max(length for _, length in source.reads) == CHUNK_BYTES
    assert sum(length for _, length in source.reads) == source.size - directory.start
    assert len(directory.entries) == 350


def test_more_than_65535_entries_need_no_zip64_to_be_counted() -> None:
    members = [Member(f"{n}", b"", STORED) for n in range(65_537)]
    assert len(read(forge(members)).entries) == 65_537  # the end record says 1
    assert len(read(forge(members, zip64=True)).entries) == 65_537


def test_a_wrong_count_is_refused_with_and_without_zip64() -> None:
    for zip64 in (False, True):
        with pytest.raises(UploadRefused, match="damaged"):
            read(forge([Member("index.html")], entries=2, zip64=zip64))


def test_a_signature_inside_the_comment_does_not_mislead() -> None:
    fake = b"PK\5\6" + bytes(16) + b"\x09\x00" + b"rest"  # claims a comment of 9 bytes, has 4
    assert names(read(build_zip(FILES, comment=fake))) == list(FILES)


@pytest.mark.parametrize("comment", [b"PK\5\6" + bytes(18), build_zip({"index.html": b"other"})])
def test_a_second_end_record_in_the_comment_is_refused(comment: bytes) -> None:
    with pytest.raises(UploadRefused, match="two directories"):
        read(build_zip(FILES, comment=comment))


def test_a_zip_stored_inside_is_not_mistaken_for_the_zip() -> None:
    inner = build_zip({"inner.html": PAGE})
    assert names(read(build_zip({"index.html": PAGE, "x.zip": inner}, method=STORED))) == [
        "index.html",
        "x.zip",
    ]


@pytest.mark.parametrize("told", [3, 5])
def test_a_comment_of_another_length_than_told_is_refused(told: int) -> None:
    with pytest.raises(UploadRefused, match="cut off"):
        read(forge([Member("index.html")], comment=b"four", comment_bytes=told))


def test_offsets_include_the_data_before_the_zip() -> None:
    plain, moved = read(build_zip(FILES)), read(build_zip(FILES, prefix=b"12345"))
    assert [e.header_offset + 5 for e in plain.entries] == [e.header_offset for e in moved.entries]
    assert moved.start == plain.start + 5


def test_the_number_of_entries_is_limited() -> None:
    data = build_zip(FILES)
    assert len(read(data, max_entries=4).entries) == 4
    with pytest.raises(UploadRefused, match="more than 3 entries"):
        read(data, max_entries=3)


def test_the_size_of_the_directory_is_limited() -> None:
    data = build_zip(FILES)
    size = len(data) - 22 - read(data).start
    assert read(data, max_directory_bytes=size).entries
    with pytest.raises(UploadRefused, match="deploy fewer files"):
        read(data, max_directory_bytes=size - 1)


@pytest.mark.parametrize("length", range(1, len(build_zip({"index.html": PAGE}, zip64=True))))
def test_every_cut_off_zip_is_refused(length: int) -> None:
    with pytest.raises(UploadRefused):
        read(build_zip({"index.html": PAGE}, zip64=True)[:length])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"P", "not a zip"),
        (b"PK", "cut off"),
        (b"<!doctype html>" * 100_000, "not a zip"),
        (b"PK\3\4" + bytes(2 * MB), "cut off"),
        (forge([Member("index.html")], disk=1), "several parts"),
        (forge([Member("index.html")], disk=1, zip64=True), "several parts"),
        (forge([Member("index.html")], directory_offset=1_000_000), "damaged"),
        (forge([Member("index.html")], directory_bytes=1_000_000), "damaged"),
        (forge([Member("index.html")], directory_bytes=10), "damaged"),
        (forge([Member("index.html")], directory_bytes=2**40, zip64=True), "damaged"),
        (forge([Member("index.html")], directory_bytes=57, directory_offset=0), "damaged"),
        (forge([Member("a", size=0xFFFFFFFF)]), "size of 'a' is missing"),
        (forge([Member("a", header_offset=0xFFFFFFFF, extra=b"\1\0\4\0four")]), "is missing"),
    ],
)
def test_refuses_what_is_no_sound_zip(data: bytes, says: str) -> None:
    with pytest.raises(UploadRefused, match=says):
        read(data)


def test_refuses_an_end_record_that_counts_only_some_of_the_entries_on_this_disk() -> None:
    data = bytearray(forge([Member("index.html")]))
    data[-22 + 8] = 0
    with pytest.raises(UploadRefused, match="several parts"):
        read(bytes(data))


@pytest.mark.parametrize("field", [4, 16])
def test_refuses_a_zip64_locator_that_names_another_disk(field: int) -> None:
    data = bytearray(forge([Member("index.html")], zip64=True))
    data[data.rindex(b"PK\6\7") + field] = 2
    with pytest.raises(UploadRefused, match="several parts"):
        read(bytes(data))


def test_refuses_end_records_that_disagree() -> None:
    data = bytearray(forge([Member("index.html")], zip64=True))
    data[-22 + 10 : -22 + 12] = b"\x02\x00"  # the short one now counts 2 entries
    with pytest.raises(UploadRefused, match="two end records differ"):
        read(bytes(data))


def test_refuses_a_zip64_locator_without_its_record() -> None:
    data = bytearray(forge([Member("index.html")], zip64=True))
    at = data.rindex(b"PK\6\6")
    data[at] = 0
    with pytest.raises(UploadRefused, match="zip64 end record is missing"):
        read(bytes(data))


def test_refuses_an_entry_on_another_disk() -> None:
    data = bytearray(forge([Member("index.html")]))
    at = data.rindex(b"PK\1\2")
    data[at + 34] = 1
    with pytest.raises(UploadRefused, match="several parts"):
        read(bytes(data))


def test_names_come_from_the_unicode_path_when_there_is_one() -> None:
    raw = b"caf_.html"
    entry = read(forge([Member(raw, extra=unicode_path(raw, "café.html"))])).entries[0]
    assert (entry.name, entry.raw_name) == ("café.html", raw)


def test_errors_of_the_source_come_through() -> None:
    class Failing:
        size = 100

        def read(self, offset: int, length: int) -> bytes:
            raise AwsError(f"no bytes at {offset} for {length}")

    with pytest.raises(AwsError):
        read_central_directory(Failing(), max_entries=1, max_directory_bytes=1)
