"""What is refused, by the sentence that says so; each boundary on both sides."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.archive import CentralDirectory, Entry, Limits, check, inspect
from chalicelib.archive.checks import check_site_paths
from chalicelib.errors import UploadRefused
from tests.zips import (
    DEFLATED,
    DEVICE,
    HOSTILE,
    PAGE,
    SAYS,
    STORED,
    SYMLINK,
    Member,
    MemorySource,
    build_zip,
    forge,
)


@pytest.mark.parametrize("kind", HOSTILE)
def test_refuses_every_hostile_kind_with_one_sentence(kind: str) -> None:
    with pytest.raises(UploadRefused) as refusal:
        inspect(MemorySource(HOSTILE[kind]))
    sentence = str(refusal.value)
    assert SAYS[kind] in sentence
    without_names = re.sub(r"'[^']*'", "", sentence)
    assert re.fullmatch(r"[A-Z ].*[^.]\.", without_names)
    assert ". " not in without_names
    assert sentence.isprintable()


def make(name: str = "a.js", **changes: int | str) -> Entry:
    """An ordinary entry of 100 bytes, but for `changes`."""
    facts: dict[str, int] = {
        "flags": 0,
        "method": DEFLATED,
        "crc32": 0,
        "compressed_bytes": 50,
        "bytes": 100,
        "header_offset": 0,
        "mode": 0o100644,
    }
    facts.update({key: int(value) for key, value in changes.items()})
    return Entry(name=name, raw_name=name.encode(), **facts)


def directory(*entries: Entry) -> CentralDirectory:
    """A directory of `entries`, laid out one after another without a gap."""
    at, placed = 0, []
    for entry in entries:
        placed.append(make(entry.name, **_facts(entry) | {"header_offset": at}))
        at += 30 + len(entry.raw_name) + entry.compressed_bytes
    return CentralDirectory(tuple(placed), at)


def _facts(entry: Entry) -> dict[str, int]:
    return {
        "flags": entry.flags,
        "method": entry.method,
        "compressed_bytes": entry.compressed_bytes,
        "bytes": entry.bytes,
        "mode": entry.mode,
    }


def names(entries: tuple[Entry, ...]) -> list[str]:
    return [entry.name for entry in entries]


def test_keeps_files_and_leaves_out_folders_junk_and_secrets() -> None:
    zipped = directory(
        make("a/", bytes=0, compressed_bytes=0, method=STORED, mode=0o040755),
        make("a/b.js"),
        make("__MACOSX/a/._b.js"),
        make("a/.DS_Store"),
        make(".git/config"),
        make(".env"),
        make("index.html"),
    )
    assert names(check(zipped, Limits())) == ["a/b.js", "index.html"]


def test_junk_may_be_of_any_kind_but_may_not_leave_the_site() -> None:
    assert check(directory(make(), make(".git/x", mode=SYMLINK)), Limits())
    with pytest.raises(UploadRefused, match="leaves the site"):
        check(directory(make(), make(".git/../../x")), Limits())


@pytest.mark.parametrize("mode", [0, 0o644, 0o100644, 0o100755])
def test_plain_files_may_have_any_permissions(mode: int) -> None:
    assert check(directory(make(mode=mode)), Limits())


@pytest.mark.parametrize("mode", [SYMLINK, DEVICE, 0o060666, 0o010666, 0o140777, 0o170000])
def test_only_plain_files_are_deployed(mode: int) -> None:
    with pytest.raises(UploadRefused, match=r"'a\.js' is (a|of an) "):
        check(directory(make(mode=mode)), Limits())


def test_a_folder_must_be_named_like_one() -> None:
    with pytest.raises(UploadRefused, match="named like a file"):
        check(directory(make(mode=0o040755)), Limits())


def test_a_folder_may_be_marked_as_a_file_but_not_have_content() -> None:
    folder = make("a/", bytes=0, compressed_bytes=2, mode=0o100644)
    assert names(check(directory(make(), folder), Limits())) == ["a.js"]
    with pytest.raises(UploadRefused, match="content of its own"):
        check(directory(make(), make("a/", bytes=1)), Limits())


@pytest.mark.parametrize("bit", [0, 6, 13])
def test_refuses_the_three_marks_of_encryption(bit: int) -> None:
    with pytest.raises(UploadRefused, match="encrypted"):
        check(directory(make(flags=1 << bit)), Limits())


@pytest.mark.parametrize("bit", [1, 2, 3, 4, 11])
def test_other_flags_are_no_reason_to_refuse(bit: int) -> None:
    assert check(directory(make(flags=1 << bit)), Limits())


@pytest.mark.parametrize("method", [1, 6, 7, 9, 12, 14, 93, 95, 98, 99])
def test_refuses_every_method_but_stored_and_deflated(method: int) -> None:
    with pytest.raises(UploadRefused, match=f"method {method}:"):
        check(directory(make(method=method)), Limits())


def test_a_ratio_of_exactly_1000_is_allowed_at_every_size() -> None:
    for packed in (1, 2, 50, 1_000_000):
        allowed = make(compressed_bytes=packed, bytes=packed * 1_000)
        assert check(directory(allowed), Limits())
        with pytest.raises(UploadRefused, match="1,000 times"):
            check(directory(make(compressed_bytes=packed, bytes=packed * 1_000 + 1)), Limits())


def test_an_empty_file_has_no_ratio() -> None:
    for method, packed in ((STORED, 0), (DEFLATED, 0), (DEFLATED, 2)):
        assert check(directory(make(method=method, bytes=0, compressed_bytes=packed)), Limits())
    with pytest.raises(UploadRefused, match="1,000 times"):
        check(directory(make(bytes=1, compressed_bytes=0)), Limits())


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 10**3)), min_size=1, max_size=20))
def test_what_is_allowed_keeps_to_the_ratio_in_all(sizes: list[tuple[int, int]]) -> None:
    zipped = directory(
        *(make(f"{n}", bytes=b, compressed_bytes=p) for n, (b, p) in enumerate(sizes))
    )
    try:
        files = check(zipped, Limits())
    except UploadRefused:
        assert any(b > 1_000 * p for b, p in sizes)
    else:
        assert sum(f.bytes for f in files) <= 1_000 * zipped.start


def test_the_size_of_a_file_is_limited() -> None:
    limits = Limits(file_bytes=100)
    assert check(directory(make(bytes=100)), limits)
    with pytest.raises(UploadRefused, match=r"'a\.js' has 101 bytes, allowed are 100"):
        check(directory(make(bytes=101)), limits)


def test_the_size_of_all_files_is_limited() -> None:
    two = directory(make("a", bytes=60), make("b", bytes=40))
    assert check(two, Limits(total_bytes=100))
    with pytest.raises(UploadRefused, match="100 bytes in all, allowed are 99"):
        check(two, Limits(total_bytes=99))


def test_the_number_of_files_is_limited_and_folders_and_junk_do_not_count() -> None:
    folder = make("c/", bytes=0)
    zipped = directory(make("a"), make("b"), folder, make(".DS_Store"))
    assert check(zipped, Limits(files=2))
    with pytest.raises(UploadRefused, match="2 files, allowed are 1"):
        check(zipped, Limits(files=1))


def test_entries_may_touch_but_not_overlap() -> None:
    a, b = make("a", header_offset=0), make("b", header_offset=81)
    assert check(CentralDirectory((b, a), 162), Limits())
    with pytest.raises(UploadRefused, match="'b' overlaps"):
        check(CentralDirectory((a, b), 161), Limits())
    with pytest.raises(UploadRefused, match="'a' overlaps"):
        check(CentralDirectory((a, make("b", header_offset=80)), 162), Limits())


def test_two_entries_at_one_place_overlap() -> None:
    with pytest.raises(UploadRefused, match="overlaps"):
        check(CentralDirectory((make("a"), make("b")), 1_000), Limits())


@pytest.mark.parametrize("name", ["a", "a.js", "é.js"])
def test_refuses_two_entries_of_one_name(name: str) -> None:
    with pytest.raises(UploadRefused, match="twice"):
        check(directory(make(name), make(name)), Limits())


def test_a_folder_may_be_named_twice_and_names_may_differ_in_case() -> None:
    folder = make("a/", bytes=0)
    assert check(directory(folder, folder, make("A.js"), make("a.js")), Limits())


@pytest.mark.parametrize("other", ["a/", "a/b", "a/b/c", "a/.DS_Store"])
def test_refuses_a_name_that_is_a_file_and_a_folder(other: str) -> None:
    with pytest.raises(UploadRefused, match="'a' is both"):
        check(directory(make("a"), make(other, bytes=0)), Limits())


def test_a_file_and_a_folder_meet_in_unicode_too() -> None:
    with pytest.raises(UploadRefused, match="both a file and a folder"):
        check(directory(make("é"), make("e\u0301/b")), Limits())


def test_a_file_and_a_folder_meet_whatever_lies_between() -> None:
    between = [make(name) for name in ("a!", "a-b", "a.html", "a/!", "aa")]
    with pytest.raises(UploadRefused, match="'a' is both"):
        check(directory(make("a/z"), *between, make("a")), Limits())


def test_a_file_that_is_left_out_may_share_its_name_with_a_folder() -> None:
    assert check(directory(make(), make("a/.git"), make("a/.git/x")), Limits())


def test_the_length_of_any_name_is_limited_to_twice_that_of_a_path() -> None:
    assert check(directory(make("é" * 1_000)), Limits())
    for name in ("é" * 1_000 + "a", "a/" * 1_000 + "a", ".git/" + "a" * 2_000):
        with pytest.raises(UploadRefused, match=r"allowed are 2,000: shorten it"):
            check(directory(make(name)), Limits())


def test_a_name_that_begins_like_a_folder_is_another_name() -> None:
    assert check(directory(make("a.html"), make("a/b")), Limits())


@pytest.mark.parametrize("path", ["_decant", "_decant/a", "_decant/a/b"])
def test_the_reserved_folder_is_refused_at_the_top(path: str) -> None:
    with pytest.raises(UploadRefused, match="reserved"):
        check_site_paths([path], Limits())


def test_the_reserved_name_is_free_elsewhere() -> None:
    check_site_paths(["a/_decant/b", "_decantation/a", "_decant.html"], Limits())


def test_the_reserved_folder_is_judged_below_the_root() -> None:
    with pytest.raises(UploadRefused, match="reserved"):
        inspect(MemorySource(build_zip({"dist/index.html": PAGE, "dist/_decant/a": b""})))
    source = {"_decant/a": b"", "package.json": b"{}", "dist/index.html": PAGE}
    assert inspect(MemorySource(build_zip(source))).root == "dist/"


def test_the_length_of_a_path_is_limited_in_bytes() -> None:
    check_site_paths(["é" * 500, "a" * 1_000], Limits())
    for path in ("é" * 500 + "a", "a" * 1_001):
        with pytest.raises(UploadRefused, match="1,001 bytes, allowed are 1,000"):
            check_site_paths([path], Limits())


def test_a_path_of_the_allowed_length_fits_a_key_of_s3_in_any_version() -> None:
    assert len(f"v{10**20}/") + Limits().path_bytes <= 1_024


def test_the_folder_above_the_root_does_not_count_for_the_length() -> None:
    name = "site/" + "a" * 1_000
    assert inspect(MemorySource(forge([Member("site/index.html"), Member(name)])))
