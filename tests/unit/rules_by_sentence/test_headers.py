"""`_headers` in both dialects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from chalicelib.rules.model import Dialect
from tests.unit.decant.preview.folders import get
from tests.unit.rules_by_sentence.sentences import Sentence, opened, short

PAGES = ("about.html", "Docs/index.html", "docs/a.html", "docs/b/c.html", "404.html")
REVALIDATE = "public, max-age=0, must-revalidate"


@dataclass(frozen=True, slots=True)
class Header:
    """`says` is the rule: with `text` as _headers each of `values` (`address name`) has this
    value, or none at all. `told` is part of a finding."""

    says: str
    text: str
    values: Mapping[str, str | None]
    told: str = ""


def hold(header: Header, place: Path, dialect: Dialect) -> None:
    """Assert what the sentence says of a site at `place`."""
    site = opened(Sentence("", {}, headers=header.text, files=PAGES), place, dialect)
    found = {}
    for wanted in header.values:
        address, name = wanted.split(" ")
        found[wanted] = get(site, address).headers.get(name)
    assert found == dict(header.values), f"it gives {found}"
    texts = [finding.text for finding in site.compiled.findings]
    assert any(header.told in text for text in texts) if header.told else not texts, texts


def each(*headers: Header) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("header", headers, ids=[header.says for header in headers])


@pytest.mark.parametrize("dialect", ["cloudflare", "netlify"])
@each(
    Header(
        "a block is a path and lines name: value, with or without an indent",
        "/about\n  X-A: 1\nX-B: 2",
        {"/about x-a": "1", "/about x-b": "2", "/ x-a": None},
    ),
    Header(
        "lines with a # are comments",
        "# /\n/about\n  # X-B: 2\n  X-A: 1",
        {"/about x-a": "1", "/about x-b": None},
    ),
    Header(
        "all blocks that match apply",
        "/*\n  X-A: 1\n/about\n  X-B: 2",
        {"/about x-a": "1", "/about x-b": "2", "/ x-a": "1"},
    ),
    Header(
        "a name again in a block is joined", "/about\n  X-A: 1\n  x-a: 2", {"/about x-a": "1, 2"}
    ),
    Header(
        "a value replaces what the platform sets",
        "/about\n  Cache-Control: no-store\n  X-Frame-Options: SAMEORIGIN",
        {"/about cache-control": "no-store", "/about x-frame-options": "SAMEORIGIN"},
    ),
    Header(
        "a line without a value is dropped",
        "/about\n  X-A:\n  X-B: 2",
        {"/about x-a": None, "/about x-b": "2"},
        told="it has no value",
    ),
    Header(
        "a name with a space is dropped",
        "/about\n  X A: 1\n  X-B: 2",
        {"/about x-b": "2"},
        told="characters that no header's name has",
    ),
    Header(
        "what the platform keeps to itself cannot be set",
        "/about\n  Set-Cookie: a=b\n  X-B: 2",
        {"/about set-cookie": None, "/about x-b": "2"},
        told="set cookies in a script",
    ),
    Header(
        "we differ: headers are the file's, so a 404 page has those of its own address",
        "/nothing\n  X-A: 1\n/404\n  X-B: 2",
        {"/nothing x-a": None, "/nothing x-b": "2"},
    ),
)
def test_both(header: Header, dialect: Dialect, tmp_path: Path) -> None:
    hold(header, tmp_path, dialect)


@each(
    Header(
        "a path matches whole, by case and by slash",
        "/Docs\n  X-A: 1\n/docs/\n  X-A: 2\n/About\n  X-A: 3",
        {"/Docs/ x-a": None, "/about x-a": None},
    ),
    Header(
        "/docs/* is for all below docs/",
        "/docs/*\n  X-A: 1",
        {"/docs/a x-a": "1", "/docs/b/c x-a": "1", "/Docs/ x-a": None},
    ),
    Header(
        "placeholders and :splat are put into values",
        "/docs/:page\n  X-A: <:page>\n/docs/b/*\n  X-B: :splat",
        {"/docs/a x-a": "<a>", "/docs/b/c x-b": "c", "/docs/b/c x-a": None},
    ),
    Header(
        "two * drop the whole block",
        "/*/b/*\n  X-A: 1\n/about\n  X-B: 2",
        {"/docs/b/c x-a": None, "/about x-b": "2"},
        told="has more than one *",
    ),
    Header(
        "* together with :splat drops the whole block",
        "/:splat/*\n  X-A: 1",
        {"/docs/a x-a": None},
        told="two placeholders of one name",
    ),
    Header(
        "we differ: a block for a domain is ignored",
        "https://example.com/about\n  X-A: 1\n/about\n  X-B: 2",
        {"/about x-a": None, "/about x-b": "2"},
        told="Decant serves every domain alike",
    ),
    Header(
        "over several blocks the first value replaces the default and later ones are appended",
        "/*\n  Cache-Control: no-cache\n/about\n  Cache-Control: private",
        {"/about cache-control": "no-cache, private", "/ cache-control": "no-cache"},
    ),
    Header(
        "! detaches what is set so far",
        "/*\n  X-A: 1\n  X-B: 1\n/about\n  ! X-A",
        {"/about x-a": None, "/about x-b": "1", "/ x-a": "1"},
    ),
    Header(
        "within a block a detach comes before what is set",
        "/*\n  X-A: 1\n/about\n  X-A: 2\n  ! X-A",
        {"/about x-a": "2"},
    ),
    Header(
        "of two blocks for one path the later replaces the earlier",
        "/about\n  X-A: 1\n/about\n  X-B: 2",
        {"/about x-a": None, "/about x-b": "2"},
        told="which replaces it",
    ),
    Header(
        "a line of more than 2,000 characters is dropped",
        f"/about\n  X-A: {'x' * 2000}\n  X-B: 2",
        {"/about x-a": None, "/about x-b": "2"},
        told="over 2,000 characters",
    ),
    Header(
        "we differ: more than 100 blocks apply",
        "\n".join(f"/docs/{'x' * n}*\n  X-{n}: 1" for n in range(150)) + "\n/about\n  X-A: 1",
        {"/about x-a": "1"},
    ),
    Header(
        "we differ: the file's own address counts, whichever address is asked for",
        "/about.html\n  X-A: 1\n/about\n  X-B: 2",
        {"/about x-a": None, "/about x-b": "2", "/about.html x-b": None},
    ),
)
def test_cloudflare(header: Header, tmp_path: Path) -> None:
    hold(header, tmp_path, "cloudflare")


@each(
    Header(
        "paths match whatever the case and the slash at the end",
        "/ABOUT/\n  X-A: 1\n/docs\n  X-B: 2",
        {"/about x-a": "1", "/Docs/ x-b": "2"},
    ),
    Header(
        "several * are allowed",
        "/*/b/*\n  X-A: 1\n/d*s/*\n  X-B: 2",
        {"/docs/b/c x-a": "1", "/docs/a x-a": None, "/docs/a x-b": "2"},
    ),
    Header("/docs/* is for /docs, too", "/docs/*\n  X-A: 1", {"/Docs/ x-a": "1"}),
    Header(
        ":name is a whole segment",
        "/docs/:x\n  X-A: 1\n/ab:x\n  X-B: 2",
        {"/docs/a x-a": "1", "/docs/b/c x-a": None, "/about x-b": None},
    ),
    Header(
        "nothing is put into values",
        "/docs/:page\n  X-A: :page",
        {"/docs/a x-a": ":page"},
    ),
    Header(
        "a path line has no scheme: it is read as a header of that name",
        "/about\n  X-A: 1\nhttps://example.com/\n  X-B: 2",
        {"/about x-a": "1", "/about https": "//example.com/", "/about x-b": "2"},
        told="is read as a header",
    ),
    Header(
        "nothing is detached",
        "/*\n  X-A: 1\n/about\n  ! X-A\n  X-B: 2",
        {"/about x-a": "1", "/about x-b": "2"},
        told="detaches nothing",
    ),
    Header(
        "we differ: a line without a colon is told, not skipped in silence",
        "/about\n  X-A\n  X-B: 2",
        {"/about x-b": "2"},
        told="it has no colon",
    ),
    Header(
        "the same name for the same path again overrides",
        "/about\n  X-A: 1\n  X-B: 1\n/about\n  X-A: 2",
        {"/about x-a": "2", "/about x-b": "1"},
        told="overrides it",
    ),
    Header(
        "a file's path counts as well as its address",
        "/about.html\n  X-A: 1\n/about\n  X-B: 2",
        {"/about x-a": "1", "/about x-b": "2"},
    ),
)
def test_netlify(header: Header, tmp_path: Path) -> None:
    hold(header, tmp_path, "netlify")


def test_we_differ_in_that_redirects_have_no_headers_of_the_file(tmp_path: Path) -> None:
    sentence = Sentence("", {}, redirects="/old /about", headers="/*\n  X-A: 1", files=PAGES)
    answer = get(opened(sentence, tmp_path), "/old")
    assert short(answer) == "302 /about"
    assert "x-a" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


def test_a_detached_cache_control_is_not_sent(tmp_path: Path) -> None:
    sentence = Sentence("", {}, headers="/about\n  ! Cache-Control", files=PAGES)
    site = opened(sentence, tmp_path)
    assert "cache-control" not in get(site, "/about").headers
    assert get(site, "/").headers["cache-control"] == REVALIDATE


def test_the_files_of_rules_are_not_served(tmp_path: Path) -> None:
    sentence = Sentence("", {}, headers="/*\n  X-A: 1", files=PAGES)
    assert short(get(opened(sentence, tmp_path), "/_headers")) == "404 404.html"
