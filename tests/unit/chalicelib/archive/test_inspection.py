"""From a zip to the site in it."""

from __future__ import annotations

import tracemalloc

import pytest

from chalicelib.archive import Limits, inspect
from chalicelib.errors import UploadRefused
from tests.zips import PAGE, Member, MemorySource, build_zip, forge


def test_a_site_is_its_files_with_their_paths_below_the_root() -> None:
    data = build_zip({"dist/index.html": PAGE, "dist/a/": b"", "dist/a/b.js": b"1234"})
    site = inspect(MemorySource(data))
    assert site.root == "dist/"
    assert [file.path for file in site.files] == ["index.html", "a/b.js"]
    assert site.total_bytes == len(PAGE) + 4
    assert (site.ignored, site.outside, site.warnings) == (0, 0, ())


def test_files_outside_the_root_are_counted_and_told() -> None:
    inside = {"dist/index.html": PAGE}
    one = inspect(MemorySource(build_zip(inside | {"readme.md": b""})))
    assert one.outside == 1
    assert one.warnings == ("1 file lies outside 'dist/', the site's folder: not deployed.",)
    two = inspect(MemorySource(build_zip(inside | {"readme.md": b"", "src/a.ts": b""})))
    assert two.outside == 2
    assert two.warnings == ("2 files lie outside 'dist/', the site's folder: not deployed.",)


def test_junk_is_counted_and_does_not_hide_the_root() -> None:
    data = build_zip({"site/index.html": PAGE, "__MACOSX/site/._index.html": b"", ".DS_Store": b""})
    site = inspect(MemorySource(data))
    assert (site.root, site.ignored, site.warnings) == ("site/", 2, ())


def test_secrets_are_left_out_with_a_warning() -> None:
    site = inspect(MemorySource(build_zip({"index.html": PAGE, ".env": b"KEY=1"})))
    assert [file.path for file in site.files] == ["index.html"]
    assert site.ignored == 1
    assert site.warnings == (
        "Left out because environment files hold secrets: '.env'; keep them out of the zip.",
    )


def test_a_warning_names_three_secrets_and_counts_the_rest() -> None:
    many = {f"{folder}/.env": b"" for folder in "abcde"}
    (warning,) = inspect(MemorySource(build_zip({"index.html": PAGE} | many))).warnings
    assert "'a/.env', 'b/.env', 'c/.env' and 2 more;" in warning


def test_paths_are_nfc_whatever_form_the_zip_has() -> None:
    data = build_zip({"index.html": PAGE, "cafe\u0301/u\u0308.js": b""})
    assert inspect(MemorySource(data)).files[1].path == "café/ü.js"


def test_a_root_in_two_unicode_forms_is_one_root() -> None:
    data = build_zip({"cafe\u0301/index.html": PAGE, "caf\u00e9/a.js": b""})
    site = inspect(MemorySource(data))
    assert site.root == "café/"
    assert [file.path for file in site.files] == ["index.html", "a.js"]


def test_files_come_in_the_order_of_their_bytes_and_each_ends_where_the_next_begins() -> None:
    data = build_zip({"index.html": PAGE, "b.js": b"b", "a.js": b"a", "c/": b"", "d.js": b"d"})
    site = inspect(MemorySource(data))
    starts = [file.entry.header_offset for file in site.files]
    assert starts == sorted(starts)
    assert site.files[0].end_offset == starts[1]
    assert starts[3] - site.files[2].end_offset == 30 + len("c/")
    assert site.files[3].end_offset == data.index(b"PK\1\2")


def test_limits_are_those_that_are_given() -> None:
    source = MemorySource(build_zip({"index.html": PAGE, "a.js": b"a"}))
    assert inspect(source, Limits(files=2))
    with pytest.raises(UploadRefused, match="2 files, allowed are 1"):
        inspect(source, Limits(files=1))


def test_entries_of_any_kind_are_limited_to_three_for_each_file_allowed() -> None:
    folders = [Member(f"{n}/", b"", mode=0o040755) for n in range(5)]
    source = MemorySource(forge([Member("index.html"), *folders]))
    assert inspect(source, Limits(files=2))
    with pytest.raises(UploadRefused, match="more than 3 entries"):
        inspect(source, Limits(files=1))


def test_a_site_at_the_limit_of_files_is_inspected_in_few_reads() -> None:
    data = build_zip({"index.html": PAGE} | {f"pages/{n}.html": b"" for n in range(99_999)})
    source = MemorySource(data)
    site = inspect(source)
    assert len(site.files) == 100_000
    assert len(source.reads) == 2


def test_inspection_takes_less_than_two_kilobytes_an_entry() -> None:
    files = 10_000  # so the 100,000 that are allowed stay below 200 MB
    source = MemorySource(
        build_zip({"index.html": PAGE} | {f"a/{n}.js": b"" for n in range(files)})
    )
    tracemalloc.start()
    try:
        site = inspect(source)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(site.files) == files + 1
    assert peak - len(source.data) < files * 2_000
