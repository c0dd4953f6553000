"""`decant check`: what would be deployed, and what is wrong with it, before it is."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from chalicelib.errors import UploadRefused
from decant import wording
from decant.cli.exit_codes import ExitCode
from decant.cli.fault import leave
from decant.cli.invocation import Invocation
from decant.cli.options import (
    DialectOption,
    FolderArgument,
    HtmlOption,
    JsonOption,
    NotFoundOption,
    StageOption,
)

if TYPE_CHECKING:
    from decant.preview.checking import Report
    from decant.preview.compiling import Overrides
    from decant.preview.folder import SiteFolder
    from decant.preview.picture import Picture

EXAMPLES = """Examples:

\b
  decant check dist
  decant check dist --dialect netlify
  decant check dist --json && decant deploy dist"""

_STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}
_SHOWN_FINDINGS = 50  # of one file, errors above all
_SHOWN = 20  # rows of a table of routes; JSON has them all


def check(
    ctx: typer.Context,
    folder: FolderArgument,
    html: HtmlOption = None,
    not_found: NotFoundOption = None,
    dialect: DialectOption = None,
    stage: StageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what would be deployed, and what is wrong with it, without deploying.

    The exit code is 1 when there is an error: the deployment would be refused. Warnings are about
    rules that are ignored or do nothing, and about redirects and links that lead nowhere.
    """
    run = Invocation.of(ctx, stage, as_json)
    from decant.preview.compiling import Overrides
    from decant.preview.picture import picture_of

    overrides = Overrides(html, not_found, dialect)
    site, report = _report(run, folder, overrides)
    picture = picture_of(site, report, overrides)
    run.console.document({"folder": str(folder), **picture.document()})
    if site is not None:
        _show_site(run, picture)
    _show_findings(run, report)
    _show_links(run, report)
    run.console.say(picture.verdict(), "bold red" if picture.errors else "bold green")
    leave(ExitCode.ERROR if picture.errors else ExitCode.OK)


def _report(run: Invocation, path: Path, overrides: Overrides) -> tuple[SiteFolder | None, Report]:
    from decant.preview.checking import check_folder, refused
    from decant.preview.folder import read_folder

    try:
        folder = read_folder(path)
    except UploadRefused as refusal:
        return None, refused(refusal)
    with run.console.counting("Following links") as show:
        return folder, check_folder(
            folder, overrides.change, lambda count: show(count, "Following links")
        )


def _show_site(run: Invocation, picture: Picture) -> None:
    settings = [(None, row) for row in picture.settings]
    if settings:
        run.console.table("Settings", ("Setting", "Value", "From"), settings)
        run.console.say("")
    run.console.table("What is deployed", ("", ""), [(None, row) for row in picture.numbers()])
    run.console.say("")
    for title, columns, rows in picture.routes():
        if not rows:
            continue
        run.console.table(title, columns, [(None, row) for row in rows[:_SHOWN]])
        _say_more(run, len(rows) - _SHOWN)
        run.console.say("")


def _show_findings(run: Invocation, report: Report) -> None:
    for file, found in groupby(report.findings, key=lambda finding: finding.file):
        every = list(found)
        first = sorted(every, key=lambda one: one.severity != "error")[:_SHOWN_FINDINGS]
        rows = [
            (_STYLES[one.severity], (f"{one.line or ''}", one.severity, one.text))
            for one in sorted(first, key=lambda one: one.line)
        ]
        run.console.table(file or "The site", ("Line#", "", "What"), rows)
        _say_more(run, len(every) - len(rows))
        run.console.say("")


def _say_more(run: Invocation, number: int) -> None:
    if number > 0:
        run.console.say(f"… and {number:,} more: --json lists them all.", "dim")


def _show_links(run: Invocation, report: Report) -> None:
    links = report.links
    if not links.broken:
        return
    rows = [("yellow", (link.page, str(link.line), link.link)) for link in links.first]
    run.console.table("Links that lead nowhere", ("Page", "Line#", "Link"), rows)
    more = links.broken - len(links.first)
    if more > 0:
        run.console.say(f"… and {wording.count(more, 'more link')}.", "dim")
    run.console.say("")
