"""`_redirects` as Cloudflare documents it for Workers static assets."""

from __future__ import annotations

import pytest

from chalicelib.rules.model import MAX_CAPTURES, Redirect, Redirects
from chalicelib.rules.patterns import captures
from chalicelib.rules.redirect_lines import MAX_TARGET_BYTES
from chalicelib.rules.redirects import MAX_LINE, MAX_PATTERN_RULES, parse_redirects


def parse(text: str) -> Redirects:
    return parse_redirects(text, "cloudflare")


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


# Lines ----------------------------------------------------------------------------------------


def test_a_line_is_source_target_and_status_parted_by_white_space() -> None:
    assert only("  /a \t /b   301  ") == Redirect(1, "/a", "/b", 301)


def test_blank_lines_and_comments_are_skipped() -> None:
    assert only("\ufeff# all\r\n\r\n   \n  # more\n/a /b\n") == Redirect(5, "/a", "/b", 302)


def test_what_follows_a_hash_after_the_tokens_is_a_comment() -> None:
    assert only("/a /b 301 # as /c 200 was") == Redirect(1, "/a", "/b", 301)
    assert only("/a /b #301") == Redirect(1, "/a", "/b", 302)


def test_a_hash_in_a_token_begins_no_comment() -> None:
    assert only("/a /b#c 301") == Redirect(1, "/a", "/b#c", 301)


def test_without_a_status_it_is_302() -> None:
    assert only("/a /b").status == 302


@pytest.mark.parametrize("status", [200, 301, 302, 303, 307, 308])
def test_the_status_is_200_or_a_redirect(status: int) -> None:
    assert only(f"/a /b {status}").status == status


@pytest.mark.parametrize("status", ["404", "410", "300", "304", "201", "30", "3010", "301!", "x"])
def test_another_status_is_refused(status: str) -> None:
    assert f"`{status}` is not known" in warning(f"/a /b {status}")


def test_a_line_without_a_target_is_refused() -> None:
    assert "has no target" in warning("/a")
    assert "has no target" in warning("/a # /b")


def test_a_fourth_token_is_refused() -> None:
    assert "`x` is too much" in warning("/a /b 301 x")


def test_a_line_of_more_than_2000_characters_is_ignored() -> None:
    start = "/a /b 301 #"
    assert only(start + "x" * (MAX_LINE - len(start))).line == 1
    assert "more than 2,000 characters" in warning(start + "x" * (MAX_LINE - len(start) + 1))


def test_a_long_comment_is_no_rule_that_is_ignored() -> None:
    assert parse("#" * 3_000) == Redirects()


def test_a_finding_repeats_only_the_start_of_what_is_wrong_and_nothing_unprintable() -> None:
    sentence = warning("/a /b \x1b[31m" + "x" * 1_000)
    assert "\x1b" not in sentence
    assert len(sentence) < 200


# Sources --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "source"),
    [
        ("a/b", "/a/b"),
        ("/", "/"),
        ("//a///b//", "/a/b/"),
        ("/caf%c3%a9", "/caf%C3%A9"),
        ("/café", "/caf%C3%A9"),
        ("/%61+b", "/a%2Bb"),
        ("/a:", "/a%3A"),
        ("/:1/:_x", "/%3A1/%3A_x"),
        ("/%2A/%3Aid", "/%2A/%3Aid"),
        ("/a/:id/b", "/a/:/b"),
        ("/a-:id.html", "/a-:.html"),
        ("/:a-:b", "/:-:"),
        ("/:id(1)", "/:%281%29"),
        ("/a/*", "/a/*"),
        ("/a*", "/a*"),
        ("/a/*/b", "/a/*/b"),
        ("/*.html", "/*.html"),
        ("*/a", "/*/a"),
    ],
)
def test_a_source_becomes_a_pattern(written: str, source: str) -> None:
    assert only(f"{written} /target").source == source


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("/a%", "starts no escape"),
        ("/a%g0", "starts no escape"),
        ("/%ff", "not UTF-8"),
        ("/a\x01b", "control character"),
        ("/a%00", "control character"),
        ("/\ud800", "control character"),
        ("/a\\b", "backslash"),
        ("/a%5cb", "backslash"),
        ("/a%2Fb", "slash"),
        ("/a/../b", "`..`"),
        ("/%2e/b", "`%2e`"),
        ("/*/a/*", "two `*`"),
        ("/**", "two `*`"),
        ("/a*:id", "both `*` and `:name`"),
        ("/:a:b", "Nothing parts"),
        ("/*a", "end of an escape"),
        ("/*%41", "end of an escape"),
        ("/*%20", "end of an escape"),
        ("/:id%41", "end of an escape"),
        ("/:id/:id", "`:id` is used twice"),
        ("/:splat/*", "`:splat` is used twice"),
        ("?a", "has no path"),
    ],
)
def test_a_source_that_no_address_can_have_is_refused(written: str, reason: str) -> None:
    assert reason in warning(f"{written} /target")


@pytest.mark.parametrize(
    "source", ["https://example.com/a", "http://example.com/a", "HTTPS://e.com"]
)
def test_a_source_with_a_host_is_refused(source: str) -> None:
    assert "is a URL" in warning(f"{source} /b")


@pytest.mark.parametrize("rest", ["?x=1", "#x", "?x#y"])
def test_query_and_fragment_of_a_source_are_dropped_with_a_warning(rest: str) -> None:
    found = parse(f"/a{rest} /b")
    assert found.rules == (Redirect(1, "/a", "/b", 302),)
    assert told(found) == [(1, "warning")]
    assert f"`{rest}` in the source is not matched" in found.findings[0].text


def test_a_rule_has_at_most_10_placeholders() -> None:
    names = [f"/:n{number}" for number in range(MAX_CAPTURES)]
    assert captures(only("".join(names) + " /x").source) == MAX_CAPTURES
    assert "11 placeholders" in warning("".join(names) + "/* /x")


# Targets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "target"),
    [
        ("/a /b/", "/b/"),
        ("/a //b//c", "/b/c"),
        ("/a //evil.example/", "/evil.example/"),
        ("/a /é?x=é|&y=a//b#c*", "/%C3%A9?x=%C3%A9%7C&y=a//b#c%2A"),
        ("/a /b*", "/b%2A"),
        ("/a https://example.com:8080/%7e/é?x=1#y", "https://example.com:8080/%7e/%C3%A9?x=1#y"),
        ('/a https://e.com/<"|\\^`{}>*', "https://e.com/%3C%22%7C%5C%5E%60%7B%7D%3E%2A"),
        ("/a/* /b/:splat", "/b/*0"),
        ("/a/* https://e.com/:splat?from=:splat", "https://e.com/*0?from=*0"),
        ("/a/:x/:y /b/:y-:x?z=:x#:y", "/b/*1-*0?z=*0#*1"),
        ("/a/:sub/x https://:sub.example.com/", "https://*0.example.com/"),
        ("/:a/x/* /b/:splat/:a", "/b/*1/*0"),
        ("/a/:id /b/%3Aid", "/b/%3Aid"),
        ("/a/:id /b/:id5", "/b/*05"),
    ],
)
def test_a_target_reads_as_documented(line: str, target: str) -> None:
    assert only(line).target == target


def test_replacing_is_plain_text_and_the_longest_name_wins() -> None:
    assert only("/a/:id /b/:idx").target == "/b/*0x"
    assert only("/a/:id/:idx /b/:idx").target == "/b/*1"


def test_a_name_that_is_not_in_the_source_stays_with_a_note() -> None:
    found = parse("/a/:id /b/:other?x=:more\n/c https://e.com/Help:Contents")
    assert [rule.target for rule in found.rules] == [
        "/b/%3Aother?x=:more",
        "https://e.com/Help:Contents",
    ]
    assert told(found) == [(1, "note"), (1, "note"), (2, "note")]
    assert "`:other` in the target is not in the source" in found.findings[0].text


def test_a_star_in_the_target_of_a_rule_with_a_splat_is_noted() -> None:
    found = parse("/a/* /b/*")
    assert found.rules[0].target == "/b/%2A"
    assert told(found) == [(1, "note")]


@pytest.mark.parametrize(
    "target", ["http://example.com/", "b", "ftp://e.com/", "mailto:a@b.example"]
)
def test_a_target_is_a_path_or_https(target: str) -> None:
    assert "neither a path nor an https URL" in warning(f"/a {target}")


def test_with_200_the_target_is_a_path() -> None:
    assert "page of this site" in warning("/a https://example.com/ 200")


@pytest.mark.parametrize("host", ["", ":8080", "u:p@"])
def test_a_target_with_a_scheme_has_a_host(host: str) -> None:
    assert "has no host" in warning(f"/a https://{host}/x")


@pytest.mark.parametrize(
    "target", ["/b%", "/../b", "/b%2Fc", "/b\\c", "/b\x00", "https://e.com/\x00"]
)
def test_a_target_that_no_address_can_have_is_refused(target: str) -> None:
    assert parse(f"/a {target}").rules == ()
    assert warning(f"/a {target}")


def test_a_target_takes_at_most_900_bytes_encoded() -> None:
    assert len(only("/a /" + "b" * (MAX_TARGET_BYTES - 1)).target) == MAX_TARGET_BYTES
    assert "allowed are 900" in warning("/a /" + "é" * (MAX_TARGET_BYTES // 6 + 1))


# Order ----------------------------------------------------------------------------------------


def test_every_rule_comes_before_files() -> None:
    assert only("/a /b").forced


def test_rules_keep_their_order() -> None:
    found = parse("/b /1\n/x/* /2\n/a /3")
    assert [rule.line for rule in found.rules] == [1, 2, 3]


@pytest.mark.parametrize("again", ["/a", "a", "/%61", "//a"])
def test_of_rules_for_one_source_the_first_is_kept(again: str) -> None:
    found = parse(f"/a /1\n{again} /2")
    assert [rule.target for rule in found.rules] == ["/1"]
    assert told(found) == [(2, "warning")]
    assert "Line 1 is for the same" in found.findings[0].text


def test_sources_that_differ_by_a_slash_or_case_are_two() -> None:
    assert len(parse("/a /1\n/a/ /2\n/A /3").rules) == 3


def test_patterns_are_the_same_whatever_their_names() -> None:
    assert [rule.line for rule in parse("/a/:x /1\n/a/:y /2").rules] == [1]


def test_there_are_at_most_500_rules_with_placeholders_and_any_number_of_others() -> None:
    patterns = [f"/p{number}/* /x" for number in range(MAX_PATTERN_RULES + 2)]
    exact = [f"/e{number} /x" for number in range(MAX_PATTERN_RULES + 2)]
    found = parse("\n".join(patterns + exact))
    assert len(found.rules) == MAX_PATTERN_RULES + len(exact)
    assert told(found) == [(MAX_PATTERN_RULES + 1, "warning"), (MAX_PATTERN_RULES + 2, "warning")]


# Index pages ----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["/index.html", "/index", "/"])
def test_the_start_page_for_everything_is_a_mode(page: str) -> None:
    assert parse(f"/a /b\n/* {page} 200") == Redirects((Redirect(1, "/a", "/b", 302),), True)


def test_rules_behind_the_start_page_for_everything_are_never_reached() -> None:
    found = parse("/* /index.html 200\n\n/a /b\n# x\nnonsense\n/* /index.html 200")
    assert found.rules == ()
    assert found.single_page
    assert told(found) == [(3, "warning")]
    assert "The 3 rules from here on are never reached, as line 1 takes" in found.findings[0].text


def test_an_index_page_for_a_section_is_its_fallback_for_navigation() -> None:
    found = parse("/app/* /app/index.html 200\n/b/* /c/index 200")
    assert found.rules == (
        Redirect(1, "/app/*", "/app/index.html", 200, forced=False, navigation=True),
        Redirect(2, "/b/*", "/c/index", 200, forced=False, navigation=True),
    )
    assert told(found) == [(1, "note"), (2, "note")]
    assert "Cloudflare refuses this rule" in found.findings[0].text


def test_an_address_behind_a_fallback_for_navigation_still_applies() -> None:
    found = parse("/app/* /app/index.html 200\n/app/old /app/new 301")
    assert [rule.line for rule in found.rules] == [1, 2]


@pytest.mark.parametrize(
    "line",
    [
        "/app/* /app/index.html 301",
        "/* /index.html",
        "/* / 302",
        "/a /a",
        "/a /a?x=1#y",
        "/a/:x /a/:x",
        "/a/:x/:y /a/:y/:x",
        "/a/* /a/b/:splat",
    ],
)
def test_a_redirect_to_what_it_matches_itself_is_refused(line: str) -> None:
    assert "go in a circle" in warning(line)


@pytest.mark.parametrize(
    "line",
    [
        "/app/* /index.html 301",
        "/a /a/",
        "/a /A",
        "/a/* /:splat",
        "/x* /:splat",
        "/a https://other.example/a",
        "/a /a 200",
        "/a/* /a/b 200",
    ],
)
def test_a_redirect_to_another_address_is_none_in_a_circle(line: str) -> None:
    assert only(line).line == 1


def test_an_earlier_rule_for_the_target_may_end_the_circle() -> None:
    assert len(parse("/soon /soon.html 200\n/* /soon 302").rules) == 2
    assert [rule.line for rule in parse("/* /soon 302\n/soon /soon.html 200").rules] == [2]


@pytest.mark.parametrize("line", ["/ /index.html 301", "/a/ /a/index 302"])
def test_a_redirect_from_a_folder_to_its_own_index_page_is_warned_of(line: str) -> None:
    found = parse(line)
    assert len(found.rules) == 1
    assert told(found) == [(1, "warning")]
    assert 'unless decant.toml has html_handling = "none"' in found.findings[0].text


# The other dialect ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    ["/a /b 301!", "/a /b 302 Country=fr", "/* /404.html 404", "/a id=1 /b", "/a id=:i /b 301"],
)
def test_a_file_that_looks_written_for_netlify_is_told_so_once(line: str) -> None:
    found = parse(f"/x /y\n{line}\n{line}")
    assert [rule.line for rule in found.rules] == [1]
    assert told(found) == [(0, "note"), (2, "warning"), (3, "warning")]
    assert 'Netlify (see line 2): if so, set dialect = "netlify"' in found.findings[0].text
