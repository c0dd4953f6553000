"""The working papers of a deployment: shards and what was stored of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.archive import Entry, SiteFile
from chalicelib.header_sets import Headers
from chalicelib.work import (
    MB,
    SHARD_BYTES,
    SHARD_FILES,
    SHARD_NEW_FILES,
    Known,
    Paper,
    Shard,
    StoredFile,
    decode_shard,
    decode_stored,
    encode_items,
    encode_plan,
    encode_shard,
    encode_stored,
    part_key,
    plan_shards,
    stored_key,
)

KNOWN = Known("0" * 64, 3)
PAGE: Headers = (("content-type", "text/html"), ("cache-control", "no-cache"))
SCRIPT: Headers = (("content-type", "text/javascript"),)


def file(path: str, start: int, end: int, raw_name: bytes = b"n") -> SiteFile:
    return SiteFile(path, Entry(path, raw_name, 0, 8, 1, end - start, 10, start, 0), end)


def shards_of(
    files: Sequence[SiteFile], known: Mapping[str, Known] | None = None
) -> tuple[Shard, ...]:
    """The shards of `files`, which all have the same headers."""
    return plan_shards(files, {file.path: PAGE for file in files}, known)


SIZES = st.lists(st.tuples(st.integers(0, 5 * MB), st.integers(1, 80 * MB)), max_size=40)


@given(SIZES)
def test_every_file_is_in_exactly_one_shard_and_inside_its_range(
    sizes: list[tuple[int, int]],
) -> None:
    files, at = [], 0
    for number, (gap, size) in enumerate(sizes):
        files.append(file(f"f{number}", at + gap, at + gap + size))
        at += gap + size
    shards = shards_of(list(reversed(files)))
    assert [f for shard in shards for f in shard.files] == files
    for shard in shards:
        assert shard.start == shard.files[0].entry.header_offset
        assert shard.end == shard.files[-1].end_offset
        assert len(shard.files) == 1 or shard.end - shard.start <= SHARD_BYTES


def test_a_shard_holds_at_most_a_thousand_files_to_store() -> None:
    files = [file(f"f{n}", n, n + 1) for n in range(SHARD_NEW_FILES + 1)]
    assert [len(shard.files) for shard in shards_of(files)] == [SHARD_NEW_FILES, 1]
    assert len(shards_of(files[:SHARD_NEW_FILES])) == 1


def test_files_that_are_stored_already_fill_a_shard_ten_times_later() -> None:
    files = [file(f"f{n}", n, n + 1) for n in range(SHARD_FILES + 1)]
    known = {file.path: KNOWN for file in files}
    assert [len(shard.files) for shard in shards_of(files, known)] == [SHARD_FILES, 1]
    new = [file(f"n{n}", SHARD_FILES + n, SHARD_FILES + n + 1) for n in range(SHARD_NEW_FILES + 1)]
    half = files[: SHARD_FILES // 2]
    shards = shards_of([*half, *new], known)
    assert [len(shard.files) for shard in shards] == [len(half) + SHARD_NEW_FILES, 1]
    assert shards[0].known.keys() == {file.path for file in half}


def test_a_shard_holds_at_most_sixty_four_megabytes() -> None:
    half = SHARD_BYTES // 2
    assert len(shards_of([file("a", 0, half), file("b", half, 2 * half)])) == 1
    assert len(shards_of([file("a", 0, half), file("b", half, 2 * half + 1)])) == 2


def test_a_long_stretch_that_is_not_deployed_is_not_read() -> None:
    assert len(shards_of([file("a", 0, 10), file("b", 10 + MB, 20 + MB)])) == 1
    assert len(shards_of([file("a", 0, 10), file("b", 11 + MB, 20 + MB)])) == 2


def test_an_empty_site_has_no_shards() -> None:
    assert shards_of([]) == ()


@given(st.text(), st.binary())
def test_a_shard_survives_being_stored(path: str, raw_name: bytes) -> None:
    path = path.encode(errors="replace").decode()
    [shard] = shards_of([file(path, 5, 10, raw_name)])
    assert decode_shard(encode_shard(shard)) == shard


def test_what_is_known_of_a_file_survives_being_stored() -> None:
    [shard] = shards_of([file("a", 0, 1), file("b", 1, 2)], {"b": KNOWN})
    assert decode_shard(encode_shard(shard)).known == {"b": KNOWN}


def test_each_file_keeps_its_headers() -> None:
    headers = {"a.js": SCRIPT, "b.html": PAGE, "c.js": SCRIPT}
    [shard] = plan_shards([file(path, n, n + 1) for n, path in enumerate(headers)], headers)
    assert decode_shard(encode_shard(shard)).headers == shard.headers == headers


def test_a_shard_has_the_headers_of_its_own_files_only() -> None:
    files = [file("a.js", 0, 1), file("b.html", 3 * MB, 4 * MB)]
    first, second = plan_shards(files, {"a.js": SCRIPT, "b.html": PAGE})
    assert (first.headers, second.headers) == ({"a.js": SCRIPT}, {"b.html": PAGE})


def test_a_set_of_headers_that_many_files_share_is_written_once() -> None:
    [shard] = shards_of([file(f"f{n}", n, n + 1) for n in range(9)])
    assert json.loads(encode_shard(shard))["headers"] == [dict(PAGE)]


def test_each_paper_is_where_its_item_says() -> None:
    shards = shards_of([file("ü", 0, 1), file("b", 3 * MB, 4 * MB), file("c", 9 * MB, 10 * MB)])
    assert len(shards) == 3
    plan, papers = encode_plan(shards)
    assert [decode_shard(plan[paper.start : paper.end]) for paper in papers] == list(shards)


def test_what_was_stored_survives_being_stored() -> None:
    stored = (
        StoredFile("a b/ü.html", 5, "0" * 64, 1, PAGE, 7),
        StoredFile("app.js", 5, "1" * 64, 1, SCRIPT, 3),
        StoredFile("b.html", 5, "2" * 64, 1, PAGE, 7),
    )
    assert decode_stored(encode_stored(stored)) == stored


def test_an_item_of_the_map_holds_all_that_its_child_needs() -> None:
    assert json.loads(encode_items("d1", [Paper(0, 0, 20)])) == [
        {"deployment_id": "d1", "shard": 0, "paper_start": 0, "paper_end": 20}
    ]


def test_the_keys_sort_like_the_numbers() -> None:
    assert stored_key("d1", 2) < stored_key("d1", 10)
    assert stored_key("d1", 2) == "deployments/d1/stored/00002.json"
    assert part_key("d1", 2) == "deployments/d1/stored/00002-part.json"
