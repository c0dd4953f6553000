"""`decant switch`: point an alias at any version, at once."""

from __future__ import annotations

from typing import Annotated

import typer

from decant.cli.invocation import Invocation
from decant.cli.options import (
    DEFAULT_ALIAS,
    AliasOption,
    JsonOption,
    StageOption,
    parse_version,
)

EXAMPLES = """Examples:

\b
  decant switch v3
  decant switch 3 --alias staging
  decant switch v3 --lock      # and keep it there, whatever is uploaded
  decant switch v5 --unlock"""


def switch(
    ctx: typer.Context,
    version: Annotated[
        int,
        typer.Argument(metavar="VERSION", parser=parse_version, help="Like v3, or just 3."),
    ],
    alias: AliasOption = DEFAULT_ALIAS,
    lock: Annotated[
        bool | None,
        typer.Option(
            "--lock/--unlock",
            help="Whether later uploads leave the alias where it is; without either, as before.",
        ),
    ] = None,
    stage: StageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Point an alias at a version: viewers see it within seconds."""
    run = Invocation.of(ctx, stage, as_json)
    _, reached = run.connect()
    answer = reached.admin_api().switch(alias, version, lock)
    run.console.document(answer.model_dump(mode="json"))
    now = answer.alias
    locked = ", locked: uploads leave it there" if now.locked else ""
    verb = "points at" if answer.changed else "pointed there already: at"
    run.console.say(f"{now.name} {verb} v{now.version}{locked}", "bold green")
