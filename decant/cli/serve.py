"""`decant serve`: a folder on a port of this machine, answered as the edge would."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from decant import wording
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
    from decant.preview.compiling import CompiledSite
    from decant.preview.server import Events

EXAMPLES = """Examples:

\b
  decant serve dist
  decant serve dist --port 3000 --not-found single-page-application"""

_PORT = 8788
_STYLES = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}  # by the first digit of the status


def serve(
    ctx: typer.Context,
    folder: FolderArgument,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes a free one.")
    ] = _PORT,
    html: HtmlOption = None,
    not_found: NotFoundOption = None,
    dialect: DialectOption = None,
    stage: StageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Serve a built site on this machine, as the edge would, until Ctrl-C.

    When a file changes, the routes are made anew; while its rules have an error, the last good
    ones stay.
    """
    run = Invocation.of(ctx, stage, as_json)
    from decant.preview.compiling import Overrides
    from decant.preview.server import SiteServer

    with _told_to_stop() as stop:
        overrides = Overrides(html, not_found, dialect)
        with SiteServer(folder, overrides, port, _events(run)) as server:
            run.console.document({"url": server.url, "folder": str(folder)})
            run.console.say(f"{server.url} serves {folder}; Ctrl-C stops it.", "bold green")
            _say_warnings(run, server.compiled)
            stop.wait()


def _events(run: Invocation) -> Events:
    from decant.preview.server import Events
    from decant.preview.site import Answer

    def answered(path: str, answer: Answer) -> None:
        what = answer.location or answer.file or ""
        run.console.say(f"{answer.status}  {path}  {what}", _STYLES.get(answer.status // 100))

    def changed(site: CompiledSite) -> None:
        files = wording.count(len(site.manifest.files), "file")
        rules = wording.count(len(site.manifest.rules.redirects), "redirect")
        run.console.say(f"The folder has changed: {files}, {rules}.", "bold")
        _say_warnings(run, site)

    def failed(why: str) -> None:
        run.console.error(f"{why} The last good routes stay.")

    return Events(answered, changed, failed)


def _say_warnings(run: Invocation, site: CompiledSite) -> None:
    from chalicelib.rules.site import warnings

    for text in warnings(site.findings):
        run.console.note(f"warning: {text}", "yellow")


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set."""
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    previous = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
