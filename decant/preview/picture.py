"""A checked site as people and scripts read it: settings with where they come from, numbers,
routes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from urllib.parse import unquote

from chalicelib.decisions.room import size_bytes
from chalicelib.resolution import address_of
from chalicelib.rules.model import SETTINGS_FILE, SiteSettings
from chalicelib.rules.settings_file import parse_settings
from decant import wording
from decant.preview.checking import Report
from decant.preview.compiling import CompiledSite, Overrides
from decant.preview.folder import SiteFolder

_NAMED = 5  # of what is left out
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """`settings` are (name, value, where it comes from), `pages` (address, file) and `redirects`
    (line, from, to, status)."""

    folder: SiteFolder | None
    report: Report
    settings: tuple[Row, ...] = ()
    pages: tuple[tuple[str, str], ...] = ()
    redirects: tuple[tuple[int, str, str, int], ...] = ()

    @property
    def errors(self) -> int:
        """How many there are."""
        return self.report.count("error")

    def document(self) -> dict[str, object]:
        """For `--json`."""
        links = self.report.links
        return {
            "settings": _settings_document(self.report.site),
            "counts": self._counts(),
            "left_out": list(self.folder.left_out) if self.folder else [],
            "pages": [{"address": address, "file": file} for address, file in self.pages],
            "redirects": [
                {"line": line, "from": source, "to": target, "status": status}
                for line, source, target, status in self.redirects
            ],
            "findings": [asdict(finding) for finding in self.report.findings],
            "links": {
                "checked": links.checked,
                "broken": links.broken,
                "first": [
                    {"page": link.page, "line": link.line, "link": link.link}
                    for link in links.first
                ],
            },
        }

    def _counts(self) -> dict[str, int]:
        site = self.folder.site if self.folder else None
        compiled = self.report.site
        return {
            "files": len(site.files) if site else 0,
            "bytes": site.total_bytes if site else 0,
            "left_out": len(self.folder.left_out) if self.folder else 0,
            "ignored": site.ignored if site else 0,
            "outside": site.outside if site else 0,
            "pages": len(self.pages),
            "redirects": len(self.redirects),
            "header_blocks": len(compiled.read.headers.blocks) if compiled else 0,
            "store_bytes": size_bytes(compiled.store) if compiled else 0,
            "errors": self.errors,
            "warnings": self.report.count("warning"),
            "notes": self.report.count("note"),
        }

    def numbers(self) -> list[Row]:
        """(what, how much) for a person."""
        counts = self._counts()
        rows = [("Files", wording.files(counts["files"], counts["bytes"]))]
        if self.folder and self.folder.site.root:
            rows.append(("From", self.folder.site.root))
        if self.folder and self.folder.left_out:
            names = ", ".join(self.folder.left_out[:_NAMED])
            more = counts["left_out"] - _NAMED
            rows.append(("Left out", f"{names} and {more:,} more" if more > 0 else names))
        if counts["ignored"]:
            ignored = wording.count(counts["ignored"], "file")
            rows.append(("Ignored", f"{ignored} that systems leave behind"))
        rows.append(("Routes in the store", wording.size(counts["store_bytes"])))
        if self.report.links.checked:
            rows.append(("Links followed", f"{self.report.links.checked:,}"))
        return [*rows]

    def routes(self) -> list[tuple[str, Row, Sequence[Row]]]:
        """Tables of what leads where: title, columns, rows."""
        redirects = [(str(line), a, b, str(status)) for line, a, b, status in self.redirects]
        return [
            ("Pages", ("Address", "File"), self.pages),
            ("Redirects", ("Line#", "From", "To", "Status"), redirects),
        ]

    def verdict(self) -> str:
        """The last line."""
        found = (
            wording.count(self.errors, "error"),
            wording.count(self.report.count("warning"), "warning"),
            wording.count(self.report.links.broken, "broken link"),
        )
        told = ", ".join(text for text in found if not text.startswith("0 "))
        if self.errors:
            return f"{told}: a deployment would be refused."
        return f"It can be deployed: {told}." if told else "It can be deployed, and all is well."


def picture_of(folder: SiteFolder | None, report: Report, overrides: Overrides) -> Picture:
    """The picture of `folder` (None when it was refused) and what was found in it."""
    site = report.site
    if folder is None or site is None:
        return Picture(folder, report)
    html, index = site.read.rules.settings.html, site.index()
    pages = ((address_of(index, html, p), p) for p in folder.sources if p.endswith(".html"))
    return Picture(
        folder,
        report,
        tuple(_settings(site, overrides)),
        tuple(sorted((unquote(address), path) for address, path in pages)),
        tuple((r.line, r.source, r.target, r.status) for r in site.manifest.rules.redirects),
    )


def _settings(site: CompiledSite, overrides: Overrides) -> list[Row]:
    text = site.folder.rules.get(SETTINGS_FILE, b"").decode("utf-8-sig", errors="replace")
    written, _ = parse_settings(text)
    default, now = SiteSettings(), site.read.rules.settings

    def origin(given: object, wrote: object, usual: object, otherwise: str = "default") -> str:
        if given is not None:
            return "this command"
        return otherwise if wrote == usual else SETTINGS_FILE

    deduced = "_redirects" if site.read.rules.single_page else "the site's files"
    rows: list[Row] = [
        ("html_handling", now.html, origin(overrides.html, written.html, default.html)),
        (
            "not_found",
            site.routing.rules.not_found,
            origin(overrides.not_found, written.not_found, default.not_found, deduced),
        ),
        ("dialect", now.dialect, origin(overrides.dialect, written.dialect, default.dialect)),
    ]
    rows += [(f"cache {pattern}", value, SETTINGS_FILE) for pattern, value in now.cache]
    if now.keep:
        versions, days = now.keep
        kept = f"{wording.count(versions, 'version')}, {wording.count(days, 'day')}"
        rows.append(("retention", kept, SETTINGS_FILE))
    return rows


def _settings_document(site: CompiledSite | None) -> dict[str, object] | None:
    if site is None:
        return None
    now = site.read.rules.settings
    keep = dict(zip(("versions", "days"), now.keep, strict=True)) if now.keep else None
    return {
        "html_handling": now.html,
        "not_found": site.routing.rules.not_found,
        "dialect": now.dialect,
        "cache": [list(pair) for pair in now.cache],
        "retention": keep,
    }
