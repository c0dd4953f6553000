"""What the edge would answer for a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.resolution import Asked, Found, Missing, Redirect, resolve
from decant.preview.compiling import Overrides
from decant.preview.edge import security_headers
from tests.unit.decant.preview.folders import get, site_of

SITE: dict[str, str | bytes] = {
    "index.html": "home",
    "about.html": "about",
    "docs/index.html": "docs",
    "docs/404.html": "no docs",
    "404.html": "no",
    "a b/é.txt": "text",
    "app.0a1b2c3d.js": "1",
    "_redirects": "/old /about 301\n/blog/:id /docs/ 302\n/shown /about.html 200\n",
    "_headers": "/about\n  X-About: yes\n  Cache-Control: no-cache\n",
}


def test_a_file_comes_with_what_is_stored_with_it_and_what_the_edge_adds(tmp_path: Path) -> None:
    answer = get(site_of(tmp_path, SITE), "/about")
    assert (answer.status, answer.file, answer.location) == (200, "about.html", None)
    assert answer.source == tmp_path / "about.html"
    assert dict(answer.headers) == {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-cache",
        "etag": f'"{hashlib.md5(b"about", usedforsecurity=False).hexdigest()}"',
        "x-about": "yes",
        "strict-transport-security": "max-age=31536000; includeSubDomains",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "strict-origin-when-cross-origin",
    }


@pytest.mark.parametrize(
    ("address", "status", "location", "file"),
    [
        ("/", 200, None, "index.html"),
        ("/index.html", 307, "/", None),
        ("/docs", 307, "/docs/", None),
        ("/docs?a=1", 307, "/docs/?a=1", None),
        ("/docs/", 200, None, "docs/index.html"),
        ("/docs/nothing", 404, None, "docs/404.html"),
        ("/nothing", 404, None, "404.html"),
        ("/a%20b/%C3%A9.txt", 200, None, "a b/é.txt"),
        ("/old?b=c", 301, "/about?b=c", None),
        ("/blog/7", 302, "/docs/", None),
        ("/shown", 307, "/about", None),
        ("/%zz", 400, None, None),
        ("/../index.html", 400, None, None),
        ("/_redirects", 404, None, "404.html"),
        ("/_decant/404.html", 200, None, None),
        ("/_decant/other", 404, None, None),
    ],
)
def test_each_address_gives_what_it_would_at_the_edge(
    address: str, status: int, location: str | None, file: str | None, tmp_path: Path
) -> None:
    answer = get(site_of(tmp_path, SITE), address)
    assert (answer.status, answer.location, answer.file) == (status, location, file)


def test_without_an_error_page_there_is_a_small_one_and_no_file(tmp_path: Path) -> None:
    answer = get(site_of(tmp_path, {"index.html": "x"}), "/nothing")
    assert (answer.status, answer.file, answer.source) == (404, None, None)
    assert b"There is nothing at this address" in answer.body


def test_settings_of_the_command_win_over_those_of_the_site(tmp_path: Path) -> None:
    files = SITE | {"decant.toml": 'html_handling = "none"\nnot_found = "none"\n'}
    site = site_of(tmp_path, files)
    assert get(site, "/docs/").status == 404
    application = Overrides(html="drop-trailing-slash", not_found="single-page-application")
    site = site_of(tmp_path, files, application)
    assert get(site, "/docs").file == "docs/index.html"
    assert get(site, "/nothing").file == "index.html"
    assert get(site, "/nothing.png").status == 404


def test_a_page_that_rules_show_with_a_status_has_that_status_and_its_own_path(
    tmp_path: Path,
) -> None:
    files: dict[str, str | bytes] = {
        "index.html": "x",
        "gone.html": "gone",
        "_redirects": "/old/* /gone.html 410\n",
    }
    answer = get(site_of(tmp_path, files, Overrides(dialect="netlify")), "/old/page")
    assert (answer.status, answer.file) == (410, "gone.html")


def test_what_a_browser_has_already_is_not_sent_again(tmp_path: Path) -> None:
    site = site_of(tmp_path, SITE)
    etag = get(site, "/about").headers["etag"]
    assert get(site, "/about", if_none_match=f'"other", W/{etag}').status == 304
    assert get(site, "/about", if_none_match='"other"').status == 200
    (tmp_path / "about.html").write_text("changed")
    assert get(site, "/about", if_none_match=etag).status == 200


def test_a_file_that_is_gone_is_answered_as_an_object_that_is_gone(tmp_path: Path) -> None:
    site = site_of(tmp_path, SITE)
    (tmp_path / "about.html").unlink()
    answer = get(site, "/about")
    assert (answer.status, answer.file) == (404, None)
    assert answer.body == (Path(__file__).parents[4] / "edge" / "fallback.html").read_bytes()


def test_a_preview_is_chosen_by_a_cookie(tmp_path: Path) -> None:
    answer = get(site_of(tmp_path, SITE), "/?decant=pr-1")
    assert (answer.status, answer.location) == (302, "/")
    assert answer.headers["set-cookie"].startswith("decant=pr-1; Path=/; Secure")


def test_the_policy_is_read_as_cloudfront_reads_it() -> None:
    config: dict[str, Any] = {
        "ContentTypeOptions": {"Override": False},
        "FrameOptions": {"FrameOption": "SAMEORIGIN"},
        "ReferrerPolicy": {"ReferrerPolicy": "no-referrer"},
        "StrictTransportSecurity": {"AccessControlMaxAgeSec": 60, "IncludeSubdomains": False},
    }
    assert security_headers(config) == {
        "strict-transport-security": "max-age=60",
        "x-content-type-options": "nosniff",
        "x-frame-options": "SAMEORIGIN",
        "referrer-policy": "no-referrer",
    }


SEGMENTS = st.sampled_from(
    ["", "docs", "about", "about.html", "index.html", "404", "blog", "old", "a%20b", "%C3%A9.txt"]
)


@given(st.lists(SEGMENTS, min_size=1, max_size=4).map(lambda names: "/" + "/".join(names)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_answers_are_those_of_chalicelibs_resolution(tmp_path: Path, address: str) -> None:
    site = site_of(tmp_path, SITE)
    told = resolve(
        site.compiled.index(),
        site.compiled.routing.rules,
        Asked(address),
        redirects=site.compiled.manifest.rules.redirects,
        version=1,
    )
    answer = get(site, address)
    if isinstance(told, Found):
        # An error page has its status at its own address, too: it is stored with it.
        status = 404 if told.path.endswith("404.html") else told.status
        assert (answer.status, answer.file) == (status, told.path)
    elif isinstance(told, Redirect):
        assert (answer.status, answer.location) == (told.status, told.location)
    else:
        assert (answer.status, answer.file) == (404 if isinstance(told, Missing) else 400, None)
