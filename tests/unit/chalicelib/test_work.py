"""The working papers of a deployment: shards and what was stored of them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.archive import Entry, SiteFile
from chalicelib.work import (
    MB,
    SHARD_BYTES,
    SHARD_FILES,
    StoredFile,
    decode_shard,
    decode_stored,
    encode_items,
    encode_shard,
    encode_stored,
    plan_shards,
    shard_key,
    stored_key,
)


def file(path: str, start: int, end: int, raw_name: bytes = b"n") -> SiteFile:
    return SiteFile(path, Entry(path, raw_name, 0, 8, 1, end - start, 10, start, 0), end)


SIZES = st.lists(st.tuples(st.integers(0, 5 * MB), st.integers(1, 80 * MB)), max_size=40)


@given(SIZES)
def test_every_file_is_in_exactly_one_shard_and_inside_its_range(
    sizes: list[tuple[int, int]],
) -> None:
    files, at = [], 0
    for number, (gap, size) in enumerate(sizes):
        files.append(file(f"f{number}", at + gap, at + gap + size))
        at += gap + size
    shards = plan_shards(list(reversed(files)))
    assert [f for shard in shards for f in shard.files] == files
    for shard in shards:
        assert shard.start == shard.files[0].entry.header_offset
        assert shard.end == shard.files[-1].end_offset
        assert len(shard.files) == 1 or shard.end - shard.start <= SHARD_BYTES


def test_a_shard_holds_at_most_a_thousand_files() -> None:
    files = [file(f"f{n}", n, n + 1) for n in range(SHARD_FILES + 1)]
    assert [len(shard.files) for shard in plan_shards(files)] == [SHARD_FILES, 1]
    assert len(plan_shards(files[:SHARD_FILES])) == 1


def test_a_shard_holds_at_most_sixty_four_megabytes() -> None:
    half = SHARD_BYTES // 2
    assert len(plan_shards([file("a", 0, half), file("b", half, 2 * half)])) == 1
    assert len(plan_shards([file("a", 0, half), file("b", half, 2 * half + 1)])) == 2


def test_a_long_stretch_that_is_not_deployed_is_not_read() -> None:
    assert len(plan_shards([file("a", 0, 10), file("b", 10 + MB, 20 + MB)])) == 1
    assert len(plan_shards([file("a", 0, 10), file("b", 11 + MB, 20 + MB)])) == 2


def test_an_empty_site_has_no_shards() -> None:
    assert plan_shards([]) == ()


@given(st.text(), st.binary())
def test_a_shard_survives_being_stored(path: str, raw_name: bytes) -> None:
    path = path.encode(errors="replace").decode()
    [shard] = plan_shards([file(path, 5, 10, raw_name)])
    assert decode_shard(encode_shard(shard)) == shard


def test_what_was_stored_survives_being_stored() -> None:
    stored = (StoredFile("a b/ü.html", 5, "0" * 64),)
    assert decode_stored(encode_stored(stored)) == stored


def test_an_item_of_the_map_holds_all_that_its_child_needs() -> None:
    shards = plan_shards([file("a", 0, 1)])
    assert json.loads(encode_items("d1", shards)) == [{"deployment_id": "d1", "shard": 0}]


def test_the_keys_sort_like_the_numbers() -> None:
    assert shard_key("d1", 2) < shard_key("d1", 10)
    assert stored_key("d1", 2) == "deployments/d1/stored/00002.json"
