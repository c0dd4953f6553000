"""`_redirects` as Netlify documents it."""

from __future__ import annotations

import pytest

from chalicelib.rules.model import MAX_CAPTURES, Redirect, Redirects
from chalicelib.rules.redirects import MAX_PATTERN_RULES, parse_redirects


def parse(text: str) -> Redirects:
    return parse_redirects(text, "netlify")


def only(text: str) -> Redirect:
    """The rule of a file that has one, about which there is nothing to tell."""
    found = parse(text)
    assert found.findings == ()
    (rule,) = found.rules
    return rule


def warning(text: str) -> str:
    """The warning about the one line of a file of which nothing is taken."""
    found = parse(text)
    assert found.rules == ()
    warnings = [finding for finding in found.findings if finding.severity == "warning"]
    ((line, sentence),) = [(one.line, one.text) for one in warnings]
    assert line == 1
    return sentence


def told(found: Redirects) -> list[tuple[int, str]]:
    return [(finding.line, finding.severity) for finding in found.findings]


def lines(text: str) -> list[int]:
    return [rule.line for rule in parse(text).rules]


# Lines ----------------------------------------------------------------------------------------


def test_a_line_is_source_conditions_target_and_status() -> None:
    assert only("/a id=1 /b 302!") == Redirect(1, "/a", "/b", 302, True, (("id", "1"),))


def test_without_a_status_it_is_301() -> None:
    assert only("/a /b") == Redirect(1, "/a", "/b", 301, forced=False)


def test_comments_and_blank_lines_are_skipped() -> None:
    assert only("# a\n\n/a /b # 302!").line == 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 200, 400, 404, 410, 451, 500, 599])
def test_the_status_redirects_or_is_that_of_the_page_shown(status: int) -> None:
    assert only(f"/a /b {status}").status == status


@pytest.mark.parametrize("status", ["201", "204", "304", "399", "600", "100"])
def test_another_status_is_refused(status: str) -> None:
    assert f"The status {status} is not known" in warning(f"/a /b {status}")


@pytest.mark.parametrize("token", ["30", "3010", "301!!", "x", "/c"])
def test_what_is_neither_status_nor_condition_is_refused(token: str) -> None:
    assert f"`{token}` is neither a status nor a condition" in warning(f"/a /b {token}")
    assert f"`{token}` is neither a status nor a condition" in warning(f"/a /b 301 {token}")


def test_only_with_an_exclamation_mark_a_rule_comes_before_files() -> None:
    assert only("/a /b 301!").forced
    assert only("/a /b 200!").forced
    assert not only("/a /b 301").forced


@pytest.mark.parametrize(
    "condition",
    ["Country=au,nz", "Language=en", "Role=admin", "Cookie=beta", "Sign=KEY", "country=x"],
)
def test_a_rule_with_another_condition_is_for_nobody(condition: str) -> None:
    for status in ("", "302 ", "200! "):
        assert f"the condition `{condition}`" in warning(f"/a /b {status}{condition}")


def test_the_first_token_that_starts_like_a_path_or_url_is_the_target() -> None:
    assert only("/a x=1 https://e.com/ 302").target == "https://e.com/"
    assert only("/a http://e.com/").target == "http://e.com/"
    assert "has no target" in warning("/a b")
    assert "has no target" in warning("/a")


def test_for_a_splat_with_200_the_target_may_be_left_out() -> None:
    assert only("/x/* 200").target == "/x/*0"
    assert only("/x/:a/* 200!") == Redirect(1, "/x/:/*", "/x/*0/*1", 200)


@pytest.mark.parametrize("line", ["/x/* 301", "/x 200", "/x/:a 200", "/x* 200", "/x/* 404"])
def test_for_other_rules_it_may_not(line: str) -> None:
    assert "has no target, as only `/x/* 200` may" in warning(line)


# Sources --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "source"),
    [
        ("/", "/"),
        ("/a/", "/a"),
        ("//a//b//", "/a/b"),
        ("/caf%c3%a9/é", "/caf%C3%A9/%C3%A9"),
        ("/a/:id/b/", "/a/:/b"),
        ("/a/:1", "/a/%3A1"),
        ("/a/*", "/a/*"),
        ("/a/*/", "/a/*"),
        ("/a*", "/a*"),
        ("/*", "/*"),
    ],
)
def test_a_source_becomes_a_pattern_without_a_slash_at_its_end(written: str, source: str) -> None:
    assert only(f"{written} https://example.com/").source == source


@pytest.mark.parametrize("source", ["https://old.example.com/*", "http://old.example.com/a"])
def test_a_rule_for_a_domain_is_ignored(source: str) -> None:
    assert "Decant serves every domain alike" in warning(f"{source} /b 301!")


@pytest.mark.parametrize("source", ["/.netlify", "/.netlify/functions/*", "/.netlify-x"])
def test_the_hosts_own_addresses_are_refused(source: str) -> None:
    assert "Netlify's own" in warning(f"{source} /b")


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("a", "does not start with `/`"),
        ("/a?x=1", "write conditions on the query behind the path"),
        ("/a#x", "No path has"),
        ("/a%", "starts no escape"),
        ("/a%2fb", "slash"),
        ("/a/..", "`..`"),
        ("/:id/:id", "used twice"),
        ("/*/*", "two `*`"),
    ],
)
def test_a_source_that_no_address_can_have_is_refused(written: str, reason: str) -> None:
    assert reason in warning(f"{written} /target")


@pytest.mark.parametrize("source", ["/a/*/b", "/*.html", "/a/*/:x"])
def test_a_star_is_at_the_end_only(source: str) -> None:
    found = parse(f"{source} /target")
    assert told(found) == [(0, "note"), (1, "warning")]
    assert "`*` is not at the end" in found.findings[1].text


@pytest.mark.parametrize("source", ["/a-:x", "/:x.html", "/:x-:y"])
def test_a_placeholder_is_a_whole_segment_only(source: str) -> None:
    found = parse(f"{source} /target")
    assert told(found) == [(0, "note"), (1, "warning")]
    assert 'Cloudflare (see line 1): if so, set dialect = "cloudflare"' in found.findings[0].text
    assert "can only be a whole one" in found.findings[1].text


# The query ------------------------------------------------------------------------------------


def test_a_condition_on_the_query_has_a_value_or_takes_any() -> None:
    rule = only("/a/:x id=:id kind=%70ost empty= /b/:x/:id?k=:id 301")
    assert rule.query == (("id", "*1"), ("kind", "post"), ("empty", ""))
    assert rule.target == "/b/*0/*1?k=*1"


def test_names_and_values_of_a_query_are_encoded_in_one_way() -> None:
    assert only("/a é=*a+b /b").query == (("%C3%A9", "%2Aa%2Bb"),)
    assert only("/a q=a/b=c /b").query == (("q", "a/b%3Dc"),)
    assert only("/a q=:1 /b").query == (("q", "%3A1"),)


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ("id", "no condition on the query"),
        ("=1", "no condition on the query"),
        ("id=1 id=2", "a second time"),
        ("id=1 %69d=2", "a second time"),
        ("p=:x q=:x", "a second time"),
        ("q=:s", "a second time"),
        ("q=%", "starts no escape"),
        ("q=a\x00", "control character"),
    ],
)
def test_a_condition_that_cannot_be_met_is_refused(pairs: str, reason: str) -> None:
    assert reason in warning(f"/a/:s {pairs} /b")


def test_placeholders_of_the_query_count_as_well() -> None:
    pairs = " ".join(f"q{number}=:n{number}" for number in range(MAX_CAPTURES))
    assert len(only(f"/a {pairs} /b").query) == MAX_CAPTURES
    assert "11 placeholders" in warning(f"/a/:x {pairs} /b")


# Targets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["200", "200!", "404", "500!"])
def test_what_would_need_a_proxy_is_refused(status: str) -> None:
    assert "Decant is no proxy" in warning(f"/api/* https://api.example.com/:splat {status}")


@pytest.mark.parametrize(
    ("line", "target"),
    [
        ("/a /b/?x=1#y", "/b/?x=1#y"),
        ("/a/* /b/:splat", "/b/*0"),
        ("/news/:y/:m https://e.com:8080/:m-:y", "https://e.com:8080/*1-*0"),
        ("/a /é*|", "/%C3%A9%2A%7C"),
    ],
)
def test_a_target_reads_as_documented(line: str, target: str) -> None:
    assert only(line).target == target


def test_a_splat_without_a_star_stays_with_a_note() -> None:
    found = parse("/a /b/:splat")
    assert found.rules[0].target == "/b/%3Asplat"
    assert told(found) == [(1, "note")]


# Order ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "again"),
    [("/a", "/a"), ("/a", "/a/"), ("/a/:x", "/a/:y"), ("/a p=1 q=:x", "/a q=:y p=1")],
)
def test_of_rules_for_the_same_the_last_is_kept_at_its_own_place(first: str, again: str) -> None:
    found = parse(f"{first} /1\n/b /2\n{again} /3")
    assert [rule.target for rule in found.rules] == ["/2", "/3"]
    assert told(found) == [(1, "warning")]
    assert "Line 3 is for the same addresses" in found.findings[0].text


def test_other_conditions_make_another_rule() -> None:
    assert lines("/a id=1 /1\n/a id=2 /2\n/a id=:x /3\n/a /4") == [1, 2, 3, 4]


def test_there_are_at_most_500_rules_with_placeholders_or_conditions() -> None:
    tried = [f"/p{number} q=1 /x" for number in range(MAX_PATTERN_RULES)]
    found = parse("\n".join([*tried, "/a/* /x", "/b /x"]))
    assert len(found.rules) == MAX_PATTERN_RULES + 1
    assert told(found) == [(MAX_PATTERN_RULES + 1, "warning")]


@pytest.mark.parametrize(
    "line", ["/a /a/", "/a/ /a", "/a /a/ 302!", "/a/:x /a/:x/", "/a/:x/ /a/:x 301!"]
)
def test_no_rule_can_add_or_remove_a_slash(line: str) -> None:
    text = warning(line)
    assert "No rule can add or remove a slash" in text
    assert "set `html_handling` in decant.toml" in text


@pytest.mark.parametrize(
    "line",
    ["/a /a", "/a /a/?x=1", "/a/* /a/:splat", "/a/* /a 301!", "/* /a 302!", "/a id=1 /a", "/ /"],
)
def test_a_redirect_to_what_it_matches_itself_is_refused(line: str) -> None:
    assert "go in a circle" in warning(line)


@pytest.mark.parametrize(
    "line", ["/* / 302", "/a/* /a/ 301", "/a/* /a/b/:splat", "/a id=1 /a?x=2", "/a /a 404"]
)
def test_a_redirect_that_ends_at_a_file_is_none_in_a_circle(line: str) -> None:
    assert only(line).line == 1


# Pages for what is missing ----------------------------------------------------------------------


@pytest.mark.parametrize("page", ["/index.html", "/index", "/"])
def test_the_start_page_for_everything_is_a_mode(page: str) -> None:
    assert parse(f"/a /b\n/* {page} 200").single_page
    assert lines(f"/a /b\n/* {page} 200") == [1]


def test_with_an_exclamation_mark_or_a_condition_it_is_a_rule() -> None:
    assert only("/* /index.html 200!") == Redirect(1, "/*", "/index.html", 200)
    assert only("/* id=1 /index.html 200").query
    assert not parse("/* /index.html 200!").single_page


def test_rules_behind_the_start_page_for_everything_are_never_reached() -> None:
    found = parse("/* /index.html 200\n/a /b")
    assert found == Redirects((), True, found.findings)
    assert told(found) == [(2, "warning")]
    assert "This rule is never reached, as line 1 takes every address" in found.findings[0].text


@pytest.mark.parametrize(
    ("line", "navigation"),
    [
        ("/app/* /app/index.html 200", True),
        ("/app/* /app/ 200", True),
        ("/app/* /shell 200", True),
        ("/* /shell.html 200", True),
        ("/app/* /app.js 200", False),
        ("/app/* /app/:splat 200", False),
        ("/app/* /app/index.html 200!", False),
        ("/app/:x /app/index.html 200", False),
        ("/app/* /app/index.html 302", False),
        ("/app/* /404.html 404", False),
    ],
)
def test_a_page_for_all_that_is_missing_in_a_section_is_for_navigation(
    line: str, navigation: bool
) -> None:
    assert only(line).navigation is navigation


def test_a_page_for_errors_in_a_section_is_a_rule() -> None:
    assert only("/en/* /en/404.html 404") == Redirect(1, "/en/*", "/en/404.html", 404, forced=False)
