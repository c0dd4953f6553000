"""The routing that a manifest gives: modes, tables, and what the rules of its site become."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import NoRouteTable
from chalicelib.manifest import Manifest, decode, encode
from chalicelib.records import EdgeRules, NotFoundMode
from chalicelib.route_table import digest_of
from chalicelib.routing import Routing, compile_routing, status_pages
from chalicelib.rules.model import Dialect, Finding, Redirect, SiteRules, SiteSettings
from tests.unit import sites
from tests.unit.edge.table_sites import VERSION, manifest_of

OWN = VERSION.number
SITE: sites.Files = {"index.html": 1, "about.html": 2, "docs/index.html": 3, "404.html": OWN}


def rule(
    source: str, target: str, status: int = 301, line: int = 1, *, forced: bool = True
) -> Redirect:
    return Redirect(line, source, target, status, forced)


def manifest(
    *redirects: Redirect, files: sites.Files | None = None, dialect: Dialect = "cloudflare"
) -> Manifest:
    rules = SiteRules(SiteSettings(dialect=dialect), redirects)
    return manifest_of(SITE if files is None else files, rules)


def routing(*redirects: Redirect, dialect: Dialect = "cloudflare") -> Routing:
    return compile_routing(manifest(*redirects, dialect=dialect))


def flat(paths: list[str], *redirects: Redirect) -> Routing:
    files = dict.fromkeys(paths, OWN)
    return compile_routing(replace(manifest(*redirects, files=files), flat="It is too large."))


def done(found: Routing, source: str) -> str:
    """What the exact rule of `source` does: status and target; "" when there is none."""
    fingerprint = digest_of(found.rules.salt, f">{source}").fingerprint
    entries = [entry for bucket in found.redirects.exact for entry in bucket.split("|")]
    return next((entry[4:] for entry in entries if entry.startswith(fingerprint)), "")


# Files ------------------------------------------------------------------------------------------


def test_the_rules_say_where_the_table_is_and_how_it_is_read() -> None:
    found = routing()
    assert found.table is not None
    assert (found.rules.layers, found.rules.salt) == (found.table.layers, found.table.salt)
    assert found.rules.buckets == len(found.table.buckets) == 1
    assert found.rules.error_folders == (("", 0),)
    assert (found.findings, found.warnings, found.redirects.exact) == ((), (), ())


def test_what_is_carried_is_in_the_table_but_shows_no_page() -> None:
    own = manifest(files={"index.html": OWN})
    (carried,) = manifest(files={"docs/404.html": 7}).files
    found = compile_routing(replace(own, carried=(replace(carried, origin=7),)))
    assert found.table is not None
    assert found.table.look_up("/docs/404") == {".html": 7}
    assert (found.rules.layers, found.rules.not_found) == ((OWN, 7), "none")


@pytest.mark.parametrize(
    ("files", "chosen", "single_page", "mode"),
    [
        (["index.html"], None, False, "none"),
        (["index.html", "404.html"], None, False, "404-page"),
        (["index.html", "docs/404.html"], None, False, "404-page"),
        (["index.html", "not404.html"], None, False, "none"),
        (["index.html", "404.html"], None, True, "single-page-application"),
        (["index.html", "404.html"], "none", True, "none"),
        (["index.html"], "404-page", False, "404-page"),
    ],
)
def test_what_is_missing_is_shown_as_settings_rules_or_files_say(
    files: list[str], chosen: NotFoundMode | None, single_page: bool, mode: NotFoundMode
) -> None:
    site = SiteRules(SiteSettings(not_found=chosen), single_page=single_page)
    found = compile_routing(manifest_of(dict.fromkeys(files, OWN), site))
    assert found.rules.not_found == mode


def test_an_application_shows_its_start_page() -> None:
    def folders(files: sites.Files) -> tuple[tuple[str, int], ...]:
        settings = SiteSettings(not_found="single-page-application")
        return compile_routing(manifest_of(files, SiteRules(settings))).rules.error_folders

    assert folders({"index.html": 2, "404.html": 3, "docs/404.html": 3}) == (("", 1),)
    assert folders({"a.js": 2}) == ()


def test_error_pages_that_do_not_fit_are_told() -> None:
    files = {"index.html": OWN} | {f"{'x' * 90}{n}/404.html": OWN for n in range(12)}
    found = compile_routing(manifest(files=files))
    assert 0 < len(found.rules.error_folders) < 12
    assert "404.html pages are not shown" in found.warnings[0]


def test_the_record_of_the_version_itself_is_written_last() -> None:
    found = routing(rule("/old", "/about"), rule("/a/*", "/about", line=2))
    *others, last = found.store_entries(VERSION)
    assert last == f"v/{OWN}"
    kinds = {key[0] for key in others}
    assert kinds == {"t", "r", "p"}
    assert all(key.startswith(f"{key[0]}/{OWN}/") for key in others)


def test_the_record_of_the_version_has_the_rules_of_this_routing() -> None:
    found = routing(rule("/old", "/about"))
    stale = replace(VERSION, rules=EdgeRules((1,)))
    assert found.store_entries(stale) == found.store_entries(VERSION)


# Redirects --------------------------------------------------------------------------------------


def test_an_exact_redirect_is_found_by_its_address_and_marked_in_the_table() -> None:
    found = routing(rule("/old", "/about#x", 302))
    assert done(found, "/old") == "302 /about#x"
    assert found.rules.redirects == 1
    assert found.table is not None
    unmarked = routing().table
    assert unmarked is not None
    assert len(found.table.buckets[0]) == len(unmarked.buckets[0]) + 6


def test_a_rule_that_must_wait_for_another_is_tried_in_turn() -> None:
    found = routing(rule("/a/*", "/1", line=1, forced=False), rule("/a/b", "/2", line=2))
    assert done(found, "/a/b") == ""
    assert len(found.rules.patterns) == 2
    ((_, chunks),) = found.redirects.groups
    assert chunks == ("301 /a/* /1|301! /a/b /2",)


@pytest.mark.parametrize("address", ["/about", "/about.html", "/docs/", "/docs", "/"])
def test_a_rule_that_is_not_forced_is_dropped_where_the_site_has_a_file(address: str) -> None:
    found = routing(rule(address, "/new", line=5, forced=False))
    assert (found.redirects.exact, found.rules.redirects) == ((), 0)
    text = (
        f"It never applies: the site has a file at {address}. End the status with ! if it is to "
        "win."
    )
    assert found.findings == (Finding("_redirects", 5, "warning", text),)


def test_a_rule_that_is_forced_or_has_no_file_in_its_way_applies() -> None:
    found = routing(
        rule("/about", "/new", line=1),
        rule("/gone", "/new", line=2, forced=False),
        rule("/docs/*", "/new", line=3, forced=False),
    )
    assert found.findings == ()
    assert done(found, "/about") == done(found, "/gone") == "301 /new"
    assert len(found.redirects.groups) == 1


@pytest.mark.parametrize(
    ("source", "target", "address"),
    [
        ("/about", "/about.html", "/about"),
        ("/docs/", "/docs/index.html", "/docs/"),
        ("/*", "/about.html", "/about"),
    ],
)
def test_a_rule_that_shows_a_page_whose_address_it_takes_again_is_dropped(
    source: str, target: str, address: str
) -> None:
    found = routing(rule(source, target, 200, line=5))
    assert (found.redirects.exact, found.redirects.groups) == ((), ())
    text = (
        f"It is ignored, since {target} is sent on to {address}, which the rule takes again: "
        f"write {address} as the target, or remove the rule."
    )
    assert found.findings == (Finding("_redirects", 5, "warning", text),)


def test_a_slash_at_the_end_makes_no_difference_in_netlifys_dialect() -> None:
    found = routing(rule("/docs", "/new", forced=False), dialect="netlify")
    assert found.rules.slash_blind
    assert len(found.findings) == 1


# What a rule that shows something in place does ---------------------------------------------------


@pytest.mark.parametrize(
    ("target", "status", "action"),
    [
        ("/about", 200, "000 /v2/about.html"),
        ("/docs/", 200, "000 /v3/docs/index.html"),
        ("/404", 200, f"000 /v{OWN}/404.html"),
        ("/404.html", 200, "307 /404"),
        ("/404", 404, f"000 /v{OWN}/404.html"),
        ("/about", 404, f"000 /v{OWN}/_decant/404/about.html"),
        ("/about", 410, f"000 /v{OWN}/_decant/410/about.html"),
        ("/nowhere", 200, "404 "),
        ("/nowhere", 410, "404 "),
        ("/about.html", 200, "307 /about"),
        ("/docs", 200, "307 /docs/"),
        ("/about", 301, "301 /about"),
        ("https://a.test/*", 308, "308 https://a.test/*"),
    ],
)
def test_what_a_rule_does_is_decided_with_the_table(target: str, status: int, action: str) -> None:
    assert done(routing(rule("/x", target, status)), "/x") == action


def test_a_target_that_depends_on_the_request_is_looked_up_when_it_is_asked_for() -> None:
    found = routing(rule("/a/:", "/docs/*0", 200), rule("/b/:", "/docs/*0", 404, line=2))
    texts = {text for _, chunks in found.redirects.groups for text in chunks}
    assert texts == {"200! /a/: /docs/*0", "404! /b/:"}


def test_a_target_too_long_for_a_bucket_is_looked_up_when_it_is_asked_for() -> None:
    name = "x" * 890
    found = compile_routing(manifest(rule("/x", f"/{name}", 200), files={f"{name}.html": 1}))
    assert done(found, "/x") == f"000 /v1/{name}.html"
    longer = name + "xxx"
    found = compile_routing(manifest(rule("/x", f"/{longer}", 200), files={f"{longer}.html": 1}))
    assert done(found, "/x") == f"200 /{longer}"


def test_the_files_that_rules_show_with_another_status_are_listed_once() -> None:
    site = manifest(
        rule("/a", "/about", 410),
        rule("/b", "/about", 410, line=2),
        rule("/c/*", "/docs/", 404, line=3),
        rule("/d", "/404", 404, line=4),
        rule("/e", "/404", 410, line=5),
        rule("/f", "/nowhere", 410, line=6),
        rule("/g", "/about", 200, line=7),
        rule("/h", "/about", 301, line=8),
        rule("/i/*", "/docs/*0", 410, line=9),
    )
    assert status_pages(site) == (("404.html", 410), ("about.html", 410), ("docs/index.html", 404))


def test_a_site_without_such_rules_has_no_status_pages() -> None:
    assert status_pages(manifest(rule("/a", "/about", 200))) == ()


# Flat versions ------------------------------------------------------------------------------------


def test_a_flat_version_has_no_table_and_is_found_by_its_form() -> None:
    found = flat(["index.html", "a.html", "CNAME"])
    assert found.table is None
    assert (found.rules.layers, found.rules.buckets) == ((OWN,), 0)
    assert (found.rules.pages, found.rules.exact) == ("file", ("CNAME",))
    assert found.store_entries(VERSION).keys() == {f"v/{OWN}"}


def test_a_flat_version_redirects_without_a_table() -> None:
    found = flat(["index.html", "a.html"], rule("/old", "/a"), rule("/x/*", "/a", line=2))
    assert done(found, "/old") == "301 /a"
    assert found.rules.redirects == 1
    assert found.findings == ()


def test_in_a_flat_version_patterns_for_what_is_missing_are_told_not_to_apply() -> None:
    found = flat(["index.html"], rule("/x/*", "/a", line=3, forced=False))
    assert found.redirects.groups == ()
    ((finding),) = found.findings
    assert (finding.line, finding.severity) == (3, "warning")
    assert "without a table cannot tell" in finding.text


# Repetition ---------------------------------------------------------------------------------------

rules = st.builds(
    Redirect,
    line=st.just(0),
    source=st.sampled_from(["/a", "/b/*", "/a/:", "/old", "/", "/*", "/a/b/"]),
    target=st.sampled_from(["/", "/a", "/a/b.html", "https://a.test/x"]),
    status=st.sampled_from([200, 301, 404, 410]),
    forced=st.booleans(),
    navigation=st.booleans(),
)


@given(sites.sites.filter(bool), st.lists(rules, max_size=6), st.sampled_from(["", "too large"]))
def test_the_same_manifest_gives_the_same_routing(
    files: sites.Files, redirects: list[Redirect], why: str
) -> None:
    numbered = tuple(replace(one, line=line) for line, one in enumerate(redirects, 1))
    made = replace(manifest(*numbered, files=files), flat=why)
    made = replace(made, status_pages=status_pages(made))
    try:
        first = compile_routing(made)
    except NoRouteTable:
        return
    again = compile_routing(decode(encode(made)))
    assert again == first
    assert again.store_entries(VERSION) == first.store_entries(VERSION)
    assert list(again.store_entries(VERSION)) == list(first.store_entries(VERSION))
