"""The routing of a version: everything that the edge needs to resolve its paths, by its manifest.

Pure. The same manifest always gives the same, so what has been evicted from the store comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chalicelib.alias_record import (
    encode_version,
    room_for_groups,
    version_key,
    with_error_folders,
    with_flat_pages,
)
from chalicelib.manifest import Manifest, status_path
from chalicelib.records import EdgeRules, NotFoundMode, Version
from chalicelib.resolution import FileIndex, Found, circles_to, has_file, shown_by
from chalicelib.route_table import RouteTable, compile_table
from chalicelib.rules.model import REDIRECTS_FILE, Finding, Redirect, SiteRules
from chalicelib.rules.patterns import is_pattern
from chalicelib.rules.redirect_order import keyed
from chalicelib.rules.redirect_table import Action, RedirectTable, compile_redirects, site_path

_LONGEST_TARGET = 900  # bytes; a longer one is looked up when it is asked for


@dataclass(frozen=True, slots=True)
class Routing:
    """`rules` go into the records that the router reads first. `table` is None for a version that
    is stored flat. `findings` are about rules that cannot apply, `warnings` about the site."""

    rules: EdgeRules
    table: RouteTable | None
    redirects: RedirectTable
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()

    def store_entries(self, version: Version) -> dict[str, str]:
        """The KeyValueStore entries of `version`, its own record last. Raises VersionCorrupt."""
        table = self.table.store_entries(version.number) if self.table else {}
        record = encode_version(replace(version, rules=self.rules))
        redirects = self.redirects.store_entries(version.number)
        return {**redirects, **table, version_key(version.number): record}


def compile_routing(manifest: Manifest) -> Routing:
    """The routing of the version of `manifest`. Raises NoRouteTable, VersionCorrupt."""
    files = {file.path: file.layer for file in manifest.files}
    rules = _modes(manifest.rules, files)
    index = FileIndex(files.items() if manifest.rules.redirects else ())  # only they ask it
    applying, findings = _applying(manifest, rules, index)
    by_key = keyed(applying, manifest.rules.settings.dialect)
    exact = tuple(rule for rule in applying if rule.line in by_key)
    others = tuple(rule for rule in applying if rule.line not in by_key)
    table = None
    if not manifest.flat:
        every = ((file.path, file.layer) for file in manifest.every())
        table = compile_table(every, (site_path(rule.source) for rule in exact))
    rules = replace(
        rules,
        layers=table.layers if table else (manifest.version,),
        buckets=len(table.buckets) if table else 0,
        salt=table.salt if table else 0,
    )

    def action(rule: Redirect) -> Action:
        return _action(rule, rules, index, manifest.version)

    redirects = compile_redirects(
        exact, others, rules.salt, action, room_for_groups(manifest.version, rules)
    )
    rules = replace(rules, redirects=len(redirects.exact), patterns=redirects.patterns)
    rules, warnings = _with_pages(manifest, rules, files)
    return Routing(rules, table, redirects, findings, warnings)


def status_pages(manifest: Manifest) -> tuple[tuple[str, int], ...]:
    """(site path, status) of the files that the rules show with another status than their own."""
    if not any(rule.status >= 400 for rule in manifest.rules.redirects):
        return ()
    files = {file.path: file.layer for file in manifest.files}
    rules, index = _modes(manifest.rules, files), FileIndex(files.items())
    found = set()
    for rule in manifest.rules.redirects:
        if rule.status >= 400 and "*" not in rule.target:
            shown = shown_by(index, rules, rule, manifest.version)
            start = status_path("", rule.status)
            if isinstance(shown, Found) and shown.path.startswith(start):
                found.add((shown.path.removeprefix(start), rule.status))
    return tuple(sorted(found))


def _modes(site: SiteRules, files: Mapping[str, int]) -> EdgeRules:
    has_page = any(f"/{path}".endswith("/404.html") for path in files)
    mode: NotFoundMode = "404-page" if has_page else "none"
    if site.single_page:
        mode = "single-page-application"
    return EdgeRules(
        layers=(),
        html=site.settings.html,
        not_found=site.settings.not_found or mode,
        slash_blind=site.settings.dialect == "netlify",
    )


def _with_pages(
    manifest: Manifest, rules: EdgeRules, files: Mapping[str, int]
) -> tuple[EdgeRules, tuple[str, ...]]:
    if manifest.flat:
        return with_flat_pages(rules, files)
    pages: dict[str, int] = {}
    if rules.not_found == "404-page":
        pages = {path: layer for path, layer in files.items() if f"/{path}".endswith("/404.html")}
    elif rules.not_found == "single-page-application" and "index.html" in files:
        pages = {"index.html": files["index.html"]}
    return with_error_folders(manifest.version, rules, pages)


def _applying(
    manifest: Manifest, rules: EdgeRules, index: FileIndex
) -> tuple[tuple[Redirect, ...], tuple[Finding, ...]]:
    """The rules that can apply in this version, and findings about those that cannot."""
    kept, findings = [], []
    for rule in manifest.rules.redirects:
        why = _why_not(rule, rules, index, flat=bool(manifest.flat))
        if why:
            findings.append(Finding(REDIRECTS_FILE, rule.line, "warning", why))
        else:
            kept.append(rule)
    return tuple(kept), tuple(findings)


def _why_not(rule: Redirect, rules: EdgeRules, index: FileIndex, *, flat: bool) -> str:
    circle = circles_to(index, rules, rule)
    if circle is not None:
        return (
            f"It is ignored, since {rule.target} is sent on to {circle}, which the rule takes "
            f"again: write {circle} as the target, or remove the rule."
        )
    if rule.forced:
        return ""
    if is_pattern(rule.source):
        return "It applies to what is missing, which a version without a table cannot tell." * flat
    if not has_file(index, rules, rule.source):
        return ""
    return (
        f"It never applies: the site has a file at {rule.source}. End the status with ! if it "
        "is to win."
    )


def _action(rule: Redirect, rules: EdgeRules, index: FileIndex, version: int) -> Action:
    if 300 <= rule.status < 400:
        return str(rule.status), rule.target
    if "*" in rule.target:
        return ("200", rule.target) if rule.status == 200 else ("404", "")
    shown = shown_by(index, rules, rule, version)
    if shown is None:
        return "404", ""
    if not isinstance(shown, Found):
        return str(shown.status), shown.location
    if len(shown.uri) > _LONGEST_TARGET:
        return "200", rule.target
    return "000", shown.uri
