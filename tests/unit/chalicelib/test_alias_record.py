"""The alias record that the router reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.alias_record import (
    ALIAS_BYTES,
    MAX_VALUE_BYTES,
    encode,
    encode_version,
    has_table,
    store_key,
    version_key,
    with_error_folders,
    with_flat_pages,
)
from chalicelib.errors import VersionCorrupt
from chalicelib.gateways.rows import read_version, version_row
from chalicelib.records import Alias, Canary, EdgeRules, Password, Version

VERSION = Version(
    number=3,
    status="ready",
    alias="production",
    deployment_id="d",
    source_key="k",
    order="o",
    created_at="t",
    rules=EdgeRules(layers=(3,)),
)


ALIAS = Alias("production", 3, "o", "t", "ana")


def table_version(**rules: Any) -> Version:
    """A version with a table of one bucket, and whatever `rules` say."""
    return replace(VERSION, rules=replace(EdgeRules((3,), buckets=1), **rules))


def flat(paths: Iterable[str]) -> tuple[EdgeRules, tuple[str, ...]]:
    return with_flat_pages(EdgeRules((3,)), paths)


def test_the_key_names_the_alias() -> None:
    assert store_key("pr-12") == "a/pr-12"


def test_the_key_of_a_version_names_its_number() -> None:
    assert version_key(12) == "v/12"


def test_the_value_has_the_agreed_shape() -> None:
    assert json.loads(encode(VERSION)) == {
        "version": 3,
        "layers": [3],
        "salt": 0,
    }
    rules = EdgeRules(
        (3,),
        html="none",
        not_found="single-page-application",
        pages="file",
        exact=("LICENSE",),
        redirects=2,
        patterns="ab*",
        slash_blind=True,
    )
    assert json.loads(encode(replace(VERSION, rules=rules))) == {
        "version": 3,
        "layers": [3],
        "salt": 0,
        "html": "none",
        "notFound": "single-page-application",
        "pages": "file",
        "exact": ["LICENSE"],
        "redirects": 2,
        "patterns": "ab*",
        "blind": 1,
    }


def test_a_version_without_rules_cannot_be_encoded() -> None:
    with pytest.raises(VersionCorrupt, match="no routing rules"):
        encode(replace(VERSION, rules=None))


def test_a_record_over_the_stores_limit_is_refused() -> None:
    def with_exact(length: int) -> Version:
        return replace(VERSION, rules=EdgeRules(layers=(3,), exact=("x" * length,)))

    room = MAX_VALUE_BYTES - len(encode(with_exact(0)).encode())
    assert len(encode(with_exact(room)).encode()) == MAX_VALUE_BYTES
    with pytest.raises(VersionCorrupt, match="more than 1000 bytes"):
        encode(with_exact(room + 1))


def test_sixty_four_layers_and_the_longest_list_of_exact_files_fit() -> None:
    paths = ("index.html", *(f"file-{n:04d}" for n in range(500)))
    rules, _ = flat(paths)
    layers = tuple(range(99_936, 100_000))
    encode(replace(VERSION, rules=replace(rules, layers=layers[:1])))
    encode(replace(VERSION, rules=EdgeRules(layers=layers)))


# What is added for an alias, and for the version itself -----------------------------------------


def test_the_record_of_a_version_names_the_alias_it_was_deployed_to() -> None:
    assert json.loads(encode_version(VERSION)) == {
        **json.loads(encode(VERSION)),
        "alias": "production",
    }


def test_a_version_without_rules_has_no_record_of_its_own() -> None:
    with pytest.raises(VersionCorrupt, match="no routing rules"):
        encode_version(replace(VERSION, rules=None))


def test_the_record_of_an_alias_has_its_canary_and_its_password() -> None:
    alias = replace(ALIAS, canary=Canary(9, 25), password=Password("salt", "digest"))
    found = json.loads(encode(VERSION, alias))
    assert (found["canary"], found["password"]) == ([25, 9], ["salt", "digest"])
    plain = json.loads(encode(VERSION, ALIAS))
    assert plain == json.loads(encode(VERSION))


def test_the_record_of_an_alias_tells_where_the_table_of_its_fallback_is() -> None:
    fallback = replace(table_version(layers=(2, 1), buckets=7, salt=4), number=2)
    assert json.loads(encode(table_version(), ALIAS, fallback))["fallback"] == {
        "version": 2,
        "layers": [2, 1],
        "buckets": 7,
        "salt": 4,
    }


def test_a_fallback_takes_two_tables() -> None:
    table = table_version()
    assert has_table(table)
    assert not has_table(VERSION)
    assert encode(table, ALIAS, VERSION) == encode(table)
    assert encode(VERSION, ALIAS, table) == encode(VERSION)


def test_a_fallback_that_does_not_fit_is_left_out_and_no_other() -> None:
    fallback = replace(table_version(), number=2)
    empty = table_version(error_folders=(("", 0),))
    room = MAX_VALUE_BYTES - len(encode(empty, ALIAS, fallback))
    fits = table_version(error_folders=(("x" * room, 0),))
    assert len(encode(fits, ALIAS, fallback)) == MAX_VALUE_BYTES
    longer = table_version(error_folders=(("x" * (room + 1), 0),))
    assert encode(longer, ALIAS, fallback) == encode(longer)


def test_redirects_and_their_kind_are_told_where_there_are_any() -> None:
    found = json.loads(encode(table_version(redirects=3, patterns="abcd*", slash_blind=True)))
    assert (found["redirects"], found["patterns"], found["blind"]) == (3, "abcd*", 1)
    assert not {"redirects", "patterns", "blind"} & json.loads(encode(table_version())).keys()


# Flat versions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paths", "pages"),
    [
        (("index.html",), "folder"),
        (("index.html", "about/index.html"), "folder"),
        (("index.html", "about.html"), "file"),
        (("index.html", "a.html", "b/index.html"), "folder"),
        (("index.html", "404.html", "docs/404.html"), "folder"),
    ],
)
def test_the_form_that_more_pages_have_decides(paths: tuple[str, ...], pages: str) -> None:
    assert flat(paths)[0].pages == pages


def test_files_without_an_extension_are_listed() -> None:
    rules, warnings = flat(("index.html", "CNAME", ".well-known/security"))
    assert rules.exact == (".well-known/security", "CNAME")
    assert warnings == ()


def test_files_that_do_not_fit_in_the_list_are_counted_in_a_warning() -> None:
    rules, warnings = flat(tuple(f"{n:096d}" for n in range(5)))
    assert len(rules.exact) == 4
    assert warnings == ("1 files without an extension are not reachable at their exact path.",)


# Error pages --------------------------------------------------------------------------------------


def with_pages(pages: Mapping[str, int], **rules: Any) -> tuple[Version, tuple[str, ...]]:
    """A version with the error `pages`, and the warnings."""
    layers = tuple(sorted(set(pages.values()), reverse=True)) or (3,)
    version = table_version(**({"layers": layers, "not_found": "404-page"} | rules))
    assert version.rules is not None
    made, warnings = with_error_folders(version.number, version.rules, pages)
    return replace(version, rules=made), warnings


def folders(version: Version) -> list[str]:
    assert version.rules is not None
    return [folder for folder, _ in version.rules.error_folders]


def test_the_value_of_a_version_with_a_table_has_the_agreed_shape() -> None:
    version, warnings = with_pages({"404.html": 3, "a b/é/404.html": 1}, layers=(3, 2, 1))
    assert warnings == ()
    assert json.loads(encode(version)) == {
        "version": 3,
        "layers": [3, 2, 1],
        "buckets": 1,
        "salt": 0,
        "errorFolders": {"": 0, "a%20b/%C3%A9": 2},
    }


def test_error_pages_are_listed_from_the_top_down_as_far_as_they_fit() -> None:
    names = [f"{n:093d}" for n in range(9)]
    pages = {f"{name}/deep/404.html": 1 for name in names} | {"404.html": 1}
    pages |= {f"{name}/404.html": 1 for name in names}
    version, warnings = with_pages(pages)
    # 900 bytes without what the record has anyway, 7 for the root, 100 for each.
    assert folders(version) == ["", *names[:8]]
    assert warnings == ("10 of the 404.html pages are not shown: the next one above them is.",)


def test_error_folders_have_what_is_left_of_the_record_but_for_100_bytes() -> None:
    bare = len(encode(with_pages({})[0])) + len(',"errorFolders":{}')
    room = MAX_VALUE_BYTES - ALIAS_BYTES - bare - len('"":63,')
    fits, warnings = with_pages({f"{'x' * room}/404.html": 3})
    assert (folders(fits), warnings) == (["x" * room], ())
    assert MAX_VALUE_BYTES - ALIAS_BYTES - len(encode(fits)) in range(3)  # it is no 63, no comma
    longer, warnings = with_pages({f"{'x' * (room + 1)}/404.html": 3})
    assert folders(longer) == []
    assert warnings == ("1 of the 404.html pages are not shown: the next one above them is.",)


def test_what_else_the_record_says_takes_room_from_error_folders() -> None:
    pages = {f"{n:03d}/404.html": 3 for n in range(200)}
    plain, _ = with_pages(pages)
    ruled, _ = with_pages(pages, patterns="ab" * 48, redirects=99)
    taken = len('"redirects":99,"patterns":"",') + 2 * 48
    assert len(folders(plain)) - len(folders(ruled)) in (taken // 9, taken // 9 + 1)


@given(
    st.integers(1, 9_999_999),
    st.integers(1, 64),
    st.integers(0, 64),
    st.sampled_from(["", "ab" * 48 + "*"]),
)
def test_with_as_many_error_pages_as_fit_an_alias_has_its_100_bytes(
    number: int, layers: int, pages: int, patterns: str
) -> None:
    rules = EdgeRules(
        tuple(range(9_999_900, 9_999_900 + layers)), 5_000, 63, patterns=patterns, redirects=500
    )
    listed = {f"{n}/404.html": 9_999_900 + n % layers for n in range(pages)}
    made, _ = with_error_folders(number, rules, listed)
    version = replace(VERSION, number=number, rules=made)
    without = replace(VERSION, number=number, rules=rules)
    kept_free = MAX_VALUE_BYTES - ALIAS_BYTES
    assert len(encode(version)) <= max(kept_free, len(encode(without)))


def test_a_canary_and_a_password_fit_in_what_is_kept_free() -> None:
    pages = {f"{n}/404.html": 3 for n in range(200)}
    version, _ = with_pages(pages, html="force-trailing-slash")
    password = Password("s" * 16, "d" * 43)
    alias = replace(ALIAS, canary=Canary(9_999_999, 99), password=password)
    encode(version, alias)
    encode_version(replace(version, alias="a" * 63))


def test_the_rules_of_a_table_survive_the_database() -> None:
    version, _ = with_pages({"index.html": 2, "404.html": 3}, patterns="ab*", redirects=2)
    assert read_version(version_row(version)) == version
