"""The alias record that the router reads."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.alias_record import MAX_VALUE_BYTES, encode, flat_rules, store_key, table_rules
from chalicelib.errors import VersionCorrupt
from chalicelib.gateways.rows import read_version, version_row
from chalicelib.records import EdgeRules, Version
from chalicelib.route_table import compile_table

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


def test_the_key_names_the_alias() -> None:
    assert store_key("pr-12") == "a/pr-12"


def test_the_value_has_the_agreed_shape() -> None:
    assert json.loads(encode(VERSION)) == {
        "version": 3,
        "layers": [3],
        "buckets": 0,
        "salt": 0,
        "html": "auto-trailing-slash",
        "notFound": "none",
        "pages": "folder",
        "exact": [],
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
    rules, _ = flat_rules(99_999, paths)
    layers = tuple(range(99_936, 100_000))
    encode(replace(VERSION, rules=replace(rules, layers=layers[:1])))
    encode(replace(VERSION, rules=EdgeRules(layers=layers)))


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
    assert flat_rules(1, paths)[0].pages == pages


def test_files_without_an_extension_are_listed() -> None:
    rules, warnings = flat_rules(1, ("index.html", "CNAME", ".well-known/security"))
    assert rules.exact == (".well-known/security", "CNAME")
    assert warnings == ()


def test_files_that_do_not_fit_in_the_list_are_counted_in_a_warning() -> None:
    rules, warnings = flat_rules(1, tuple(f"{n:096d}" for n in range(5)))
    assert len(rules.exact) == 4
    assert warnings == ("1 files without an extension are not reachable at their exact path.",)


def test_a_404_page_at_the_root_sets_the_mode() -> None:
    assert flat_rules(1, ("index.html", "404.html"))[0].not_found == "404-page"
    assert flat_rules(1, ("index.html", "docs/404.html"))[0].not_found == "none"


def _rules(files: dict[str, int], **modes: Any) -> tuple[EdgeRules, tuple[str, ...]]:
    return table_rules(compile_table(files.items()), files, **modes)


def test_the_value_of_a_version_with_a_table_has_the_agreed_shape() -> None:
    rules, warnings = _rules({"index.html": 2, "404.html": 3, "a b/é/404.html": 1})
    assert warnings == ()
    assert json.loads(encode(replace(VERSION, rules=rules))) == {
        "version": 3,
        "layers": [3, 2, 1],
        "buckets": 1,
        "salt": 0,
        "html": "auto-trailing-slash",
        "notFound": "404-page",
        "errorFolders": {"": 0, "a%20b/%C3%A9": 2},
    }


def test_a_site_without_a_404_page_shows_none() -> None:
    rules, _ = _rules({"index.html": 2, "not404.html": 1})
    assert (rules.not_found, rules.error_folders) == ("none", ())


def test_an_application_shows_its_start_page() -> None:
    rules, _ = _rules({"index.html": 2, "404.html": 3}, not_found="single-page-application")
    assert rules.error_folders == (("", 1),)
    rules, _ = _rules({"a.js": 2}, not_found="single-page-application")
    assert rules.error_folders == ()


def test_error_pages_are_listed_from_the_top_down_as_far_as_they_fit() -> None:
    folders = [f"{n:093d}" for n in range(4)]
    files = {f"{folder}/deep/404.html": 1 for folder in folders} | {"404.html": 1}
    files |= {f"{folder}/404.html": 1 for folder in folders}
    rules, warnings = _rules(files)
    assert [folder for folder, _ in rules.error_folders] == ["", *folders[:2]]
    assert warnings == ("6 of the 404.html pages are not shown: the next one above them is.",)


def test_sixty_four_layers_and_the_longest_list_of_error_pages_fit() -> None:
    files = {f"{n}/404.html": 9_999_900 + n for n in range(64)}
    rules, _ = _rules(files, html="force-trailing-slash", not_found="404-page")
    version = replace(VERSION, number=9_999_999, rules=replace(rules, salt=63, buckets=5_000))
    assert len(rules.error_folders) > 30
    assert len(encode(version).encode()) <= MAX_VALUE_BYTES


def test_the_rules_of_a_table_survive_the_database() -> None:
    rules, _ = _rules({"index.html": 2, "404.html": 3})
    version = replace(VERSION, rules=rules)
    assert read_version(version_row(version)) == version
