"""Streaming the content of entries out of raw bytes, and proving it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Iterator

import pytest

from chalicelib.archive import Entry, inspect, iter_entries, read_central_directory
from chalicelib.archive.reading import PIECE_BYTES
from chalicelib.errors import AwsError, VersionCorrupt
from tests.zips import (
    DEFLATED,
    ENCRYPTED,
    PAGE,
    STORED,
    Member,
    MemorySource,
    build_zip,
    deflated,
    forge,
    unicode_path,
)

MB = 1024 * 1024


def entries_of(data: bytes) -> tuple[Entry, ...]:
    return read_central_directory(
        MemorySource(data), max_entries=100, max_directory_bytes=MB
    ).entries


def contents(
    data: bytes, entries: Iterable[Entry] | None = None, *, start: int = 0, step: int = 1_000
) -> dict[str, bytes]:
    """Name -> content of `entries` (all of them when None), read in chunks of `step` bytes."""
    chunks = (data[at : at + step] for at in range(start, len(data), step))
    wanted = entries_of(data) if entries is None else entries
    return {e.name: b"".join(content) for e, content in iter_entries(chunks, start, wanted)}


FILES = {"index.html": PAGE, "a.js": b"a" * 5_000, "empty": b"", "é.css": bytes(range(256)) * 30}


@pytest.mark.parametrize("step", [1, 2, 29, 30, 31, 1_000, 10**6])
@pytest.mark.parametrize(
    "data",
    [
        build_zip(FILES),
        build_zip(FILES, method=STORED),
        build_zip(FILES, streamed=True),
        build_zip(FILES, zip64=True),
        build_zip(FILES, zip64=True, streamed=True),
        build_zip(FILES, prefix=b"self-extractor"),
    ],
    ids=["deflated", "stored", "streamed", "zip64", "zip64 streamed", "prefix"],
)
def test_every_entry_comes_out_as_it_went_in(data: bytes, step: int) -> None:
    assert contents(data, step=step) == FILES


def test_empty_chunks_are_no_end() -> None:
    data = build_zip(FILES)
    chunks = [b"", data[:40], b"", b"", data[40:], b""]
    (entry, *_) = entries_of(data)
    assert [b"".join(c) for _, c in iter_entries(chunks, 0, [entry])] == [PAGE]


def test_a_run_may_start_anywhere_and_leave_entries_out() -> None:
    data = build_zip(FILES)
    _, second, _, fourth = entries_of(data)
    start = second.header_offset
    assert list(contents(data, [second, fourth], start=start)) == ["a.js", "é.css"]


def test_the_range_of_a_site_file_is_enough_to_read_it() -> None:
    data = build_zip(FILES, streamed=True)
    for file in inspect(MemorySource(data)).files:
        start = file.entry.header_offset
        assert contents(data[: file.end_offset], [file.entry], start=start) == {
            file.path: FILES[file.path]
        }


def test_a_local_extra_field_is_passed_over() -> None:
    data = forge(
        [Member("index.html", local_extra=b"xx" + (60_000).to_bytes(2, "little") + bytes(60_000))]
    )
    assert contents(data) == {"index.html": PAGE}


def test_an_empty_file_may_be_called_deflated_without_a_stream() -> None:
    assert contents(forge([Member("index.html", b"", raw=b"")])) == {"index.html": b""}


def test_content_comes_in_pieces_of_64_kb_at_the_most() -> None:
    for method in (STORED, DEFLATED):
        data = build_zip({"index.html": bytes(3 * PIECE_BYTES)}, method=method)
        ((_, content),) = ((e, list(c)) for e, c in iter_entries([data], 0, entries_of(data)))
        assert [len(piece) for piece in content] == [PIECE_BYTES] * 3


def test_content_that_zlib_holds_back_still_comes_out() -> None:
    for size in (PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 10 * PIECE_BYTES + 258):
        assert contents(build_zip({"a": bytes(size)}), step=10**6) == {"a": bytes(size)}


def test_memory_does_not_grow_with_the_content() -> None:
    size = 50 * MB
    data = build_zip({"index.html": bytes(size)})
    entries = entries_of(data)
    tracemalloc.start()
    try:
        for _, content in iter_entries([data], 0, entries):
            assert sum(map(len, content)) == size
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 * MB


def _with_two(second: Member) -> bytes:
    return forge([Member("index.html"), second, Member("z.js")])


@pytest.mark.parametrize(
    ("member", "says"),
    [
        (Member("a.js", local_name=b"b.js"), "another name"),
        (Member("a.js", local_name=b"a.js2"), "another name"),
        (Member("a.js", local_extra=unicode_path(b"a.js", "b.js")), "another name"),
        (Member("a.js", local_method=STORED), "in another way"),
        (Member("a.js", local_flags=ENCRYPTED), "in another way"),
        (Member("a.js", crc32=1), "another content"),
        (Member("a.js", size=len(PAGE) + 1), "another content"),
        (Member("a.js", size=len(PAGE) - 1), "holds more than the 34 bytes"),
        (Member("a.js", raw=b"\xff" * 50), "cannot be decompressed"),
        (Member("a.js", raw=deflated(PAGE)[:-3]), "ends too early"),
        (Member("a.js", raw=deflated(PAGE) + b"more"), "data after its end"),
        (Member("a.js", raw=b""), "ends too early"),
        (Member("a.js", b"abcd", STORED, raw=b"abce"), "another content"),
        (Member("a.js", header_offset=3), "overlaps the entry before"),
        (Member("a.js", header_offset=80), "not where"),
    ],
)
def test_an_entry_that_is_not_what_the_directory_says_is_corrupt(member: Member, says: str) -> None:
    for step in (1, 7, 10**6):
        with pytest.raises(VersionCorrupt, match=f"'a.js' .*{says}"):
            contents(_with_two(member), step=step)


def test_a_bomb_is_stopped_before_it_gives_more_than_it_declares() -> None:
    bomb = forge([Member("index.html", size=1_000, raw=deflated(bytes(50 * MB)))])
    _, content = next(iter_entries([bomb], 0, entries_of(bomb)))
    with pytest.raises(VersionCorrupt, match="holds more than the 1,000 bytes"):
        next(content)


def test_data_that_runs_into_the_next_entry_is_corrupt() -> None:
    long = b"xx" + (200).to_bytes(2, "little") + bytes(200)  # the directory knows nothing of it
    data = bytearray(forge([Member("a", local_extra=long), Member("b")]))
    second = data.rindex(b"PK\1\2")
    at = entries_of(bytes(data))[1].header_offset - 150
    data[second + 42 : second + 46] = at.to_bytes(4, "little")
    with pytest.raises(VersionCorrupt, match="'b' overlaps the entry before it"):
        contents(bytes(data))


@pytest.mark.parametrize("end", range(0, 60))
def test_bytes_that_end_too_early_are_corrupt(end: int) -> None:
    data = build_zip({"index.html": PAGE})
    with pytest.raises(VersionCorrupt, match="ends too early"):
        contents(data[:end], entries_of(data))


def test_a_content_that_is_left_unread_is_an_error_of_the_caller() -> None:
    data = build_zip(FILES)
    run = iter_entries([data], 0, entries_of(data))
    next(run)
    with pytest.raises(RuntimeError, match="not read to its end"):
        next(run)


def test_a_content_of_which_only_the_proof_is_left_unread_is_an_error_too() -> None:
    data = build_zip(FILES)
    run = iter_entries([data], 0, entries_of(data))
    _, content = next(run)
    assert next(content) == PAGE
    with pytest.raises(RuntimeError, match="not read to its end"):
        next(run)


def test_errors_of_the_chunks_come_through() -> None:
    def failing() -> Iterator[bytes]:
        yield build_zip(FILES)[:50]
        raise AwsError("the connection broke")

    _, content = next(iter_entries(failing(), 0, entries_of(build_zip(FILES))))
    with pytest.raises(AwsError):
        list(content)
