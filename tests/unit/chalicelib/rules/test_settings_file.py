"""`decant.toml`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.rules.model import SETTINGS_FILE, Finding, SiteSettings
from chalicelib.rules.settings_file import CHOICES, MAX_FINDINGS, parse_settings

WHOLE = """
html_handling = "drop-trailing-slash"
not_found = "single-page-application"
dialect = "netlify"

[cache]
"/downloads/*" = "public, max-age=86400"
"/%61/:b" = "no-store"

[retention]
versions = 20
days = 0

[build]
command = "make"
[site.more]
name = "docs"
"""


def errors(text: str) -> list[Finding]:
    _, findings = parse_settings(text)
    assert all((one.file, one.severity) == (SETTINGS_FILE, "error") for one in findings)
    return list(findings)


def only_error(text: str) -> Finding:
    (finding,) = errors(text)
    return finding


def test_an_empty_file_says_nothing() -> None:
    assert parse_settings("") == (SiteSettings(), ())


def test_all_that_can_be_said() -> None:
    expected = SiteSettings(
        html="drop-trailing-slash",
        not_found="single-page-application",
        dialect="netlify",
        cache=(("/downloads/*", "public, max-age=86400"), ("/a/:", "no-store")),
        keep=(20, 0),
    )
    assert parse_settings(WHOLE) == (expected, ())


def test_a_file_of_windows_reads_the_same() -> None:
    assert parse_settings("\ufeff" + WHOLE.replace("\n", "\r\n")) == parse_settings(WHOLE)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in CHOICES for value in CHOICES[name]]
)
def test_each_value_that_is_offered_is_taken(name: str, value: str) -> None:
    settings, findings = parse_settings(f'{name} = "{value}"')
    field = "html" if name == "html_handling" else name
    assert (getattr(settings, field), findings) == (value, ())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a = "1"\nb = = 2\n', 2),
        ("[cache]\n/a/* = 1\n", 2),
        ("dialect = 1\ndialect = 2\n", 2),
        ('a = 1\nb = """\n\n', 2),
        ("a = " + "[" * 100_000, 0),
        ("a = " + "1" * 10_000, 0),
        ("a = 2026-13-45", 1),
        ("a = '\ud800\x00'", 1),
    ],
)
def test_what_is_no_toml_is_an_error_at_its_line(text: str, line: int) -> None:
    settings, (finding,) = parse_settings(text)
    assert (settings, finding.line) == (SiteSettings(), line)
    assert "no TOML" in finding.text


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('\nhtml_handlin = "none"', 2, "did you mean html_handling?"),
        ("zzz = 1", 1, "html_handling, not_found, dialect, cache, retention, build and site."),
        ('dialect = "netlify"\n\n[kache]\na = 1', 3, "table 'kache'"),
        ("[retention]\nversions = 1\ndays = 1\nday = 1", 4, "did you mean days?"),
        ('dialect = "netlify"\nnot_found = "404"', 2, '"404-page", "single-page-application" or'),
        ('html_handling = "auto-trailing-slashes"', 1, "did you mean auto-trailing-slash?"),
        ("dialect = ['netlify']", 1, '"cloudflare" or "netlify"'),
        ("dialect = true", 1, "True"),
        ("cache = 1", 1, "[cache]"),
        ("[[retention]]\ndays = 1", 1, "[retention]"),
        ('[cache]\n"/a" = "x"\n"b" = "x"', 3, "begin with /"),
        ("[cache]\n'/*/*' = 'x'", 2, "more than one *"),
        ("[cache]\n'/a?b' = 'x'", 2, "%3F"),
        ('cache = {"/a" = "x", "/b" = 1}', 1, "visible ASCII"),
        ('[cache]\n"/a" = ""', 2, "visible ASCII"),
        ('[cache]\n"/a" = "é"', 2, "visible ASCII"),
        ('[cache]\n"/a" = "x"\ndialect = "netlify"', 3, "above the first table"),
        ('[build]\n"/a" = 1\n[cache]\n"/a" = 2', 4, "is 2"),
        ("[retention]\nversions = 1", 1, "no days"),
        ("retention.days = 0", 1, "no versions"),
        ("[retention]\nversions = 0\ndays = 1", 2, "from 1 to 9999"),
        ("[retention]\nversions = 10000\ndays = 1", 2, "from 1 to 9999"),
        ("[retention]\nversions = 1\ndays = -1", 3, "from 0 to 9999"),
        ("[retention]\nversions = true\ndays = 1", 2, "True"),
        ('[retention]\nversions = 1\ndays = "1"', 3, "'1'"),
        ("dialect = 0x" + "f" * 9000, 1, "too long to show"),
        ("[build]\ndialect = 1\n[site]\n[x]", 4, "table 'x'"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_what_to_write(
    text: str, line: int, says: str
) -> None:
    finding = only_error(text)
    assert finding.line == line
    assert says in finding.text
    assert finding.text.isprintable()


def test_a_wrong_setting_leaves_the_others() -> None:
    settings, findings = parse_settings('dialect = "x"\n[cache]\n"/a" = "x"\n"b" = "y"')
    assert (settings, len(findings)) == (SiteSettings(cache=(("/a", "x"),)), 2)


def test_spaces_around_a_cache_control_are_dropped() -> None:
    settings, findings = parse_settings('[cache]\n"/a" = "  no-store "')
    assert (settings.cache, findings) == ((("/a", "no-store"),), ())


def test_errors_come_in_the_order_of_the_lines_and_are_bounded() -> None:
    lines = [one.line for one in errors("\n".join(f"a{n} = 1" for n in range(150)))]
    assert lines == [*range(1, MAX_FINDINGS + 1)]


_keys = st.sampled_from([*CHOICES, "cache", "retention", "build", "versions", "days", "/a", "x"])
_values = st.recursive(
    st.sampled_from(
        ['"none"', '"404-page"', '"netlify"', '"x"', "1", "true", "1.5", "nan", "1979-05-27", "[]"]
    ),
    lambda inner: st.tuples(_keys, inner).map('{{ "{0[0]}" = {0[1]} }}'.format),
    max_leaves=3,
)
_lines = (
    st.tuples(_keys, _values).map('"{0[0]}" = {0[1]}'.format)
    | st.sampled_from(["[cache]", "[retention]", "[x]", "[[cache]]", "# c", "", "x"])
    | st.text(max_size=10)
)


@given(text=st.lists(_lines, max_size=8).map("\n".join) | st.text())
def test_any_text_gives_settings(text: str) -> None:
    settings, findings = parse_settings(text)
    assert findings or settings.html in CHOICES["html_handling"]
    for one in findings:
        assert 0 <= one.line <= text.count("\n") + 1
        assert one.text.endswith(".")
