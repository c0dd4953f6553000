"""What is shown where a site has nothing."""

from __future__ import annotations

from pathlib import Path

from tests.unit.rules_by_sentence.sentences import NAVIGATION, Sentence, each, hold

PAGES = ("404.html", "docs/404.html", "docs/a/b.html")
APPLICATION = 'not_found = "single-page-application"'


@each(
    Sentence(
        "404-page: the nearest 404.html upward is shown with status 404",
        {
            "/nothing": "404 404.html",
            "/docs/nothing": "404 docs/404.html",
            "/docs/a/nothing": "404 docs/404.html",
            "/docs/": "404 docs/404.html",
            "/other/nothing": "404 404.html",
        },
        files=PAGES,
        settings='not_found = "404-page"',
    ),
    Sentence(
        "404-page: the search begins in the folder that the address is in",
        {"/docs": "404 404.html"},
        files=PAGES,
        settings='not_found = "404-page"',
    ),
    Sentence(
        "404-page: without a 404.html on the way up there is a small page",
        {"/nothing": "404", "/docs/nothing": "404 docs/404.html"},
        files=["docs/404.html"],
        settings='not_found = "404-page"',
    ),
    Sentence(
        "none: a small page also where there is a 404.html",
        {"/nothing": "404", "/docs/nothing": "404"},
        files=PAGES,
        settings='not_found = "none"',
    ),
    Sentence(
        "without a setting a 404.html is shown, wherever it lies",
        {"/docs/nothing": "404 docs/404.html", "/nothing": "404"},
        files=["docs/404.html"],
    ),
    Sentence("without a setting and without a 404.html there is a small page", {"/nothing": "404"}),
    Sentence(
        "an error page has its status at its own address, too",
        {"/404": "404 404.html"},
        files=["404.html"],
    ),
)
def test_not_found(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path)


@each(
    Sentence(
        "who navigates gets /index.html with status 200, whatever the address",
        {"/nothing": "200 index.html", "/a/b/": "200 index.html", "/a.b": "200 index.html"},
        settings=APPLICATION,
        sent=NAVIGATION,
    ),
    Sentence(
        "who sends no Sec-Fetch-Mode navigates where there is no name with a dot",
        {"/nothing": "200 index.html", "/a.b/": "200 index.html", "/main.js": "404"},
        settings=APPLICATION,
        sent={"accept": "*/*"},
    ),
    Sentence(
        "we differ: what a page asks for and is missing is a 404, not the start page",
        {"/main.js": "404", "/logo.png": "404", "/data": "404"},
        settings=APPLICATION,
        sent={"sec-fetch-mode": "no-cors", "accept": "*/*"},
    ),
    Sentence(
        "files come first",
        {"/about": "200 about.html", "/about/": "307 /about"},
        files=["about.html"],
        settings=APPLICATION,
        sent=NAVIGATION,
    ),
    Sentence(
        "we differ: no 404.html alone makes no application",
        {"/nothing": "404"},
        sent=NAVIGATION,
    ),
)
def test_single_page_application(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path)
