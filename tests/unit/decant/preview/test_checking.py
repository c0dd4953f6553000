"""What is told of a site before it is deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.rules.model import Finding
from decant.preview.checking import Report, check_folder
from decant.preview.compiling import Overrides
from decant.preview.folder import read_folder
from decant.preview.links import SHOWN_LINKS
from tests.unit.decant.preview.folders import AS_WRITTEN, folder_of

PAGES: dict[str, str | bytes] = {
    "index.html": "home",
    "about.html": "about",
    "docs/index.html": "docs",
    "404.html": "no",
}


def check(place: Path, more: dict[str, str | bytes], overrides: Overrides = AS_WRITTEN) -> Report:
    folder = folder_of(place, PAGES | more)
    return check_folder(read_folder(folder), overrides.change)


def told(report: Report) -> list[tuple[str, int, str]]:
    return [(one.file, one.line, one.severity) for one in report.findings]


def test_nothing_is_told_of_a_site_that_is_well(tmp_path: Path) -> None:
    report = check(
        tmp_path,
        {
            "index.html": '<a href="/about">a</a><a href="docs/">b</a><img src="/old">',
            "_headers": "/about\n  X-A: 1\n/*\n  X-B: 1\n",
            "_redirects": "/old /about 301\n/far https://x.example/ 301\n/n/* /docs/:splat 302\n",
        },
    )
    assert report.findings == ()
    assert (report.links.checked, report.links.broken) == (3, 0)


def test_what_the_rules_themselves_say_is_told(tmp_path: Path) -> None:
    report = check(
        tmp_path,
        {"decant.toml": "html_handlin = 1\n", "_redirects": "/a\n", "_headers": "X-A: 1\n"},
    )
    assert told(report) == [
        ("_headers", 1, "warning"),
        ("_redirects", 1, "warning"),
        ("decant.toml", 1, "error"),
    ]


def test_a_rule_behind_a_file_is_told_in_netlifys_dialect(tmp_path: Path) -> None:
    netlify = Overrides(dialect="netlify")
    (one,) = check(tmp_path, {"_redirects": "/about /docs/\n"}, netlify).findings
    assert (one.line, one.severity) == (1, "warning")
    assert "the site has a file at /about" in one.text


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("/index.html", "index.html is served at /, so write that."),
        ("/about.html", "about.html is served at /about, so write that."),
        ("/docs/*.html", "docs/index.html is served at /docs/, so write that."),
        ("/docs", "it is served at /docs/, so write that."),
        ("/old", "a rule redirects from there"),
        ("/nothing", "correct the path, or delete the block."),
    ],
)
def test_a_block_of_headers_that_no_file_is_for_is_told_with_what_to_write(
    path: str, advice: str, tmp_path: Path
) -> None:
    rules: dict[str, str | bytes] = {
        "_headers": f"# mine\n\n{path}\n  X-A: 1\n",
        "_redirects": "/old /about 301\n",
    }
    (one,) = check(tmp_path, rules).findings
    assert (one.file, one.line, one.severity) == ("_headers", 3, "warning")
    assert one.text.startswith(f"No file is served at {path}, so the block does nothing: ")
    assert advice in one.text


def test_in_netlifys_dialect_a_block_may_name_the_file(tmp_path: Path) -> None:
    rules: dict[str, str | bytes] = {"_headers": "/docs/index.html\n  X-A: 1\n"}
    assert check(tmp_path, rules, Overrides(dialect="netlify")).findings == ()


@pytest.mark.parametrize(
    "rule",
    ["/a /nothing 301", "/a /nothing.html 200", "/a /b?c=1 302\n/b /nothing#d 302", "/a/* /no 302"],
)
def test_a_redirect_to_what_the_site_does_not_have_is_told(rule: str, tmp_path: Path) -> None:
    findings = check(tmp_path, {"_redirects": rule + "\n"}).findings
    assert [one.severity for one in findings] == ["warning"] * (rule.count("\n") + 1)
    assert findings[-1].line == rule.count("\n") + 1
    assert "leads to no file of the site" in findings[0].text


@pytest.mark.parametrize("rule", ["/a /about 301", "/a /docs 301", "/a /b 301\n/b /about 301"])
def test_a_redirect_that_ends_at_a_file_is_not_told(rule: str, tmp_path: Path) -> None:
    assert check(tmp_path, {"_redirects": rule + "\n"}).findings == ()


def test_a_redirect_to_another_form_of_its_own_address_is_told(tmp_path: Path) -> None:
    (finding,) = check(tmp_path, {"_redirects": "/about /about.html 301\n"}).findings
    assert "/about.html is sent on to /about, where rules take viewers again" in finding.text


def test_a_circle_of_redirects_leads_nowhere(tmp_path: Path) -> None:
    findings = check(tmp_path, {"_redirects": "/a /b 301\n/b /a 301\n"}).findings
    assert [one.line for one in findings] == [1, 2]


@pytest.mark.parametrize(
    ("target", "lines"),
    [("/nowhere/:splat", [1]), ("/.netlify/functions/:splat", [1]), ("/docs/:splat", [])],
)
def test_a_rewrite_to_where_the_site_has_nothing_at_all_is_told(
    target: str, lines: list[int], tmp_path: Path
) -> None:
    settings = 'dialect = "netlify"\n'
    report = check(tmp_path, {"decant.toml": settings, "_redirects": f"/api/* {target} 200\n"})
    assert [line for _, line, severity in told(report) if severity == "warning"] == lines


@pytest.mark.parametrize(("rules", "said"), [("", True), ("/ /docs/ 302\n", False)])
def test_a_site_without_a_start_page_is_told(rules: str, said: bool, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"docs/index.html": "docs", "_redirects": rules})
    report = check_folder(read_folder(folder), AS_WRITTEN.change)
    assert ("the address / is a 404" in str(report.findings)) == said


def test_in_an_application_any_address_leads_to_its_page(tmp_path: Path) -> None:
    application = Overrides(not_found="single-page-application")
    more: dict[str, str | bytes] = {
        "_redirects": "/a /settings 301\n",
        "about.html": '<a href="/anything">a</a><script src="/gone.js"></script>',
    }
    report = check(tmp_path, more, application)
    assert report.findings == ()
    assert [link.link for link in report.links.first] == ["/gone.js"]


PAGE = """<!doctype html>
<link rel="stylesheet" href="style.css">
<script src="/app.js"></script>
<a href="../about">well</a> <a href="/about#there">well</a> <a href="#here">well</a>
<a href="https://x.example/no">other</a> <a href="//x.example/no">other</a>
<a href="mailto:a@x.example">other</a> <a name="no link">none</a> <a href="">this</a>
<a href="/nothing?a=1">
broken</a><img src="no%20picture.png"><a href="/%zz">broken</a><a href="http://[">broken</a>
"""


def test_links_to_the_site_that_lead_nowhere_are_told_with_page_and_line(tmp_path: Path) -> None:
    links = check(tmp_path, {"docs/index.html": PAGE, "docs/style.css": "", "x.htm": PAGE}).links
    assert [(link.page, link.line, link.link) for link in links.first] == [
        ("docs/index.html", 3, "/app.js"),
        ("docs/index.html", 7, "/nothing?a=1"),
        ("docs/index.html", 8, "no%20picture.png"),
        ("docs/index.html", 8, "/%zz"),
        ("x.htm", 2, "style.css"),
        ("x.htm", 3, "/app.js"),
        ("x.htm", 7, "/nothing?a=1"),
        ("x.htm", 8, "no%20picture.png"),
        ("x.htm", 8, "/%zz"),
    ]
    assert (links.checked, links.broken) == (14, 9)


def test_links_are_relative_to_what_the_page_says(tmp_path: Path) -> None:
    page = '<base href="/docs/"><a href="../about">well</a><a href="about">broken</a>'
    assert [link.link for link in check(tmp_path, {"about.html": page}).links.first] == ["about"]


def test_a_page_that_cannot_be_read_to_its_end_is_read_up_to_there(tmp_path: Path) -> None:
    page = '<a href="/no">broken</a><![foo[ bar'
    assert check(tmp_path, {"about.html": page}).links.broken == 1


def test_redirects_count_when_links_are_followed(tmp_path: Path) -> None:
    more: dict[str, str | bytes] = {
        "_redirects": "/old /about 301\n/far/* https://x.example/:splat 302\n/b?x /about 301\n",
        "index.html": '<a href="/old">a</a><a href="/far/off">b</a><a href="/c">c</a>',
    }
    assert [link.link for link in check(tmp_path, more).links.first] == ["/c"]


@pytest.mark.parametrize("link", ["/é/x", "/%C3%A9/x", "/any/x.old", "/any/y.old", "/x.old/?z"])
def test_patterns_count_whatever_their_first_segment_is(link: str, tmp_path: Path) -> None:
    more: dict[str, str | bytes] = {
        "_redirects": "/é/* /about 301\n/:what/x.old /about 301\n/*/y.old /about 301\n"
        "/x.* /about 301\n",
        "index.html": f'<a href="{link}">a</a>',
    }
    links = check(tmp_path, more).links
    assert (links.checked, links.broken) == (1, 0)


def test_of_many_broken_links_the_first_are_named_and_all_are_counted(tmp_path: Path) -> None:
    page = "".join(f'<a href="/no/{n}">x</a>\n' for n in range(SHOWN_LINKS + 7))
    links = check(tmp_path, {"about.html": page}).links
    assert links.broken == SHOWN_LINKS + 7
    assert [link.line for link in links.first] == list(range(1, SHOWN_LINKS + 1))


def test_files_for_other_hosts_are_noted(tmp_path: Path) -> None:
    more: dict[str, str | bytes] = {
        "netlify.toml": "",
        "vercel.json": "{}",
        "_routes.json": "{}",
        "_worker.js": "",
        "functions/api.ts": "",
    }
    assert told(check(tmp_path, more)) == [
        ("_routes.json", 0, "note"),
        ("_worker.js", 0, "note"),
        ("functions/", 0, "note"),
        ("netlify.toml", 0, "note"),
        ("vercel.json", 0, "note"),
    ]


def test_a_section_called_functions_is_no_code(tmp_path: Path) -> None:
    assert check(tmp_path, {"functions/index.html": "x"}).findings == ()


def test_in_a_projects_folder_the_files_beside_the_site_are_noted(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"dist/index.html": "x", "package.json": "", "netlify.toml": ""})
    report = check_folder(read_folder(folder), AS_WRITTEN.change)
    assert told(report) == [("", 0, "warning"), ("netlify.toml", 0, "note")]
    assert "2 files lie outside 'dist/'" in report.findings[0].text


def test_too_many_patterns_are_an_error(tmp_path: Path) -> None:
    lines = "\n".join(f"/{'x' * 700}{n}/* /{'y' * 300} 301" for n in range(400))
    report = check(tmp_path, {"_redirects": lines})
    (one,) = report.findings
    assert report.site is None
    assert (one.file, one.severity) == ("_redirects", "error")
    assert isinstance(one, Finding)
