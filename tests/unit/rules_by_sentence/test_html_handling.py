"""html handling: which file an address gives, and which address a file has."""

from __future__ import annotations

from pathlib import Path

import pytest

from decant.preview.compiling import Overrides
from edge.template import edge_template
from tests.unit.decant.preview.folders import get, site_of
from tests.unit.rules_by_sentence.sentences import Sentence, each, hold, short

BOTH = ("x.html", "x/index.html")
FORCE = 'html_handling = "force-trailing-slash"'
DROP = 'html_handling = "drop-trailing-slash"'
NONE = 'html_handling = "none"'


@each(
    Sentence("the start page is at the root", {"/": "200 index.html"}),
    Sentence(
        "a file called index is served at its own path",
        {"/x/index": "200 x/index"},
        files=["x/index", "x.html"],
    ),
    Sentence(
        "x/index and x/index.html lead to the folder",
        {"/x/index": "307 /x/", "/x/index.html": "307 /x/"},
        files=["x/index.html"],
    ),
    Sentence(
        "x/index and x/index.html lead to the page where there is no folder",
        {"/x/index": "307 /x", "/x/index.html": "307 /x"},
        files=["x.html"],
    ),
    Sentence(
        "a folder's address shows its index.html",
        {"/x/": "200 x/index.html"},
        files=["x/index.html"],
    ),
    Sentence(
        "a folder's address leads to the page where there is no folder",
        {"/x/": "307 /x"},
        files=["x.html"],
    ),
    Sentence(
        "a page loses its extension", {"/x.html": "307 /x", "/x": "200 x.html"}, files=["x.html"]
    ),
    Sentence(
        "an address with .html leads to the folder where there is no page, in one hop",
        {"/x.html": "307 /x/"},
        files=["x/index.html"],
    ),
    Sentence(
        "an address without a slash leads to the folder",
        {"/x": "307 /x/"},
        files=["x/index.html"],
    ),
    Sentence(
        "a file is served at its path before any page",
        {"/x": "200 x", "/x.html": "200 x.html"},
        files=["x", "x.html"],
    ),
    Sentence(
        "of x.html and x/index.html each has its own address",
        {
            "/x": "200 x.html",
            "/x.html": "307 /x",
            "/x/": "200 x/index.html",
            "/x/index": "307 /x/",
            "/x/index.html": "307 /x/",
        },
        files=BOTH,
    ),
    Sentence("what is no form of a file is not found", {"/y": "404", "/y/": "404"}, files=BOTH),
)
def test_auto_trailing_slash(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path)


@each(
    Sentence("the start page is at the root", {"/": "200 index.html"}, settings=FORCE),
    Sentence(
        "a page's address has a slash, and all others lead there",
        {
            "/x/": "200 x.html",
            "/x": "307 /x/",
            "/x.html": "307 /x/",
            "/x/index": "307 /x/",
            "/x/index.html": "307 /x/",
        },
        files=["x.html"],
        settings=FORCE,
    ),
    Sentence(
        "so has a folder's",
        {
            "/x/": "200 x/index.html",
            "/x": "307 /x/",
            "/x.html": "307 /x/",
            "/x/index": "307 /x/",
            "/x/index.html": "307 /x/",
        },
        files=["x/index.html"],
        settings=FORCE,
    ),
    Sentence(
        "of x.html and x/index.html the folder has the address, and x.html its own path",
        {
            "/x/": "200 x/index.html",
            "/x.html": "200 x.html",
            "/x": "307 /x/",
            "/x/index.html": "307 /x/",
        },
        files=BOTH,
        settings=FORCE,
    ),
    Sentence(
        "a file without .html has no slash",
        {"/a.txt": "200 a.txt", "/a.txt/": "404"},
        files=["a.txt"],
        settings=FORCE,
    ),
)
def test_force_trailing_slash(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path)


@each(
    Sentence(
        "only the start page's address has a slash",
        {"/": "200 index.html", "/index": "307 /", "/index.html": "307 /"},
        settings=DROP,
    ),
    Sentence(
        "a page's address has no slash, and all others lead there",
        {
            "/x": "200 x.html",
            "/x/": "307 /x",
            "/x.html": "307 /x",
            "/x/index": "307 /x",
            "/x/index.html": "307 /x",
        },
        files=["x.html"],
        settings=DROP,
    ),
    Sentence(
        "nor has a folder's",
        {
            "/x": "200 x/index.html",
            "/x/": "307 /x",
            "/x.html": "307 /x",
            "/x/index": "307 /x",
            "/x/index.html": "307 /x",
        },
        files=["x/index.html"],
        settings=DROP,
    ),
    Sentence(
        "of x.html and x/index.html the page has the address, and x/index.html its own path",
        {
            "/x": "200 x.html",
            "/x/": "307 /x",
            "/x.html": "307 /x",
            "/x/index.html": "200 x/index.html",
        },
        files=BOTH,
        settings=DROP,
    ),
    Sentence(
        "a file is served at its path before any page",
        {"/x": "200 x", "/x.html": "200 x.html"},
        files=["x", "x.html"],
        settings=DROP,
    ),
)
def test_drop_trailing_slash(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path)


@each(
    Sentence(
        "files are at their paths, and pages nowhere else",
        {
            "/x.html": "200 x.html",
            "/x/index.html": "200 x/index.html",
            "/x": "404",
            "/x/": "404",
            "/x/index": "404",
        },
        files=BOTH,
        settings=NONE,
    ),
    Sentence("the root has nothing", {"/": "404", "/index.html": "200 index.html"}, settings=NONE),
    Sentence(
        "the root has what a rule shows there",
        {"/": "200 index.html"},
        redirects="/ /index.html 200",
        settings=NONE,
    ),
)
def test_none(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path)


@each(
    Sentence(
        "names have spaces, umlauts and percent signs, escaped in an address",
        {
            "/a%20b": "200 a b.html",
            "/a%20b.html": "307 /a%20b",
            "/caf%C3%A9/": "200 café/index.html",
            "/caf%c3%a9": "307 /caf%C3%A9/",
            "/100%25": "200 100%.html",
            "/100%25.html": "307 /100%25",
            "/%F0%9F%8E%89.txt": "200 🎉.txt",
        },
        files=["a b.html", "café/index.html", "100%.html", "🎉.txt"],
    ),
    Sentence(
        "a name that looks escaped is escaped once more",
        {"/a%2520b": "200 a%20b.html", "/a%20b": "404"},
        files=["a%20b.html"],
    ),
    Sentence(
        "an escaped slash or backslash, a dot segment and a bad escape are refused",
        {"/x%2Fy": "400", "/x%5Cy": "400", "/x/%2E%2E/y": "400", "/100%": "400", "/%FF": "400"},
        files=["x/y.html"],
    ),
    Sentence(
        "slashes that meet are one, and lead to the one address",
        {"//x//y": "307 /x/y", "/x//": "307 /x/", "/x/y": "200 x/y.html"},
        files=["x/y.html", "x/index.html"],
    ),
    Sentence(
        "addresses are compared by case",
        {"/X": "404", "/x": "200 x.html"},
        files=["x.html"],
    ),
    Sentence(
        "a redirect keeps the query as it was sent",
        {"/x.html?a=%20&b=+&a=2": "307 /x?a=%20&b=+&a=2", "/y?": "307 /y/?"},
        files=["x.html", "y/index.html"],
    ),
    Sentence(
        "we differ: other spellings of one address are served, not redirected",
        {"/logo@2x.png": "200 logo@2x.png", "/logo%402x.png": "200 logo@2x.png"},
        files=["logo@2x.png"],
    ),
    Sentence(
        "we differ: a folder's index.html is no page called index, so /x/index/ is no address",
        {"/x/index/": "307 /x/"},
        files=["x/index.html"],
    ),
)
def test_addresses(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path)


def test_we_differ_in_that_the_distribution_refuses_methods_other_than_get_and_head() -> None:
    """CloudFront answers 403, where Cloudflare says 405."""
    delivery = edge_template()["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    behaviors = [delivery["DefaultCacheBehavior"], *delivery["CacheBehaviors"]]
    assert all(one["AllowedMethods"] == ["GET", "HEAD"] for one in behaviors)


@pytest.mark.parametrize("weak", ["", "W/"])
def test_what_a_browser_has_is_not_sent_again_by_a_strong_or_a_weak_tag(
    weak: str, tmp_path: Path
) -> None:
    site = site_of(tmp_path, {"index.html": "x"})
    tag = get(site, "/").headers["etag"]
    assert tag.startswith('"')
    assert short(get(site, "/", if_none_match=weak + tag)) == "304 index.html"


def test_browsers_ask_again_for_pages_unless_the_site_says_otherwise(tmp_path: Path) -> None:
    site = site_of(tmp_path, {"index.html": "x"})
    assert get(site, "/").headers["cache-control"] == "public, max-age=0, must-revalidate"
    private = get(site, "/", authorization="Basic eDp5").headers["cache-control"]
    assert private == "private, no-cache"


def test_we_differ_in_that_a_file_of_unknown_type_has_one(tmp_path: Path) -> None:
    site = site_of(tmp_path, {"index.html": "x", "data.unknown": "y"}, Overrides())
    assert get(site, "/data.unknown").headers["content-type"] == "application/octet-stream"
