"""`decant versions`: what can be switched to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from decant import wording
from decant.cli.invocation import Invocation
from decant.cli.options import JsonOption, StageOption

if TYPE_CHECKING:
    from datetime import datetime

    from decant.answers import CanaryOf, VersionAnswer

EXAMPLES = """Examples:

\b
  decant versions
  decant versions --limit 100 --json"""

_DEFAULT_LIMIT = 20
_LIVE_MARK = "●"


def versions(
    ctx: typer.Context,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="How many, from the newest.")
    ] = _DEFAULT_LIMIT,
    stage: StageOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the versions, newest first. Those that an alias points at are marked.

    A version that is a canary has beside it whose it is, and for how many viewers.
    """
    run = Invocation.of(ctx, stage, as_json)
    _, reached = run.connect()
    found = reached.admin_api().versions(limit)
    run.console.document({"versions": [version.model_dump(mode="json") for version in found]})
    if not found:
        run.console.say("There are no versions yet: `decant deploy FOLDER` makes the first.")
        return
    now = run.tools.now()
    run.console.table(
        "Versions",
        ("", "Version#", "Status", "Files#", "Size#", "Uploaded for", "When", "Aliases"),
        [(_style(version), _row(version, now)) for version in found],
    )


def _style(version: VersionAnswer) -> str | None:
    if version.aliases:
        return "bold green"
    return None if version.status == "ready" else "dim"


def _row(version: VersionAnswer, now: datetime) -> tuple[str, ...]:
    return (
        _LIVE_MARK if version.aliases else "",
        f"v{version.number}",
        version.status,
        "" if version.files is None else f"{version.files:,}",
        "" if version.bytes is None else wording.size(version.bytes),
        version.alias,
        wording.when(version.created_at, now),
        ", ".join((*version.aliases, *map(_canary, version.canaries))),
    )


def _canary(canary: CanaryOf) -> str:
    return f"canary of {canary.alias} for {wording.share(canary.percent)}"
