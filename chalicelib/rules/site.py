"""The rules of a site as a whole: read from its files, and what they make of files' headers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from chalicelib.header_sets import Headers
from chalicelib.resolution import FileIndex, address_of
from chalicelib.route_table import encode_path
from chalicelib.rules.headers import HeaderRules, parse_headers
from chalicelib.rules.model import (
    HEADERS_FILE,
    REDIRECTS_FILE,
    RULE_FILES,
    SETTINGS_FILE,
    Finding,
    SiteRules,
    SiteSettings,
)
from chalicelib.rules.object_headers import object_headers
from chalicelib.rules.redirects import parse_redirects
from chalicelib.rules.settings_file import parse_settings

MAX_FILE_BYTES = 5 * 1024 * 1024  # of one rules file: as much as the whole KeyValueStore
_SHOWN = 3  # errors that a refusal tells


@dataclass(frozen=True, slots=True)
class RulesRead:
    """What the rules files of a site say, and what is to be told about them."""

    rules: SiteRules
    headers: HeaderRules
    findings: tuple[Finding, ...] = ()


def read_rules(
    files: Mapping[str, bytes], change: Callable[[SiteSettings], SiteSettings] = lambda s: s
) -> RulesRead:
    """Read the rules in `files` (name -> content; those that a site does not have are left out).

    `change` may replace settings before the other files are read by them.
    """
    findings: list[Finding] = []
    texts = {name: _text(name, files[name], findings) for name in RULE_FILES if name in files}
    settings, problems = parse_settings(texts.get(SETTINGS_FILE, ""))
    settings = change(settings)
    redirects = parse_redirects(texts.get(REDIRECTS_FILE, ""), settings.dialect)
    headers = parse_headers(texts.get(HEADERS_FILE, ""), settings.dialect)
    findings += [*problems, *redirects.findings, *headers.findings]
    rules = SiteRules(settings, redirects.rules, redirects.single_page)
    return RulesRead(rules, headers, tuple(findings))


def file_headers(
    paths: Iterable[str], base: Callable[[str], Headers], read: RulesRead
) -> tuple[dict[str, Headers], tuple[Finding, ...]]:
    """The headers that each file is stored with, by site path; errors where they are too long.
    Empty when the site has no rules about headers: they are what `base` says then.

    `base` gives those of a path without any rules. A file's headers are those for the one address
    that it is served at; in Netlify's dialect also those for its path.
    """
    settings = read.rules.settings
    every = tuple(paths)
    if not read.headers.blocks and not settings.cache:
        return {}, ()
    index = FileIndex((path, 0) for path in every)
    found: dict[str, Headers] = {}
    findings: list[Finding] = []
    for path in every:
        addresses = (address_of(index, settings.html, path), "/" + encode_path(path))
        made = object_headers(dict(base(path)), settings, read.headers, addresses)
        found[path] = made.pairs
        findings += made.findings
    return found, tuple(findings)


def refusal(findings: Iterable[Finding]) -> str:
    """Why a site cannot be deployed, in a sentence or some; "" when nothing is an error."""
    errors = [finding for finding in findings if finding.severity == "error"]
    told = " ".join(f"{place(finding)}: {finding.text}" for finding in errors[:_SHOWN])
    more = len(errors) - _SHOWN
    return f"{told} There are {more} more: see `decant check`." if more > 0 else told


def warnings(findings: Iterable[Finding], most: int = 10) -> tuple[str, ...]:
    """What a deployment tells of what is ignored in its rules: `most` sentences."""
    told = [f"{place(one)}: {one.text}" for one in findings if one.severity == "warning"]
    more = len(told) - most
    if more > 0:
        return (*told[:most], f"{more} more lines of the rules are ignored: see `decant check`.")
    return tuple(told)


def place(finding: Finding) -> str:
    """The file, and the line if it is about one."""
    return f"{finding.file}, line {finding.line}" if finding.line else finding.file


def _text(name: str, content: bytes, findings: list[Finding]) -> str:
    if len(content) > MAX_FILE_BYTES:
        text = f"It has {len(content):,} bytes, allowed are {MAX_FILE_BYTES:,}: shorten it."
        findings.append(Finding(name, 0, "error", text))
        return ""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        findings.append(Finding(name, line, "error", "It is not UTF-8: save it in that encoding."))
        return ""
