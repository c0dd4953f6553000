"""What a version with a route table answers, by each of the rules that users bring with them."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.records import HtmlHandling, NotFoundMode
from chalicelib.resolution import Answer, Found, Missing, Redirect, Refused
from chalicelib.route_table import encode_path
from tests.unit import html_rules, sites
from tests.unit.edge.table_sites import live

MODES: tuple[HtmlHandling, ...] = get_args(HtmlHandling)
html_modes = st.sampled_from(MODES)
# With more than four endings a file is at its own path only.
MANY_ENDINGS = re.compile(r"(?:\.html|/index){4,}/?$")


def ask(
    files: sites.Files,
    uri: str,
    html: HtmlHandling = "auto-trailing-slash",
    not_found: NotFoundMode | None = None,
    *,
    navigation: bool = False,
) -> Answer:
    return live(files, html=html, not_found=not_found).answer(uri, navigation=navigation)


def _plain(files: sites.Files) -> sites.Files:
    """Without what the rules, taken by the letter, say nothing sensible about."""
    return {
        path: layer
        for path, layer in files.items()
        if not MANY_ENDINGS.search("/" + path) and not path.endswith("/.html") and path != ".html"
    }


@pytest.mark.parametrize("html", MODES)
def test_a_file_with_more_than_four_endings_is_at_its_own_path(html: HtmlHandling) -> None:
    path = "index/index.html/index.html"
    assert ask({path: 1}, f"/{path}", html) == Found(path, 1)


@given(st.data(), sites.sites.map(_plain), html_modes)
def test_html_is_handled_by_cloudflares_rules(
    data: st.DataObject, files: sites.Files, html: HtmlHandling
) -> None:
    assume(files)
    path = data.draw(st.sampled_from(sorted(files)) | sites.paths)
    path = "/" + path + data.draw(st.sampled_from(sites.ENDINGS))
    assume(not MANY_ENDINGS.search(path))
    assume("/.html" not in path)
    assume(not path.endswith(("/index/", "/index/index", "/index/index.html")))  # see the next test
    paths = {"/" + name for name in files}
    expected = html_rules.answer(html, paths, path)
    got = ask(files, encode_path(path), html, "none")
    if expected is None:
        assert got == Missing()
        return
    file, address = expected
    if address == path:
        assert got == Found(file[1:], files[file[1:]])
        return
    followed = html_rules.answer(html, paths, address)
    if followed is not None and followed[0] == file:
        assert got == Redirect(encode_path(address))
    else:  # Cloudflare's redirect ends at another file: we do not follow it there
        assert got != Redirect(encode_path(address))


@pytest.mark.parametrize("html", MODES[:3])
def test_a_start_page_is_not_taken_for_a_page_called_index(html: HtmlHandling) -> None:
    # By the letter /x/index/ stands for x/index.html as /x/y/ does for x/y.html: to have a second
    # address, or one that leads on.
    home = "/x" if html == "drop-trailing-slash" else "/x/"
    assert ask({"x/index.html": 1}, "/x/index/", html) == Redirect(home)
    assert ask({"x/index.html": 1, "x/index": 2}, "/x/index/", html) == Redirect(home)


@given(sites.sites, html_modes)
def test_every_file_is_reached_by_its_path(files: sites.Files, html: HtmlHandling) -> None:
    for path, layer in files.items():
        answer = ask(files, "/" + encode_path(path), html)
        hops = 0
        while isinstance(answer, Redirect):
            hops += 1
            answer = ask(files, answer.location, html)
        assert answer == Found(path, layer, 200)
        assert hops <= 1


@given(st.data(), sites.sites, html_modes, st.sampled_from(get_args(NotFoundMode)))
def test_an_address_gives_a_form_of_what_was_asked_or_nothing(
    data: st.DataObject, files: sites.Files, html: HtmlHandling, not_found: NotFoundMode
) -> None:
    uri = data.draw(sites.addresses(files))
    answer = ask(files, uri, html, not_found)
    hops = 0
    asked = answer
    while isinstance(answer, Redirect):
        hops += 1
        assert answer.location.startswith("/")
        assert not answer.location.startswith("//")
        answer = ask(files, answer.location, html, not_found)
    assert hops <= 3
    if isinstance(answer, Found):
        assert files[answer.path] == answer.layer
        assert answer.status == 200 or answer.path.endswith("404.html")
    if isinstance(asked, Redirect):
        assert isinstance(answer, Found)
        assert answer.status == 200


SITE: sites.Files = {"index.html": 1, "docs/index.html": 2, "a/b.html": 3, "app.js": 4}


@pytest.mark.parametrize(
    ("uri", "page"),
    [
        ("/nothing", "404.html"),
        ("/nothing/", "404.html"),
        ("/en/nothing", "en/404.html"),
        ("/en/nothing/", "en/404.html"),
        ("/en/", "en/404.html"),
        ("/en/x/y/z", "en/404.html"),
        ("/en", "404.html"),
        ("/english/x", "404.html"),
        ("/En/x", "404.html"),
        ("/en/%C3%BC%20b/x", "en/ü b/404.html"),
        ("/en/%C3%BC%20b", "en/404.html"),
    ],
)
def test_a_miss_shows_the_nearest_404_page_upward(uri: str, page: str) -> None:
    files = SITE | {"404.html": 5, "en/404.html": 6, "en/ü b/404.html": 7}
    assert ask(files, uri) == Found(page, files[page], 404)


def test_a_miss_above_the_first_404_page_is_a_small_page() -> None:
    assert ask(SITE | {"en/404.html": 6}, "/nothing") == Missing()


def test_a_miss_without_404_pages_is_a_small_page() -> None:
    assert ask(SITE, "/nothing") == Missing()
    assert ask(SITE | {"404.html": 5}, "/nothing", not_found="none") == Missing()


def test_an_application_shows_its_page_to_who_navigates_only() -> None:
    assert ask(SITE, "/users/7", not_found="single-page-application", navigation=True) == Found(
        "index.html", 1
    )
    assert ask(SITE, "/users/7", not_found="single-page-application") == Missing()


def test_an_application_without_a_page_has_none_to_show() -> None:
    files = {"app.js": 4}
    answer = ask(files, "/x", not_found="single-page-application", navigation=True)
    assert answer == Missing()


def test_slashes_that_meet_are_one() -> None:
    assert ask(SITE, "//app.js") == Redirect("/app.js")
    assert ask(SITE, "/docs//") == Redirect("/docs/")
    assert ask(SITE, "//") == Redirect("/")
    assert ask(SITE, "//a//b.html") == Redirect("/a/b")
    assert ask(SITE, "//nothing") == Missing()


@pytest.mark.parametrize(
    "uri", ["/%", "/%zz", "/%ff", "/..", "/a/%2e%2e/x", "/a%2fb", "/a\x00", "/\ud800"]
)
def test_what_can_be_no_path_is_refused(uri: str) -> None:
    assert ask(SITE, uri) == Refused()


def test_what_is_found_says_where_the_origin_has_it() -> None:
    assert Found("a b/é.html", 12).uri == "/v12/a%20b/%C3%A9.html"
