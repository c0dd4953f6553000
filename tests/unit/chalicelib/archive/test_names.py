"""Names of entries: their meaning, the unsafe ones, the ones left out."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.archive.names import (
    decode_name,
    extra_fields,
    is_junk,
    is_secret,
    nfc,
    quoted,
    why_unsafe,
)
from chalicelib.errors import UploadRefused
from tests.zips import UTF8, unicode_path


@given(st.text(max_size=30))
def test_a_utf8_name_is_read_with_and_without_the_flag(name: str) -> None:
    raw = name.encode("utf-8", "replace")
    assert decode_name(raw, UTF8, b"") == decode_name(raw, 0, b"") == raw.decode()


def test_a_name_that_is_not_utf8_is_cp437() -> None:
    assert decode_name(b"caf\x82.html", 0, b"") == "café.html"


def test_refuses_a_name_that_claims_to_be_utf8_and_is_not() -> None:
    with pytest.raises(UploadRefused, match="not UTF-8"):
        decode_name(b"caf\x82.html", UTF8, b"")


def test_a_unicode_path_counts_when_it_belongs_to_the_name() -> None:
    assert decode_name(b"caf_.html", 0, unicode_path(b"caf_.html", "café.html")) == "café.html"


def test_a_unicode_path_of_another_name_is_passed_over() -> None:
    extra = unicode_path(b"caf_.html", "café.html", crc32=1)
    assert decode_name(b"caf_.html", 0, extra) == "caf_.html"


def test_a_unicode_path_that_is_not_utf8_is_passed_over() -> None:
    extra = unicode_path(b"a", "xy")[:-1] + b"\xff"
    assert decode_name(b"a", 0, extra) == "a"


def test_other_extra_fields_do_not_touch_the_name() -> None:
    assert decode_name(b"a", 0, b"UT\5\0\1\0\0\0\0" + b"xx\2\0up") == "a"


def test_a_torn_extra_field_ends_the_list() -> None:
    assert list(extra_fields(b"\1\0\1\0a" + b"\2\0\7\0b")) == [(1, b"a")]
    assert list(extra_fields(b"\1\0\1\0a" + b"\0\0\0")) == [(1, b"a")]


@pytest.mark.parametrize(
    "name",
    [
        "index.html",
        "a/b/c.js",
        "a/",
        "..a/b",
        "a../b",
        "a/...",
        "a..b",
        ".well-known/x",
        "a b.html",
        "1:a",
        "ab:c",
        "ü/ñ.html",
        "a\u00a0b",
        "👩‍💻.html",
    ],
)
def test_ordinary_names_are_safe(name: str) -> None:
    assert why_unsafe(name) is None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("..", "'..'"),
        ("../", "'..'"),
        ("a/..", "'..'"),
        ("a/../b", "'..'"),
        (".", "'.'"),
        ("./a", "'.'"),
        ("a/.", "'.'"),
        ("a/./", "'.'"),
        ("/", "absolute"),
        ("/a", "absolute"),
        ("//a", "absolute"),
        ("a//", "empty folder name"),
        ("a//b", "empty folder name"),
        ("c:a", "drive letter"),
        ("Z:/a", "drive letter"),
        ("a\\b", "backslash"),
        ("..\\a", "backslash"),
        ("a\0", "control character"),
        ("a\x1f", "control character"),
        ("a\x7f", "control character"),
        ("a\x85", "control character"),
        ("a\n/b", "control character"),
        ("a\uffff", "control character"),
        ("", "without a name"),
    ],
)
def test_unsafe_names_are_named_for_what_they_are(name: str, says: str) -> None:
    assert says in (why_unsafe(name) or "")


def test_thirty_accents_in_a_row_are_allowed_and_one_more_is_not() -> None:
    assert why_unsafe("a" + "\u0301" * 30 + "b" + "\u0323" * 30) is None
    assert "more than 30 accents" in (why_unsafe("a" + "\u0301" * 15 + "\u0323" * 16) or "")


@given(st.text(st.sampled_from("a./\\:\0"), max_size=8))
def test_a_safe_name_stays_in_its_folder(name: str) -> None:
    if why_unsafe(name) is None:
        segments = name.removesuffix("/").split("/")
        assert not {"", ".", ".."} & set(segments)
        assert not set("\\\0") & set(name)


@pytest.mark.parametrize(
    "name",
    [
        "__MACOSX/._index.html",
        "site/__MACOSX/x",
        ".DS_Store",
        "a/b/.DS_Store",
        "Thumbs.db",
        "a/thumbs.db",
        "desktop.ini",
        ".git/HEAD",
        "a/.git/objects/ab/cd",
        "a/.git",
    ],
)
def test_what_systems_and_git_leave_behind_is_junk(name: str) -> None:
    assert is_junk(name)


@pytest.mark.parametrize(
    "name", ["a.DS_Store", ".gitignore", ".github/x", "my.git/x", "Thumbs.db.html", "MACOSX/a"]
)
def test_names_that_only_look_like_junk_are_kept(name: str) -> None:
    assert not is_junk(name)


def test_environment_files_are_secret() -> None:
    assert all(is_secret(n) for n in (".env", "a/.env", ".env.local", "a/.env.production", ".ENV"))
    assert not any(is_secret(n) for n in ("a.env", ".envrc", "env", ".env/readme", "x.env.js"))


@given(st.text(max_size=20))
def test_nfc_gives_the_composed_form(name: str) -> None:
    assert nfc(name) == unicodedata.normalize("NFC", name)


def test_a_quoted_name_is_short_and_printable() -> None:
    assert quoted("a\x1b[2J") == "'a\\x1b[2J'"
    assert quoted("a" * 120) == repr("a" * 120)
    assert quoted("a" * 121) == repr("a" * 120 + "…")
