"""The rules of a site as a whole: read together, made into headers, told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.header_sets import Headers
from chalicelib.media_types import header_pairs
from chalicelib.rules.model import Finding, Severity, SiteRules, SiteSettings
from chalicelib.rules.object_headers import HEADERS
from chalicelib.rules.site import (
    MAX_FILE_BYTES,
    RulesRead,
    file_headers,
    place,
    read_rules,
    refusal,
    warnings,
)

PATHS = ("index.html", "docs/index.html", "docs/a.html", "app.js")


def read(settings: str = "", headers: str = "", redirects: str = "") -> RulesRead:
    files = {"decant.toml": settings, "_headers": headers, "_redirects": redirects}
    return read_rules({name: text.encode() for name, text in files.items() if text})


def made(rules: RulesRead) -> dict[str, Headers]:
    """The headers of the files at PATHS; none is too long."""
    assert refusal(rules.findings) == ""
    found, findings = file_headers(PATHS, header_pairs, rules)
    assert findings == ()
    return {path: found.get(path) or header_pairs(path) for path in PATHS}


def finding(severity: Severity, line: int = 1, text: str = "It is so.") -> Finding:
    return Finding("_headers", line, severity, text)


# Reading ------------------------------------------------------------------------------------------


def test_a_site_without_rules_has_the_defaults() -> None:
    found = read_rules({})
    assert found.rules == SiteRules(SiteSettings())
    assert (found.headers.blocks, found.findings) == ((), ())


def test_the_three_files_are_read_together() -> None:
    found = read(
        'not_found = "none"\n[retention]\nversions = 3\ndays = 4',
        "/*\n  X-A: 1",
        "/old /new\n/* /index.html 200",
    )
    assert (found.rules.settings.not_found, found.rules.settings.keep) == ("none", (3, 4))
    assert [rule.source for rule in found.rules.redirects] == ["/old"]
    assert found.rules.single_page
    assert len(found.headers.blocks) == 1


def test_the_dialect_of_the_settings_is_that_of_the_other_files() -> None:
    redirects = "/docs/ /new 301!"
    netlify = read('dialect = "netlify"', "/*\n  X-A: 1", redirects)
    assert netlify.headers.dialect == "netlify"
    assert [rule.source for rule in netlify.rules.redirects] == ["/docs"]
    cloudflare = read("", "/*\n  X-A: 1", redirects)
    assert cloudflare.headers.dialect == "cloudflare"
    assert cloudflare.rules.redirects == ()


def test_settings_can_be_changed_before_the_other_files_are_read() -> None:
    files = {"_redirects": b"/docs/ /new 301!"}
    found = read_rules(files, lambda settings: replace(settings, dialect="netlify"))
    assert found.rules.settings.dialect == "netlify"
    assert [rule.source for rule in found.rules.redirects] == ["/docs"]


def test_what_each_file_says_is_told_with_its_name() -> None:
    found = read("nonsense = 1", "no path", "/only-a-source")
    assert [one.file for one in found.findings] == ["decant.toml", "_redirects", "_headers"]


def test_a_byte_order_mark_is_none_of_the_text() -> None:
    found = read_rules(
        {"decant.toml": b'\xef\xbb\xbfnot_found = "none"', "_redirects": b"\xef\xbb\xbf/a /b"}
    )
    assert found.findings == ()
    assert found.rules.settings.not_found == "none"
    assert [rule.source for rule in found.rules.redirects] == ["/a"]


@pytest.mark.parametrize("name", ["decant.toml", "_redirects", "_headers"])
def test_a_file_that_is_no_utf_8_is_an_error_at_its_line(name: str) -> None:
    found = read_rules({name: b"# one\n# tw\xff"})
    text = "It is not UTF-8: save it in that encoding."
    assert found.findings == (Finding(name, 2, "error", text),)


def test_a_file_that_is_too_large_is_an_error_and_is_not_read() -> None:
    line = b"/a /b\n"
    most = line + b"#" * (MAX_FILE_BYTES - len(line))
    assert [rule.source for rule in read_rules({"_redirects": most}).rules.redirects] == ["/a"]
    found = read_rules({"_redirects": most + b"#"})
    assert found.rules.redirects == ()
    assert refusal(found.findings) == (
        "_redirects: It has 5,242,881 bytes, allowed are 5,242,880: shorten it."
    )


# The headers of files -----------------------------------------------------------------------------


def test_without_rules_each_file_has_the_headers_of_its_path() -> None:
    assert made(read()) == {path: header_pairs(path) for path in PATHS}
    redirects_only = read(redirects="/a /b")
    assert made(redirects_only) == {path: header_pairs(path) for path in PATHS}


def test_a_block_sets_headers_where_the_file_is_served() -> None:
    found = made(read(headers="/docs/*\n  X-A: 1\n/docs/a\n  X-B: 2"))
    given = {path: dict(headers).get(HEADERS) for path, headers in found.items()}
    assert given == {
        "index.html": None,
        "docs/index.html": '{"x-a":"1"}',
        "docs/a.html": '{"x-a":"1","x-b":"2"}',
        "app.js": None,
    }
    assert found["app.js"] == header_pairs("app.js")


def test_the_one_address_of_a_file_depends_on_the_settings() -> None:
    rules = "/docs/a.html\n  X-A: 1"
    assert HEADERS not in dict(made(read(headers=rules))["docs/a.html"])
    plain = read('html_handling = "none"', rules)
    assert dict(made(plain)["docs/a.html"])[HEADERS] == '{"x-a":"1"}'


def test_in_netlifys_dialect_the_path_counts_as_well() -> None:
    rules = read('dialect = "netlify"', "/docs/a.html\n  X-A: 1\n/docs/a\n  X-B: 2")
    assert dict(made(rules)["docs/a.html"])[HEADERS] == '{"x-a":"1","x-b":"2"}'


def test_the_cache_table_replaces_cache_control() -> None:
    found = made(read('[cache]\n"/docs/*" = "max-age=60"'))
    assert dict(found["docs/a.html"])["cache-control"] == "max-age=60"
    assert (
        dict(found["docs/a.html"])["content-type"] == dict(header_pairs("a.html"))["content-type"]
    )
    assert found["index.html"] == header_pairs("index.html")


def test_headers_too_long_for_s3_are_an_error_that_names_the_file() -> None:
    rules = read(headers="/docs/a\n" + f"  X-A: {'x' * 1_900}\n  X-B: {'x' * 1_900}\n")
    found, findings = file_headers(PATHS, header_pairs, rules)
    assert found["docs/a.html"] == header_pairs("docs/a.html")
    told = refusal(findings)
    assert told.startswith("_headers, line 2: The headers for /docs/a take 3,8")
    assert "S3 keeps 2,048" in told


# Telling ------------------------------------------------------------------------------------------


def test_only_errors_refuse_a_site() -> None:
    assert refusal([finding("warning"), finding("note")]) == ""
    assert refusal([finding("warning"), finding("error", 7)]) == "_headers, line 7: It is so."


def test_a_finding_about_a_file_names_no_line() -> None:
    assert place(finding("error", 0)) == "_headers"


def test_a_refusal_tells_three_errors_and_how_many_more_there_are() -> None:
    def errors(count: int) -> list[Finding]:
        return [finding("error", line) for line in range(1, count + 1)]

    three = "_headers, line 1: It is so. _headers, line 2: It is so. _headers, line 3: It is so."
    assert refusal(errors(3)) == three
    assert refusal(errors(5)) == f"{three} There are 2 more: see `decant check`."


def test_a_deployment_tells_warnings_only_and_ten_of_them() -> None:
    found = [finding("note"), finding("error"), *(finding("warning", n) for n in range(1, 13))]
    told = warnings(found)
    assert told[:10] == tuple(f"_headers, line {n}: It is so." for n in range(1, 11))
    assert told[10:] == ("2 more lines of the rules are ignored: see `decant check`.",)
    assert len(warnings(found[:12])) == 10
    assert warnings([finding("note")]) == ()
