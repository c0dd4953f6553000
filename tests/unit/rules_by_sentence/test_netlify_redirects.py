"""`_redirects` in Netlify's dialect."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.rules_by_sentence.sentences import NAVIGATION, Sentence, each, hold


@each(
    Sentence(
        "a line is source, conditions, destination and status; the status is 301 without one",
        {"/a": "301 /b", "/c?id=1": "302 /d?id=1"},
        redirects="/a /b\n/c id=1 /d 302",
    ),
    Sentence(
        "the first token like a path or URL is the destination",
        {"/a?x=1": "301 https://example.com/?x=1", "/b": "301 http://example.com/"},
        redirects="/a x=1 https://example.com/\n/b http://example.com/",
    ),
    Sentence(
        "301, 302, 303, 307 and 308 redirect",
        {f"/{status}": f"{status} /t" for status in (301, 302, 303, 307, 308)},
        redirects="\n".join(f"/{status} /t {status}" for status in (301, 302, 303, 307, 308)),
    ),
    Sentence(
        "any other status shows the destination with it",
        {
            "/a": "200 page.html",
            "/b": "404 page.html",
            "/c": "410 page.html",
            "/d": "451 page.html",
            "/page": "200 page.html",
        },
        redirects="/a /page 200\n/b /page 404\n/c /page.html 410\n/d /page.html 451",
        files=["page.html"],
    ),
    Sentence(
        "for /x/* 200 the destination may be left out: it is the address itself",
        {"/x/a": "200 x/a.html", "/x/b": "404"},
        redirects="/x/* 200",
        files=["x/a.html"],
    ),
    Sentence(
        "addresses of Netlify's own are refused",
        {"/.netlify/x": "404"},
        redirects="/.netlify/x /b",
        told="Netlify's own",
    ),
    Sentence(
        "we differ: a rule for a domain is ignored",
        {"/a": "404"},
        redirects="https://old.example.com/a /b 301!",
        told="Decant serves every domain alike",
    ),
    Sentence(
        "we differ: nothing is fetched from another host",
        {"/api/x": "404"},
        redirects="/api/* https://api.example.com/:splat 200",
        told="Decant is no proxy",
    ),
)
def test_lines(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path, "netlify")


@pytest.mark.parametrize(
    "condition", ["Country=au", "Language=en", "Role=admin", "Cookie=beta", "Sign=KEY"]
)
def test_we_differ_in_that_a_rule_with_such_a_condition_is_for_nobody(
    condition: str, tmp_path: Path
) -> None:
    sentence = Sentence(
        "",
        {"/a": "404"},
        redirects=f"/a /b 302 {condition}",
        told="does not know the condition",
    )
    hold(sentence, tmp_path, "netlify")


@each(
    Sentence(
        "the first rule from the top that matches applies",
        {"/a/b": "301 /1", "/x/b": "301 /2"},
        redirects="/a/:x /1\n/:x/:y /2",
    ),
    Sentence(
        "an existing file wins",
        {"/about": "200 about.html", "/a.txt": "200 a.txt", "/docs/": "200 docs/index.html"},
        redirects="/about /t\n/a.txt /t\n/docs/* /t",
        files=["about.html", "a.txt", "docs/index.html"],
        told="It never applies: the site has a file at /about",
    ),
    Sentence(
        "unless the status ends with !",
        {"/about": "301 /t", "/a.txt": "200 about.html", "/docs/": "302 /t"},
        redirects="/about /t 301!\n/a.txt /about 200!\n/docs/* /t 302!",
        files=["about.html", "a.txt", "docs/index.html"],
    ),
    Sentence(
        "of two rules for the same the last is kept",
        {"/a": "301 /2", "/b": "301 /4"},
        redirects="/a /1\n/b /3\n/b/ /4\n/a /2",
        told="takes the last",
    ),
)
def test_order(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path, "netlify")


@each(
    Sentence(
        "* is at the end only",
        {"/a/x/b": "404"},
        redirects="/a/*/b /t",
        told="`*` is not at the end",
    ),
    Sentence(
        "* takes slashes and nothing as well, and is :splat",
        {"/a/b/c": "301 /t/b/c", "/a/": "301 /t/"},
        redirects="/a/* /t/:splat",
    ),
    Sentence("/a/* is for /a, too", {"/a": "301 /t"}, redirects="/a/* /t"),
    Sentence(
        ":name is a whole segment",
        {"/news/2026/11": "301 /11-2026", "/news/2026": "404", "/p-7": "404"},
        redirects="/news/:y/:m /:m-:y\n/p-:id /:id",
        told="can only be a whole one",
    ),
    Sentence(
        "a condition on the query needs the parameter, and its value can be used",
        {"/a?id=7": "301 /b/7?id=7", "/a?x=1&id=7": "301 /b/7?x=1&id=7", "/a": "404"},
        redirects="/a id=:id /b/:id",
    ),
    Sentence(
        "all conditions have to be met",
        {"/a?id=7&kind=x": "301 /1?id=7&kind=x", "/a?id=7": "301 /2?id=7", "/a?kind=x": "404"},
        redirects="/a id=:id kind=x /1\n/a id=:id /2",
    ),
    Sentence(
        "the query is passed on",
        {"/a?x=%20": "301 /b?x=%20", "/c?x=1": "302 /d?x=1"},
        redirects="/a /b\n/c /d 302",
    ),
    Sentence(
        "a rule matches with and without the slash at the end",
        {"/a": "301 /t", "/a/": "301 /t", "/b": "301 /t", "/b/": "301 /t"},
        redirects="/a /t\n/b/ /t",
    ),
    Sentence(
        "no rule adds or removes a slash",
        {"/a": "404"},
        redirects="/a /a/",
        told="No rule can add or remove a slash",
    ),
    Sentence("a rule matches by case", {"/A": "404", "/a": "301 /t"}, redirects="/a /t"),
    Sentence(
        "a rule matches by what it spells",
        {"/caf%C3%A9": "301 /1", "/a%20b": "301 /2"},
        redirects="/café /1\n/a%20b /2",
    ),
)
def test_matching(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path, "netlify")


@each(
    Sentence(
        "about.html is at /about and x/index.html at /x/",
        {"/about": "200 about.html", "/x/": "200 x/index.html"},
        files=["about.html", "x/index.html"],
    ),
    Sentence(
        "we differ: the other addresses redirect there",
        {"/about/": "307 /about", "/about.html": "307 /about", "/x": "307 /x/"},
        files=["about.html", "x/index.html"],
    ),
    Sentence(
        "404.html is shown without a rule",
        {"/nothing": "404 404.html"},
        files=["404.html"],
    ),
    Sentence(
        "a section has a 404 page of its own",
        {"/en/nothing": "404 en/404.html", "/nothing": "404"},
        redirects="/en/* /en/404.html 404",
        files=["en/404.html"],
    ),
    Sentence(
        "a page is shown in place whichever way its address is written",
        {"/a": "200 about.html", "/b": "200 x/index.html"},
        redirects="/a /about.html 200\n/b /x 200",
        files=["about.html", "x/index.html"],
    ),
)
def test_pages(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path, "netlify")


@each(
    Sentence(
        "/* /index.html 200 is the start page for all that is missing",
        {"/nothing": "200 index.html", "/about": "200 about.html"},
        redirects="/* /index.html 200",
        files=["about.html"],
        sent=NAVIGATION,
    ),
    Sentence(
        "a section has one of its own",
        {"/app": "307 /app/", "/app/x": "200 app/index.html", "/nothing": "404"},
        redirects="/app/* /app/index.html 200",
        files=["app/index.html"],
        sent=NAVIGATION,
    ),
    Sentence(
        "we differ: what a page asks for and is missing is a 404",
        {"/main.js": "404"},
        redirects="/* /index.html 200",
        sent={"sec-fetch-mode": "no-cors", "accept": "*/*"},
    ),
    Sentence(
        "with ! it is for every address and everything",
        {"/about": "200 index.html", "/main.js": "200 index.html"},
        redirects="/* /index.html 200!",
        files=["about.html"],
        sent={"accept": "*/*"},
    ),
)
def test_fallbacks(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path, "netlify")
