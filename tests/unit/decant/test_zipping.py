"""A folder's zip: the same tree gives the same bytes, and nothing that must stay out gets in."""

from __future__ import annotations

import io
import os
import random
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidRequest, UploadRefused
from decant.zipping import Member, is_left_out, members, write_zip

MB = 1024 * 1024
Tree = dict[tuple[str, ...], bytes]

names = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="/\\"),
    min_size=1,
    max_size=12,
).filter(lambda name: name not in {".", ".."} and not is_left_out(name))


def unheard(_count: int) -> None:
    """Progress that nobody listens to."""


def _no_file_is_a_folder(tree: Tree) -> bool:
    folders = {path[:depth] for path in tree for depth in range(1, len(path))}
    return not folders & set(tree)


trees = st.dictionaries(
    st.lists(names, min_size=1, max_size=3).map(tuple),
    st.one_of(st.binary(max_size=200), st.binary(max_size=20).map(lambda seed: seed * 5_000)),
    min_size=1,
    max_size=12,
).filter(_no_file_is_a_folder)


def _build(tree: Tree, root: Path, shuffle: random.Random) -> Path:
    paths = list(tree)
    shuffle.shuffle(paths)
    for path in paths:
        file = root.joinpath(*path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(tree[path])
        file.chmod(shuffle.choice([0o400, 0o644, 0o755]))
        moment = shuffle.randrange(0, 2**31)
        os.utime(file, (moment, moment))
    return root


def _zip(folder: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(_bytes_of(folder)))


def _bytes_of(folder: Path) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "site.zip"
        write_zip(members(folder), target, unheard)
        return target.read_bytes()


def _site(root: Path, *paths: str) -> Path:
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)
    return root


def _names(folder: Path) -> list[str]:
    return [member.name for member in members(folder)]


@given(trees, st.randoms(use_true_random=False))
def test_zips_one_tree_to_the_same_bytes_whatever_its_files_order_times_and_permissions(
    tree: Tree, shuffle: random.Random
) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        first = _bytes_of(_build(tree, Path(one), shuffle))
        second = _bytes_of(_build(tree, Path(other), shuffle))
    assert first == second


@given(trees, st.randoms(use_true_random=False))
def test_unzips_to_the_tree_it_was_made_of(tree: Tree, shuffle: random.Random) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = _build(tree, Path(root), shuffle)
        with _zip(folder) as content:
            assert content.testzip() is None
            assert {name: content.read(name) for name in content.namelist()} == {
                "/".join(path): data for path, data in tree.items()
            }


def test_names_are_sorted_and_times_and_permissions_are_constants(tmp_path: Path) -> None:
    # So many that no file system lists them in order by chance.
    paths = ["b.html", "a/z.html", "a.html", *(f"a/{number}.html" for number in range(30, 9, -1))]
    folder = _site(tmp_path, *paths)
    (folder / "b.html").chmod(0o755)
    with _zip(folder) as content:
        assert content.namelist() == sorted(paths)
        assert {info.date_time for info in content.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr >> 16 for info in content.infolist()} == {0o100644}
        assert {info.compress_type for info in content.infolist()} == {zipfile.ZIP_DEFLATED}


def test_leaves_out_what_is_no_part_of_a_site_at_any_depth(tmp_path: Path) -> None:
    _site(
        tmp_path,
        "index.html",
        ".git/config",
        "docs/.git",
        "node_modules/x/index.js",
        "docs/node_modules/y.js",
        ".DS_Store",
        "docs/.DS_Store",
        ".env",
        ".env.production",
        "docs/.envrc",
    )
    assert _names(tmp_path) == ["index.html"]


def test_keeps_names_that_only_look_like_those(tmp_path: Path) -> None:
    kept = sorted([".gitignore", ".nojekyll", ".well-known/x", "env", "git", "node_modules.html"])
    assert _names(_site(tmp_path, *kept)) == kept


def test_reports_the_bytes_it_reads(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * (2 * MB + 1))
    (tmp_path / "small").write_bytes(b"y")
    seen: list[int] = []
    write_zip(members(tmp_path), tmp_path / "z.zip", seen.append)
    assert seen == [MB, MB, 1, 1]


def test_a_file_over_2_gb_gets_a_64_bit_size(tmp_path: Path) -> None:
    # The size is announced, not written: what matters is the header.
    source = tmp_path / "movie"
    source.write_bytes(b"x")
    write_zip((Member("movie", source, 3 * 1024**3),), tmp_path / "z.zip", unheard)
    assert b"\x01\x00\x10\x00" in (tmp_path / "z.zip").read_bytes()[:64]  # the ZIP64 extra field


def test_says_that_the_folder_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"There is no folder .*absent"):
        members(tmp_path / "absent")


def test_says_that_a_file_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="neither a folder nor a zip"):
        members(_site(tmp_path, "a.txt") / "a.txt")


@pytest.mark.parametrize("paths", [[], [".env", ".git/config"]])
def test_says_that_the_folder_has_nothing_to_upload(paths: list[str], tmp_path: Path) -> None:
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    with pytest.raises(InvalidRequest, match="has no files to upload"):
        members(_site(tmp_path, *paths))


def test_follows_links_to_files_and_folders_of_the_tree(tmp_path: Path) -> None:
    _site(tmp_path, "v2/index.html")
    (tmp_path / "latest").symlink_to("v2")
    (tmp_path / "home.html").symlink_to("v2/index.html")
    assert _names(tmp_path) == ["home.html", "latest/index.html", "v2/index.html"]


def test_works_on_a_folder_that_is_itself_a_link(tmp_path: Path) -> None:
    _site(tmp_path / "build-7", "index.html")
    (tmp_path / "dist").symlink_to("build-7")
    assert _names(tmp_path / "dist") == ["index.html"]


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ("../secret.txt", "link way leads outside the folder"),
        ("/etc/hostname", "link way leads outside the folder"),
        ("..", "link way leads outside the folder"),
        ("absent", "link way leads nowhere"),
        ("way", "link way leads nowhere"),
        (".", "link way leads back to a folder it is in"),
        (".env", "which is left out of uploads"),
    ],
)
def test_refuses_a_link_that(target: str, fault: str, tmp_path: Path) -> None:
    _site(tmp_path, "secret.txt", "site/index.html", "site/.env")
    (tmp_path / "site" / "way").symlink_to(target)
    with pytest.raises(UploadRefused, match=fault):
        members(tmp_path / "site")


def test_refuses_a_link_back_to_a_folder_above_it(tmp_path: Path) -> None:
    _site(tmp_path, "a/b/index.html")
    (tmp_path / "a" / "b" / "up").symlink_to("../../a")
    with pytest.raises(UploadRefused, match="a/b/up leads back"):
        members(tmp_path)


def test_refuses_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UploadRefused, match="pipe is neither a file nor a folder"):
        members(tmp_path)


def test_refuses_a_name_that_is_not_unicode(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.html")).write_text("x")
    with pytest.raises(UploadRefused, match="not valid Unicode"):
        members(tmp_path)
