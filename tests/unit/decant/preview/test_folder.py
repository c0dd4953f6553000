"""A folder as a deployment takes it."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import pytest

from chalicelib.archive import Site, inspect
from chalicelib.errors import InvalidRequest, UploadRefused
from decant.preview.folder import read_folder
from decant.zipping import members, write_zip
from tests.unit.decant.preview.folders import folder_of


class _Bytes:
    """A zip in memory."""

    def __init__(self, content: bytes) -> None:
        self.size = len(content)
        self._content = content

    def read(self, offset: int, length: int) -> bytes:
        return self._content[offset : offset + length]


def deployed(folder: Path, scratch: Path) -> Site:
    """What the deployment makes of the zip of `folder`."""
    write_zip(members(folder), scratch, lambda _count: None)
    return inspect(_Bytes(io.BytesIO(scratch.read_bytes()).getvalue()))


@pytest.mark.parametrize(
    "files",
    [
        {"index.html": "x", "a/b.css": "y", "_redirects": "/a /b"},
        {"dist/index.html": "x", "package.json": "{}", "dist/_headers": "/a\n  b: c"},
        {"index.html": "x", "Thumbs.db": "y", "__MACOSX/index.html": "z", ".git/config": "g"},
        {unicodedata.normalize("NFD", "é.html"): "x", "index.html": "y"},
    ],
)
def test_the_site_is_the_one_that_a_deployment_finds_in_its_zip(
    files: dict[str, str | bytes], tmp_path: Path
) -> None:
    folder = folder_of(tmp_path / "site", files)
    found, zipped = read_folder(folder), deployed(folder, tmp_path / "zip")
    assert found.site.root == zipped.root
    assert {f.path: f.entry.bytes for f in found.site.files} == {
        f.path: f.entry.bytes for f in zipped.files
    }
    assert (found.site.ignored, found.site.outside) == (zipped.ignored, zipped.outside)
    assert set(found.rules) == {file.path for file in zipped.rules}
    for path, place in found.sources.items():
        assert place.is_file(), path


def test_what_is_not_uploaded_is_named(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "index.html": "x",
        ".env.local": "S=1",
        "node_modules/a/b.js": "y",
        "docs/.git/config": "z",
    }
    found = read_folder(folder_of(tmp_path, files))
    assert found.left_out == (".env.local", "docs/.git/", "node_modules/")
    assert set(found.sources) == {"index.html"}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.html": "x"}, "has no index.html"),
        ({"index.html": "x", "_decant/a.txt": "y"}, "reserved for Decant"),
        ({"index.html": "x", "a\\b.txt": "y"}, "has a backslash in its name"),
    ],
)
def test_what_the_zip_would_be_refused_for_is_refused(
    files: dict[str, str | bytes], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UploadRefused, match=said):
        read_folder(folder_of(tmp_path, files))


def test_a_folder_that_is_not_there_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="There is no folder"):
        read_folder(tmp_path / "dist")
