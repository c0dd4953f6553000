"""What rules of `_redirects` do to each other, in both dialects; and files of any text."""

from __future__ import annotations

import re
from typing import get_args
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.route_table import encode_path
from chalicelib.rules.model import Dialect, Redirect
from chalicelib.rules.patterns import captures, match
from chalicelib.rules.redirect_order import hidden, keyed
from chalicelib.rules.redirects import parse_redirects

DIALECTS: tuple[Dialect, ...] = get_args(Dialect)
# Pieces that lines are made of, so that generated files have rules in them.
PIECES = (
    *("/", "/a", "/b/", "/a/*", "/*", "/:id", "/:id/x", "/x-:id", ":", "*", "%", "%2f", "%C3%A9"),
    *(
        "é",
        "?q=1",
        "#f",
        " ",
        " ",
        " ",
        "\n",
        "\n",
        "301",
        "200",
        "404",
        "!",
        "q=:v",
        "q=v",
        "http://",
    ),
    *(
        "https://h",
        ":splat",
        "/index.html",
        "/..",
        "\\",
        "|",
        '"',
        "\x00",
        "Country=x",
        "/.netlify",
    ),
)
files = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))


@pytest.mark.parametrize(
    ("pattern", "address"),
    [
        ("/a/*", "/a/b"),
        ("/a/*", "/a/"),
        ("/*", "/"),
        ("/:x/b", "/a/b"),
        ("/a/:x-:y.html", "/a/1-2.html"),
        ("/a*/c-:x", "/ab/x/c-d"),
    ],
)
def test_an_address_behind_a_pattern_that_takes_it_can_never_apply(
    pattern: str, address: str
) -> None:
    found = parse_redirects(f"{pattern} https://e.com/\n{address} /2", "cloudflare")
    assert [rule.line for rule in found.rules] == [1]
    ((line, sentence),) = [(finding.line, finding.text) for finding in found.findings]
    assert line == 2
    assert "Line 1 takes this address before" in sentence


def test_an_address_before_the_pattern_or_outside_it_applies() -> None:
    assert len(parse_redirects("/a/b /2\n/a/* /1\n/a /3\n/b/b /4", "cloudflare").rules) == 4


@pytest.mark.parametrize("address", ["/a", "/a/", "/a/b", "/a/b/c"])
def test_for_netlify_a_section_takes_the_address_without_a_slash_too(address: str) -> None:
    found = parse_redirects(f"/a/* /x\n{address} /y", "netlify")
    assert [rule.line for rule in found.rules] == [1]
    assert "Line 1 takes this address before" in found.findings[0].text


def test_a_rule_with_conditions_behind_one_without_can_never_apply() -> None:
    found = parse_redirects("/a /x\n/a id=1 /y", "netlify")
    assert [rule.line for rule in found.rules] == [1]


@pytest.mark.parametrize(
    "text",
    [
        "/a/* /x\n/a/b /y 301!",
        "/a/* id=1 /x 301!\n/a/b /y",
        "/a/* /a/index.html 200\n/a/b /y",
    ],
)
def test_an_address_behind_a_rule_that_takes_it_only_sometimes_keeps_its_place(text: str) -> None:
    found = parse_redirects(text, "netlify")
    assert [rule.line for rule in found.rules] == [1, 2]
    assert keyed(found.rules, "netlify") == frozenset()


def test_an_address_that_no_earlier_rule_may_take_can_be_looked_up_at_once() -> None:
    found = parse_redirects(
        "/a /1\n/b/* id=1 /2\n/b/c /3\n/b /4\n/c /5\n/c/* /6\n/d id=1 /7\n/d /8", "netlify"
    )
    assert [rule.line for rule in found.rules] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert keyed(found.rules, "netlify") == {1, 5}


def test_a_rule_for_navigation_only_is_none_that_can_be_looked_up() -> None:
    rules = (
        Redirect(1, "/a", "/x", 302, navigation=True),
        Redirect(2, "/a", "/y", 302),
        Redirect(3, "/b", "/y", 302),
    )
    assert keyed(rules, "cloudflare") == {3}


def test_for_cloudflare_a_section_does_not_take_the_address_without_a_slash() -> None:
    found = parse_redirects("/b/* /b/index.html 200\n/b /x\n/b/ /y", "cloudflare")
    assert keyed(found.rules, "cloudflare") == {2}


sources = st.lists(st.sampled_from(["a", "b", ":", "*", "a-:", ":-a", ""]), min_size=1, max_size=3)


@given(st.lists(st.tuples(sources, st.booleans(), st.booleans()), max_size=8), st.booleans())
def test_what_is_hidden_and_what_keyed_is_what_trying_every_pair_tells(
    made: list[tuple[list[str], bool, bool]], netlify: bool
) -> None:
    dialect: Dialect = "netlify" if netlify else "cloudflare"
    rules: dict[str, Redirect] = {}
    for line, (segments, forced, navigation) in enumerate(made, start=1):
        source = re.sub("/+", "/", "/" + "/".join(segments))
        source = (source.rstrip("/") or "/") if netlify else source
        if source.count("*") <= 1:
            rules.setdefault(source, Redirect(line, source, "/t", 302, forced, (), navigation))
    taken, free = set(), set()
    for rule in rules.values():
        before = [
            one
            for one in rules.values()
            if one.line < rule.line
            and match(one.source, rule.source, slash_blind=netlify) is not None
        ]
        if captures(rule.source) == 0 and not before and not rule.navigation:
            free.add(rule.line)
        always = (one for one in before if (one.forced or not rule.forced) and not one.navigation)
        if captures(rule.source) == 0 and any(always):
            taken.add(rule.line)
    assert set(hidden(rules.values(), dialect)) == taken
    assert keyed(rules.values(), dialect) == free


@given(files, st.sampled_from(DIALECTS))
def test_any_text_gives_rules_in_their_form_and_findings_within_the_file(
    text: str, dialect: Dialect
) -> None:
    found = parse_redirects(text, dialect)
    lines = len(re.split(r"\r\n|\r|\n", text))
    assert all(0 <= finding.line <= lines for finding in found.findings)
    assert [rule.line for rule in found.rules] == sorted({rule.line for rule in found.rules})
    for rule in found.rules:
        assert re.fullmatch(r"[!-{}~]+", rule.target)
        values = [value for _, value in rule.query if value.startswith("*")]
        every = captures(rule.source) + len(values)
        assert values == [f"*{number}" for number in range(captures(rule.source), every)]
        assert all(int(number) < every for number in re.findall(r"\*(.)", rule.target))
        literals = re.split(r"[:*]", rule.source)
        assert [encode_path(unquote(literal)) for literal in literals] == literals
        assert rule.source.startswith("/")
        assert "//" not in rule.source
        assert dialect == "cloudflare" or rule.source == "/" or not rule.source.endswith("/")
