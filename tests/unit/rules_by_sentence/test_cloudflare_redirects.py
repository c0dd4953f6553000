"""`_redirects` in Cloudflare's dialect."""

from __future__ import annotations

from pathlib import Path

from tests.unit.rules_by_sentence.sentences import NAVIGATION, Sentence, each, hold


@each(
    Sentence(
        "a line is source, destination and perhaps a status, split on white space",
        {"/a": "301 /b", "/c": "302 /d"},
        redirects="/a \t /b   301\n/c /d",
    ),
    Sentence(
        "blank lines and lines with a # are skipped, and so is what follows a #",
        {"/a": "302 /b", "/c": "404"},
        redirects="\n# /c /d\n/a /b # /x\n",
    ),
    Sentence("a # in a token begins no comment", {"/a": "302 /b#c"}, redirects="/a /b#c"),
    Sentence(
        "the status is 301, 302, 303, 307 or 308",
        {f"/{status}": f"{status} /t" for status in (301, 302, 303, 307, 308)},
        redirects="\n".join(f"/{status} /t {status}" for status in (301, 302, 303, 307, 308)),
    ),
    Sentence(
        "404 is rejected",
        {"/a": "404"},
        redirects="/a /b 404",
        told="The status `404` is not known",
    ),
    Sentence(
        "a fourth token is rejected", {"/a": "404"}, redirects="/a /b 301 x", told="`x` is too much"
    ),
    Sentence(
        "a line of more than 2,000 characters is ignored",
        {"/a": "404", "/b": "302 /c"},
        redirects=f"/a /{'x' * 2000}\n/b /c",
        told="more than 2,000 characters",
    ),
)
def test_lines(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path)


@each(
    Sentence(
        "a source is a path and no URL",
        {"/a": "404"},
        redirects="https://example.com/a /b",
        told="remove scheme and host",
    ),
    Sentence("a slash is added where a source has none", {"/a": "302 /b"}, redirects="a /b"),
    Sentence(
        "query and fragment of a source are dropped",
        {"/a": "302 /b", "/a?x=2": "302 /b?x=2"},
        redirects="/a?x=1#y /b",
        told="`?x=1#y` in the source is not matched",
    ),
    Sentence(
        "* takes as much as it can, nothing and slashes included, and is :splat",
        {"/a/": "302 /t/", "/a/b": "302 /t/b", "/a/b/c/": "302 /t/b/c/", "/x1/z/z": "302 /1/z"},
        redirects="/a/* /t/:splat\n/x*/z /:splat",
    ),
    Sentence(
        ":name is one or more characters of a segment, perhaps a part of it",
        {
            "/p-7.html": "302 /7",
            "/p-.html": "404",
            "/p-7/8.html": "404",
            "/u/ann/post": "302 /post-ann",
            "/u//post": "404",
        },
        redirects="/p-:id.html /:id\n/u/:who/:what /:what-:who",
    ),
    Sentence(
        "each name is there once",
        {"/1/2": "404"},
        redirects="/:id/:id /x",
        told="`:id` is used twice",
    ),
    Sentence("replacing is plain text", {"/a/7": "302 /b/7x"}, redirects="/a/:id /b/:idx"),
    Sentence(
        "a source matches the whole path, by case and by slash",
        {"/a": "302 /t", "/a/": "404", "/A": "404", "/a/b": "404", "/s/": "302 /t", "/s": "404"},
        redirects="/a /t\n/s/ /t",
    ),
    Sentence(
        "/a/* is for /a/ and /a/b and not for /a",
        {"/a/": "302 /t", "/a/b": "302 /t", "/a": "404"},
        redirects="/a/* /t",
    ),
    Sentence(
        "a rule with two * is none, and we say so",
        {"/a/b/c": "404"},
        redirects="/*/b/* /t",
        told="has two `*`, allowed is one",
    ),
    Sentence(
        "a path is compared by what it spells",
        {"/caf%C3%A9": "302 /1", "/a%20b": "302 /2"},
        redirects="/café /1\n/a%20b /2",
    ),
    Sentence(
        "there are no conditions on the query",
        {"/a?id=1": "404"},
        redirects="/a id=1 /b",
        told='set dialect = "netlify"',
    ),
)
def test_sources(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path)


@each(
    Sentence(
        "a destination is a path or an https URL",
        {"/a": "302 https://example.com/x", "/b": "302 /y"},
        redirects="/a https://example.com/x\n/b /y",
    ),
    Sentence(
        "http is rejected", {"/a": "404"}, redirects="/a http://e.com/", told="start it with `/` or"
    ),
    Sentence(
        "with 200 the destination is a path",
        {"/a": "404"},
        redirects="/a https://e.com/ 200",
        told="Status 200 shows a page of this site",
    ),
    Sentence(
        "a destination's own query is used alone, else the viewer's is appended",
        {"/a?x=1": "302 /t?y=2", "/b?x=1": "302 /t?x=1", "/c?x=1": "302 /t?x=1#z"},
        redirects="/a /t?y=2\n/b /t\n/c /t#z",
    ),
    Sentence(
        "in a relative result slashes that meet are one",
        {"/a//evil.example": "302 /evil.example", "/b/": "302 /t/x"},
        redirects="/a/* /:splat\n/b/* /t/:splat/x",
    ),
)
def test_destinations(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path)


@each(
    Sentence(
        "exact rules before the first pattern come first",
        {"/a/b": "302 /1", "/a/c": "302 /2"},
        redirects="/a/b /1\n/a/* /2",
    ),
    Sentence(
        "from the first pattern on the order of the file counts, for exact rules as well",
        {"/a/b": "302 /1", "/c": "302 /3"},
        redirects="/a/* /1\n/a/b /2\n/c /3",
        told="so the rule can never apply",
    ),
    Sentence(
        "only the first rule that matches applies",
        {"/a/b": "302 /1", "/x/b": "302 /2"},
        redirects="/a/:x /1\n/:x/:y /2",
    ),
    Sentence(
        "of two rules for one source the first is kept",
        {"/a": "302 /1"},
        redirects="/a /1\n/a /2",
        told="takes the first",
    ),
    Sentence(
        "we differ: more than 2,000 exact rules and more than 100 patterns apply",
        {"/e2499": "302 /t", "/p499/x": "302 /t"},
        redirects="\n".join(
            [*(f"/e{n} /t" for n in range(2500)), *(f"/p{n}/* /t" for n in range(500))]
        ),
    ),
    Sentence(
        "a rule wins over an existing file",
        {"/about": "302 /t", "/docs/": "302 /t", "/a.txt": "302 /t"},
        redirects="/about /t\n/docs/* /t\n/a.txt /t",
        files=["about.html", "docs/index.html", "a.txt"],
    ),
)
def test_order(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path)


@each(
    Sentence(
        "200 shows another address of the site in place",
        {"/a": "200 about.html", "/f": "200 docs/index.html"},
        redirects="/a /about 200\n/f /docs/ 200",
        files=["about.html", "docs/index.html"],
    ),
    Sentence(
        "html handling comes after it, so that the target may still redirect",
        {"/a": "307 /about", "/f": "307 /docs/"},
        redirects="/a /about.html 200\n/f /docs 200",
        files=["about.html", "docs/index.html"],
    ),
    Sentence(
        "a target that is missing is a 404, also where there is a file for the address",
        {"/a": "404 404.html"},
        redirects="/a /missing 200",
        files=["a.html", "404.html"],
    ),
    Sentence(
        "200 is not followed by another rule",
        {"/a": "404", "/b": "200 about.html"},
        redirects="/a /b 200\n/b /about 200",
        files=["about.html"],
    ),
    Sentence(
        "placeholders are filled in in a target that is shown",
        {"/blog/tea": "200 posts/tea.html", "/blog/milk": "404"},
        redirects="/blog/:name /posts/:name 200",
        files=["posts/tea.html"],
    ),
    Sentence(
        "the rules themselves are never served",
        {"/_redirects": "404", "/_headers": "404", "/decant.toml": "404"},
        redirects="/a /b",
        headers="/\n  X-A: b",
        settings='html_handling = "auto-trailing-slash"',
    ),
)
def test_rewrites(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path)


@each(
    Sentence(
        "we differ: /* /index.html 200 makes a single-page application, and files come first",
        {"/nothing": "200 index.html", "/about": "200 about.html"},
        redirects="/* /index.html 200",
        files=["about.html"],
        sent=NAVIGATION,
    ),
    Sentence(
        "we differ: a section has an application of its own",
        {
            "/app/settings": "200 app/index.html",
            "/app/help": "200 app/help.html",
            "/nothing": "404",
        },
        redirects="/app/* /app/index.html 200",
        files=["app/index.html", "app/help.html"],
        sent=NAVIGATION,
        told="Cloudflare refuses this rule",
    ),
    Sentence(
        "and there, too, what a page asks for and is missing is a 404",
        {"/app/main.js": "404", "/app/settings": "404"},
        redirects="/app/* /app/index.html 200",
        files=["app/index.html"],
        sent={"sec-fetch-mode": "cors", "accept": "*/*"},
        told="Cloudflare refuses this rule",
    ),
    Sentence(
        "we differ: a page that is shown at its own address would go in a circle, so files decide",
        {"/docs/": "200 docs/index.html", "/about": "200 about.html", "/x": "404"},
        redirects="/docs/ /docs/index.html 200\n/about /about.html 200\n/* /about.html 200",
        files=["docs/index.html", "about.html"],
        told="is sent on to /about, which the rule takes again",
    ),
    Sentence(
        "a redirect to what it matches itself is not taken",
        {"/a/b": "404"},
        redirects="/a/* /a/x 302",
        told="go in a circle",
    ),
)
def test_fallbacks_and_circles(sentence: Sentence, tmp_path: Path) -> None:
    hold(sentence, tmp_path)
