"""What is to be told about a site before it is deployed: beside what its rules themselves say,
rules that do nothing, redirects and links that lead nowhere, files that nothing reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from chalicelib.errors import UploadRefused
from chalicelib.resolution import Redirect, address_of, shown_by
from chalicelib.route_table import encode_path
from chalicelib.rules.headers import Block
from chalicelib.rules.model import HEADERS_FILE, REDIRECTS_FILE, Finding, SiteSettings
from chalicelib.rules.model import Redirect as Rule
from chalicelib.rules.path_lines import comparable
from decant.preview.compiling import CompiledSite, compile_site
from decant.preview.folder import SiteFolder
from decant.preview.links import NO_LINKS, LinkReport, check_links
from decant.preview.reach import Reach

_CAPTURE = re.compile(r"\*[0-9]")
_CODE = (".js", ".ts", ".mjs", ".mts", ".jsx", ".tsx")
_FOREIGN = {
    "netlify.toml": "write its redirects and headers in _redirects and _headers",
    "vercel.json": "write its redirects and headers in _redirects and _headers",
    "_routes.json": "there are no functions to be routed to",
    "_worker.js": "Decant serves files and runs no code of a site",
    "functions": "Decant serves files and runs no code of a site",
}


@dataclass(frozen=True, slots=True)
class Report:
    """All that is to be told. `site` is None when a deployment would be refused at once: the one
    finding says why."""

    site: CompiledSite | None
    findings: tuple[Finding, ...]
    links: LinkReport = NO_LINKS

    def count(self, severity: str) -> int:
        """How many findings are of a severity."""
        return sum(1 for finding in self.findings if finding.severity == severity)


def check_folder(
    folder: SiteFolder,
    change: Callable[[SiteSettings], SiteSettings],
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Check the site in `folder`; `progress` is called with the number of pages read."""
    try:
        site = compile_site(folder, change)
    except UploadRefused as refusal:
        return Report(None, (Finding(REDIRECTS_FILE, 0, "error", str(refusal)),))
    reach = Reach(site)
    findings = [
        *_about_the_site(site),
        *site.findings,
        *_targets(site, reach),
        *_idle_blocks(site, reach),
        *_foreign(folder),
    ]
    findings.sort(key=lambda finding: (finding.file, finding.line))
    return Report(site, tuple(findings), check_links(site, reach, progress))


_NO_HOME = "There is no index.html at the top: the address / is a 404. Was another folder meant?"


def refused(refusal: UploadRefused) -> Report:
    """The report of a folder that `read_folder` has refused."""
    return Report(None, (Finding("", 0, "error", str(refusal)),))


def _about_the_site(site: CompiledSite) -> Iterator[Finding]:
    flat = (site.manifest.flat,) if site.manifest.flat else ()
    ruled = any(rule.source in ("/", "/*") for rule in site.manifest.rules.redirects)
    home = () if ruled or "index.html" in site.folder.sources else (_NO_HOME,)
    for text in (*site.folder.site.warnings, *flat, *site.routing.warnings, *home):
        yield Finding("", 0, "warning", text)


def _targets(site: CompiledSite, reach: Reach) -> Iterator[Finding]:
    """Redirects to what the site does not have; of those that depend on the request, rewrites to
    where it has nothing at all."""
    idle = {finding.line for finding in site.routing.findings}
    for rule in site.manifest.rules.redirects:
        if rule.status == 200 and "*" in rule.target and not _has_below(site, rule.target):
            start = unquote(rule.target.partition("*")[0])
            text = (
                f"The site has nothing below {start}: every request for it is a 404. Correct the "
                "target, or add the files."
            )
            yield Finding(REDIRECTS_FILE, rule.line, "warning", text)
        known = rule.target.startswith("/") and not _CAPTURE.search(rule.target)
        if known and rule.line not in idle and _target_is_missing(site, reach, rule):
            text = f"The target {unquote(rule.target)} {_why_missing(reach, rule)}"
            yield Finding(REDIRECTS_FILE, rule.line, "warning", text)


def _has_below(site: CompiledSite, target: str) -> bool:
    """Whether there may be something where the target leads, whatever its placeholders stand for:
    files, or the one page of an application."""
    if site.routing.rules.not_found == "single-page-application":
        return True
    start = target.partition("*")[0].lstrip("/")
    return any(encode_path(path).startswith(start) for path in site.folder.sources)


def _why_missing(reach: Reach, rule: Rule) -> str:
    own = reach.file_at(re.split("[?#]", rule.target)[0])
    if isinstance(own, Redirect):
        return (
            f"is sent on to {unquote(own.location)}, where rules take viewers again: choose "
            "another target, or remove the rule."
        )
    return "leads to no file of the site: correct it, or add the file."


def _target_is_missing(site: CompiledSite, reach: Reach, rule: Rule) -> bool:
    if 300 <= rule.status < 400:
        return reach.leads_nowhere(rule.target, navigation=True)
    shown = shown_by(reach.index, site.routing.rules, rule, site.manifest.version)
    if isinstance(shown, Redirect):
        return reach.leads_nowhere(shown.location, navigation=True)
    return shown is None


def _idle_blocks(site: CompiledSite, reach: Reach) -> Iterator[Finding]:
    """Blocks of `_headers` that no file is for."""
    blocks = site.read.headers.blocks
    if not blocks:
        return
    settings = site.read.rules.settings
    by_path = {
        path: [address_of(reach.index, settings.html, path), "/" + encode_path(path)]
        for path in site.folder.sources
    }
    compared = [comparable(found, settings.dialect) for found in by_path.values()]
    every = {address for found in compared for address in found}
    for block in blocks:
        exact = block.path.start == block.path.text
        if exact and block.path.text in every:
            continue
        if not exact and any(block.path.captured(found) is not None for found in compared):
            continue
        advice = _advice(block, by_path, reach)
        text = f"No file is served at {unquote(block.path.text)}, so the block does nothing: "
        yield Finding(HEADERS_FILE, block.line, "warning", text + advice)


def _advice(block: Block, by_path: dict[str, list[str]], reach: Reach) -> str:
    """What to write instead of the path of a block."""
    if block.path.dialect == "cloudflare":
        for path, (address, own) in by_path.items():
            if block.path.captured((own,)) is not None:
                return f"{path} is served at {unquote(address)}, so write that."
        if block.path.start == block.path.text:
            other = reach.file_at(block.path.text)
            if isinstance(other, Redirect):
                return f"it is served at {unquote(other.location)}, so write that."
            if isinstance(reach.answer(block.path.text), Redirect):
                return "a rule redirects from there, and only files have headers; delete the block."
    return "correct the path, or delete the block."


def _foreign(folder: SiteFolder) -> Iterator[Finding]:
    """What other hosts read and Decant does not."""
    for name, advice in _FOREIGN.items():
        if _has(folder, name):
            shown = f"{name}/" if name == "functions" else name
            yield Finding(shown, 0, "note", f"It is for other hosts and is not read: {advice}.")


def _has(folder: SiteFolder, name: str) -> bool:
    """Whether the site has the file or the folder with code `name`, or the folder around it has."""
    inside = (path for path in folder.sources if path.partition("/")[0] == name)
    if any(path == name or path.endswith(_CODE) for path in inside):
        return True
    return folder.site.root != "" and (folder.path / name).exists()
