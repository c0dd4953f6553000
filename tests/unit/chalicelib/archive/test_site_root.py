"""Where the site starts in an uploaded zip."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.archive.site_root import MAX_DEPTH, OUTPUT_FOLDERS, find_root
from chalicelib.errors import UploadRefused


@pytest.mark.parametrize(
    ("names", "root"),
    [
        (["index.html"], ""),
        (["index.html", "dist/index.html"], ""),
        (["index.html", "package.json"], ""),
        (["index.html", "package.json", "dist/index.html"], "dist/"),
        (["index.html", "package.json", "docs/index.html"], ""),
        (["package.json", "src/a.js", "build/index.html"], "build/"),
        (["a.js", "out/index.html", "dist/index.html"], "dist/"),
        (["a.js", "dist/app.js", "public/index.html"], "public/"),
        (["a.js", "_site/index.html"], "_site/"),
        (["site/index.html"], "site/"),
        (["site/index.html", "site/a/b.html"], "site/"),
        (["me/project/index.html", "me/project/a.js"], "me/project/"),
        (["site/package.json", "site/dist/index.html"], "site/dist/"),
        (["site/index.html", "site/package.json", "site/out/index.html"], "site/out/"),
        (["dist/index.html", "dist/a.js"], "dist/"),
        (["readme.md", "docs/index.html"], ""),
        (["en/index.html", "de/index.html"], ""),
        (["site/en/index.html", "site/de/index.html"], "site/"),
        (["a.txt", "distribution/index.html"], ""),
        (["a.txt", "Dist/index.html"], ""),
    ],
)
def test_finds_the_root(names: list[str], root: str) -> None:
    assert find_root(names) == root
    assert find_root(reversed(names)) == root


@pytest.mark.parametrize("names", [[], ["a.html"], ["myindex.html"], ["Index.html"], ["a/b.js"]])
def test_refuses_a_zip_without_an_index_html(names: list[str]) -> None:
    with pytest.raises(UploadRefused, match=r"no index\.html"):
        find_root(names)


@pytest.mark.parametrize("folder", OUTPUT_FOLDERS)
def test_knows_every_output_folder(folder: str) -> None:
    assert find_root(["readme.md", f"{folder}/index.html"]) == f"{folder}/"


def test_descends_a_bounded_number_of_folders() -> None:
    deep = "a/" * (MAX_DEPTH - 1)
    assert find_root([deep + "index.html"]) == deep
    assert find_root(["a/" * (MAX_DEPTH + 5) + "index.html"]) == "a/" * MAX_DEPTH


_SEGMENTS = st.sampled_from(["index.html", "package.json", "dist", "out", "a", "b"])
_NAMES = st.lists(st.lists(_SEGMENTS, min_size=1, max_size=4).map("/".join), max_size=8)


@given(_NAMES)
def test_the_root_is_a_folder_that_holds_an_index_html(names: list[str]) -> None:
    try:
        root = find_root(names)
    except UploadRefused:
        assert not any(("/" + name).endswith("/index.html") for name in names)
        return
    assert root == "" or root.endswith("/")
    assert any(("/" + n).endswith("/index.html") for n in names if n.startswith(root))
