"""`decant rollback`: point an alias back at the version before."""

from __future__ import annotations

import typer

from decant.cli.aliases import alias_named
from decant.cli.invocation import Invocation
from decant.cli.options import DEFAULT_ALIAS, AliasOption, JsonOption, StageOption

EXAMPLES = """Examples:

\b
  decant rollback
  decant rollback --alias staging --json"""


def rollback(
    ctx: typer.Context,
    alias: AliasOption = DEFAULT_ALIAS,
    stage: StageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Point an alias back at the version that it pointed at before.

    If somebody else moves the alias at the same time, nothing is done.
    """
    run = Invocation.of(ctx, stage, as_json)
    profile, reached = run.connect()
    api = reached.admin_api()
    current = alias_named(alias, api.aliases(), profile.stage)
    answer = api.rollback(alias, current.version)
    run.console.document(
        {
            "from": current.version,
            "to": answer.alias.version,
            **answer.model_dump(mode="json"),
        }
    )
    if answer.changed:
        run.console.say(f"{alias}: v{current.version} → v{answer.alias.version}", "bold green")
    else:
        run.console.say(f"{alias} points at v{answer.alias.version} already; nothing was done.")
