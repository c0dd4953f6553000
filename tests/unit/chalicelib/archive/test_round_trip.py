"""Whatever Python zips comes out again; whatever is broken never comes out wrong in silence."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.archive import inspect, iter_entries
from chalicelib.archive.names import is_junk, is_secret, nfc, why_unsafe
from chalicelib.errors import UploadRefused, VersionCorrupt
from tests.zips import PAGE, MemorySource, build_zip

_SEGMENT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
_PATH = (
    st.lists(_SEGMENT, min_size=1, max_size=3)
    .map("/".join)
    .filter(lambda name: not why_unsafe(name) and not name.endswith("/"))  # that is a folder
)
_CONTENT = st.binary(max_size=200) | st.integers(0, 9_999).map(lambda n: b"word " * n)
_TREE = st.dictionaries(_PATH, _CONTENT, max_size=8)
_CUTS = st.lists(st.integers(0, 5_000), max_size=12)


class _Pipe(io.RawIOBase):
    """A stream that cannot seek: zipfile then writes data descriptors."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # zipfile writes bytes only
        self.data += data
        return len(data)


def _zipped(files: Mapping[str, bytes], *, method: int, comment: bytes, piped: bool) -> bytes:
    pipe = _Pipe()
    buffer = io.BytesIO()
    with zipfile.ZipFile(pipe if piped else buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.comment = comment
    return bytes(pipe.data) if piped else buffer.getvalue()


def _chunks(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for start, end in pairwise(edges):
        yield data[start:end]


def _deployed(data: bytes, cuts: list[int]) -> dict[str, bytes]:
    """Site path -> content of all that the zip deploys."""
    site = inspect(MemorySource(data))
    paths = {file.entry.header_offset: file.path for file in site.files}
    run = iter_entries(_chunks(data, cuts), 0, [file.entry for file in site.files])
    return {paths[entry.header_offset]: b"".join(content) for entry, content in run}


def _is_a_tree(files: Mapping[str, bytes]) -> bool:
    """Whether the names can lie side by side in a site."""
    composed = {nfc(name) for name in files}
    folders = {name[:at] for name in composed for at, c in enumerate(name) if c == "/"}
    return len(composed) == len(files) and not composed & folders


@given(
    tree=_TREE,
    method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    comment=st.binary(max_size=50),
    piped=st.booleans(),
    cuts=_CUTS,
)
def test_any_tree_that_python_zips_is_deployed_as_it_was(
    tree: dict[str, bytes], method: int, comment: bytes, piped: bool, cuts: list[int]
) -> None:
    files = tree | {"index.html": PAGE}
    assume(_is_a_tree(files) and "package.json" not in files)
    assume(not any(name.startswith("_decant") for name in files))
    expected = {nfc(n): c for n, c in files.items() if not is_junk(n) and not is_secret(n)}
    data = _zipped(files, method=method, comment=comment, piped=piped)
    assert _deployed(data, cuts) == expected


_SITE = {
    "index.html": PAGE,
    "a/b.js": b"let b = 1;" * 40,
    "é.css": b"p{}" * 9,
    "img.bin": bytes(range(256)),
    "empty.txt": b"",
}
_ZIPS = [
    build_zip(_SITE),
    build_zip(_SITE, method=0, comment=b"hello"),
    build_zip(_SITE, streamed=True, prefix=b"#!/bin/sh\n"),
    build_zip(_SITE, zip64=True),
]


def _assert_never_wrong(data: bytes, cuts: list[int]) -> None:
    try:
        found = _deployed(data, cuts)
    except (UploadRefused, VersionCorrupt):
        return
    for path, content in found.items():
        # Both copies of a name can be damaged in the same way: then it is simply another name.
        assert content == _SITE[path] if path in _SITE else content in _SITE.values()


@given(
    data=st.sampled_from(_ZIPS),
    damage=st.lists(st.tuples(st.integers(0, 5_000), st.integers(1, 255)), min_size=1, max_size=4),
    cuts=_CUTS,
)
def test_damaged_bytes_are_never_deployed(
    data: bytes, damage: list[tuple[int, int]], cuts: list[int]
) -> None:
    broken = bytearray(data)
    for at, flip in damage:
        broken[at % len(broken)] ^= flip
    _assert_never_wrong(bytes(broken), cuts)


@given(
    data=st.sampled_from(_ZIPS),
    at=st.integers(0, 5_000),
    removed=st.integers(0, 300),
    added=st.binary(max_size=60),
)
def test_torn_zips_are_never_deployed(data: bytes, at: int, removed: int, added: bytes) -> None:
    at %= len(data)
    _assert_never_wrong(data[:at] + added + data[at + removed :], [])


@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda b: b"PK\5\6" + b))
def test_noise_is_refused(noise: bytes) -> None:
    try:
        inspect(MemorySource(noise))
    except UploadRefused:
        return
    raise AssertionError("noise was taken for a site")
