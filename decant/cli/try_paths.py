"""`decant try`: what the edge would answer for a site, before it is deployed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from chalicelib.errors import DecantError
from decant.cli.exit_codes import ExitCode
from decant.cli.fault import leave
from decant.cli.invocation import Invocation
from decant.cli.options import (
    DialectOption,
    FolderArgument,
    HtmlOption,
    NotFoundOption,
    StageOption,
)

if TYPE_CHECKING:
    from decant.preview.requests import Request
    from decant.preview.site import Answer, LocalSite

EXAMPLES = """Examples:

\b
  decant try dist / /about /old-page '/search?q=tea'
  decant try dist /app/settings --not-found single-page-application
  echo '{"path": "/", "headers": {"accept": "text/html"}}' | decant try dist --json
  decant try dist --json < paths.txt"""

_STYLES = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}  # by the first digit of the status
_LINES_HELP = "Print one JSON object a line; without a PATH read the requests from standard input."

# What was asked for, and the request; None for an empty line. Raises BadRequest.
Read = Callable[[], "tuple[str, Request] | None"]


def try_paths(
    ctx: typer.Context,
    folder: FolderArgument,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Addresses of the site, such as /docs/?a=1."),
    ] = None,
    html: HtmlOption = None,
    not_found: NotFoundOption = None,
    dialect: DialectOption = None,
    stage: StageOption = None,
    as_json: Annotated[bool, typer.Option("--json", help=_LINES_HELP)] = False,
) -> None:
    """Show what viewers would get, without deploying.

    The site is compiled as a deployment does it, and the functions of the edge answer. A redirect
    is shown and not followed. A line of standard input is a path, or an object with "path" and
    perhaps "headers", "cookies" and "query". The exit code is 1 when one of them was no request.
    """
    run = Invocation.of(ctx, stage, as_json)
    if not paths and not run.console.as_json:
        raise typer.BadParameter(
            "Name a path, or read them from standard input with --json.", param_hint="PATH"
        )
    from decant.preview.compiling import Overrides
    from decant.preview.opening import open_site

    site = open_site(folder, Overrides(html, not_found, dialect))
    asked: Iterable[Read] = (
        (partial(_from_argument, path) for path in paths)
        if paths
        else (partial(_from_line, line) for line in run.tools.stdin())
    )
    leave(_answer_lines(run, site, asked) if run.console.as_json else _show(run, site, asked))


def _from_argument(path: str) -> tuple[str, Request]:
    from decant.preview.requests import request_for

    return path, request_for(path)


def _from_line(line: bytes) -> tuple[str, Request] | None:
    from decant.preview.requests import read_line

    return read_line(line) if line.strip() else None


def _answer_lines(run: Invocation, site: LocalSite, asked: Iterable[Read]) -> ExitCode:
    """One line for each request, as it comes."""
    from decant.preview.requests import BadRequest

    code = ExitCode.OK
    for read in asked:
        try:
            found = read()
        except BadRequest as error:
            code = ExitCode.ERROR
            run.console.line({"path": error.path, "error": str(error)})
            continue
        if found is not None:
            path, request = found
            try:
                run.console.line(_document(path, site.answer(request)))
            except DecantError as error:
                code = ExitCode.ERROR
                run.console.line({"path": path, "error": str(error)})
    return code


def _document(path: str, answer: Answer) -> dict[str, object]:
    return {
        "path": path,
        "status": answer.status,
        "location": answer.location,
        "file": answer.file,
        "headers": dict(answer.headers),
    }


def _show(run: Invocation, site: LocalSite, asked: Iterable[Read]) -> ExitCode:
    from decant.preview.requests import BadRequest

    rows: list[tuple[str | None, tuple[str, ...]]] = []
    errors = []
    for read in asked:
        try:
            found = read()
        except BadRequest as error:
            errors.append(f"{error.path}: {error}")
            continue
        if found is not None:
            path, request = found
            answer = site.answer(request)
            cells = (path, str(answer.status), answer.location or "", answer.file or "")
            rows.append((_STYLES.get(answer.status // 100), cells))
    if rows:
        run.console.table("", ("Path", "Status", "Where to", "File"), rows)
    for message in errors:
        run.console.error(message)
    return ExitCode.ERROR if errors else ExitCode.OK
