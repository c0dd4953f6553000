"""Compiling and reading the route table of a version."""

from __future__ import annotations

from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import NoRouteTable, VersionCorrupt
from chalicelib.route_table import (
    MAX_BUCKET_BYTES,
    bucket_key,
    compile_table,
    encode_path,
    least_bytes,
    split_path,
    version_of_key,
)
from tests.unit import sites

# Found by search: alike with salt 0 in any of the 8 numbers of buckets that are tried.
ALIKE = ("p107675", "p150870")


@pytest.mark.parametrize(
    ("path", "stem", "endings"),
    [
        ("", "", ""),
        ("index.html", "", "/index.html"),
        ("index", "", "/index"),
        ("about.html", "/about", ".html"),
        ("docs/index.html", "/docs", "/index.html"),
        ("docs/index", "/docs", "/index"),
        ("app.js", "/app.js", ""),
        ("a.html.html", "/a", ".html.html"),
        ("index.html.html", "", "/index.html.html"),
        ("myindex", "/myindex", ""),
        (".html", "/.html", ""),
        ("a/.html", "/a/.html", ""),
        ("a/.html.html", "/a/.html", ".html"),
        ("a.HTML", "/a.HTML", ""),
        ("a.html/index/index.html", "/a", ".html/index/index.html"),
        ("a/index/index/index/index", "/a", "/index" * 4),
        ("a/index/index/index/index/index", "/a" + "/index" * 5, ""),
        ("a/index/index/index/index/index.html", "/a/index/index/index/index/index.html", ""),
        ("a" + ".html" * 6, "/a" + ".html" * 6, ""),
    ],
)
def test_a_path_is_its_stem_and_its_endings(path: str, stem: str, endings: str) -> None:
    assert split_path(path) == (stem, endings)


@given(sites.paths)
def test_stem_and_endings_are_the_path(path: str) -> None:
    assert "".join(split_path(path)) == "/" + path


def test_a_bucket_reads_as_documented() -> None:
    table = compile_table([("x/index.html", 7), ("x.html", 9), ("x/index", 8)])
    fingerprint = "".join(_base64url(md5(b"0/x", usedforsecurity=False).digest())[:4])
    assert table.layers == (9, 8, 7)
    assert table.salt == 0
    assert table.buckets == (f"{fingerprint}AC{fingerprint}BD{fingerprint}CG",)


def _base64url(digest: bytes) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    bits = "".join(f"{octet:08b}" for octet in digest)
    return "".join(alphabet[int(bits[at : at + 6], 2)] for at in range(0, 126, 6))


@given(sites.sites)
def test_every_file_is_found_with_its_layer_and_nothing_else(files: sites.Files) -> None:
    table = compile_table(files.items())
    stems = {split_path(path)[0] for path in files}
    found = {
        (stem + endings)[1:]: layer
        for stem in stems
        for endings, layer in table.look_up(stem).items()
    }
    assert found == files


@given(sites.sites, st.data())
def test_the_order_of_the_files_makes_no_difference(
    files: sites.Files, data: st.DataObject
) -> None:
    pairs = data.draw(st.permutations(list(files.items())))
    assert compile_table(pairs) == compile_table(files.items())


def _numbered(count: int) -> list[tuple[str, int]]:
    return [(f"{n}.js", 1) for n in range(count)]


@pytest.mark.parametrize(("files", "buckets"), [(0, 1), (1, 1), (80, 1), (81, 2)])
def test_buckets_hold_80_files_on_average(files: int, buckets: int) -> None:
    table = compile_table(_numbered(files))
    assert len(table.buckets) == buckets


def test_all_buckets_of_a_large_site_fit_the_store_and_exist() -> None:
    table = compile_table(_numbered(20_000))
    sizes = [len(bucket) for bucket in table.buckets]
    assert max(sizes) <= MAX_BUCKET_BYTES
    assert min(sizes) > 0
    assert sum(sizes) == least_bytes(20_000)
    assert table.look_up("/19999.js") == {"": 1}


def test_a_site_without_files_still_has_a_bucket() -> None:
    assert compile_table([]).buckets == ("-",)


def test_the_entries_of_the_store_are_named_by_version_and_bucket() -> None:
    table = compile_table(_numbered(81))
    entries = table.store_entries(42)
    assert entries == {"t/42/0": table.buckets[0], "t/42/1": table.buckets[1]}


def test_a_key_of_the_store_tells_whose_table_it_is() -> None:
    assert version_of_key(bucket_key(42, 3)) == 42
    assert [version_of_key(key) for key in ("r/42/0", "p/42/any/0", "v/42")] == [42, 42, 42]
    assert version_of_key("a/production") is None
    assert version_of_key("a/t") is None


def test_only_fingerprinted_files_are_found_as_assets() -> None:
    hashed, plain = "assets/app.50bde2c8.js", "robots.txt"
    table = compile_table([(hashed, 3), (plain, 3), ("a.html", 2), ("a", 1)])
    assert table.look_up_asset(hashed) == 3
    assert table.look_up("/" + hashed) == {"": 3}
    for path in (plain, "a.html", "a", "nothing.50bde2c8.js", hashed + ".html"):
        assert table.look_up_asset(path) is None


@given(sites.sites, st.lists(sites.forms_of_stems | sites.paths, max_size=8))
def test_marks_do_not_disturb_what_is_found(files: sites.Files, marks: list[str]) -> None:
    plain, marked = compile_table(files.items()), compile_table(files.items(), marks)
    for path in (*files, *marks):
        stem, _ = split_path(path)
        assert marked.look_up(stem) == plain.look_up(stem)
        assert marked.look_up_asset(path) == plain.look_up_asset(path)


def test_a_mark_is_an_entry_that_says_which_form_of_the_address_it_is_for() -> None:
    (without,) = compile_table([("a", 1)]).buckets
    (bucket,) = compile_table([("a", 1)], ["a", "a.html", "a/index", "a.html"]).buckets
    assert bucket.startswith(without)
    marks = bucket.removeprefix(without)
    assert [marks[at : at + 6] for at in range(0, len(marks), 6)] == [
        without[:4] + "A" + character for character in "hij"
    ]


def test_marks_take_room_in_the_buckets() -> None:
    assert len(compile_table(_numbered(80)).buckets) == 1
    assert len(compile_table(_numbered(80), ["moved"]).buckets) == 2


def test_stems_that_meet_take_another_salt() -> None:
    table = compile_table((path, 1) for path in ALIKE)
    assert table.salt == 1
    assert all(table.look_up(f"/{path}") == {"": 1} for path in ALIKE)


def test_gives_up_after_the_last_salt() -> None:
    with pytest.raises(NoRouteTable, match="store it flat"):
        compile_table(((path, 1) for path in ALIKE), salts=1)


def test_takes_64_layers_and_refuses_65() -> None:
    def spread(layers: int) -> list[tuple[str, int]]:
        return [(f"{n}.js", n) for n in range(1, layers + 1)]

    assert compile_table(spread(64)).look_up("/1.js") == {"": 1}
    with pytest.raises(NoRouteTable, match="65 layers"):
        compile_table(spread(65))


def test_a_path_that_is_listed_twice_is_refused() -> None:
    with pytest.raises(VersionCorrupt, match=r"'a\.html' twice"):
        compile_table([("a.html", 1), ("a.html", 2)])


def test_paths_are_encoded_as_the_router_does() -> None:
    assert encode_path("a b/é+'()*!~-_.x") == "a%20b/%C3%A9%2B%27%28%29%2A%21~-_.x"
