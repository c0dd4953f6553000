"""`decant canary`: show a version to some of an alias's viewers, before all get it."""

from __future__ import annotations

from typing import Annotated

import typer

from decant import wording
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
  decant canary v43 --percent 10
  decant canary v43 --percent 50                  # more of them
  decant switch v43                               # all of them
  decant canary --off                             # or none
  decant canary v7 --percent 5 --alias staging"""


def canary(
    ctx: typer.Context,
    version: Annotated[
        int | None,
        typer.Argument(metavar="VERSION", parser=parse_version, help="Like v43, or just 43."),
    ] = None,
    percent: Annotated[
        int | None,
        typer.Option("--percent", metavar="P", min=1, max=99, help="How many of the viewers."),
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="End the canary.")] = False,
    alias: AliasOption = DEFAULT_ALIAS,
    stage: StageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a version to some of an alias's viewers; each of them keeps what they got.

    Whatever points the alias at another version ends its canary: an upload, a switch, a rollback.
    """
    run = Invocation.of(ctx, stage, as_json)
    _check_usage(version, percent, off)
    _, reached = run.connect()
    api = reached.admin_api()
    if version is None or percent is None:
        answer = api.end_canary(alias)
    else:
        answer = api.start_canary(alias, version, percent)
    run.console.document(answer.model_dump(mode="json"))
    now = answer.alias
    if now.canary is None:
        said = f"{now.name} has no canary" + ("" if answer.changed else "; nothing was done")
        said += f": all viewers get v{now.version}"
    else:
        verb = "get" if answer.changed else "already get"
        share = wording.share(now.canary.percent)
        said = f"{share} of {now.name} {verb} v{now.canary.version}, all others v{now.version}"
    run.console.say(said, "bold green")


def _check_usage(version: int | None, percent: int | None, off: bool) -> None:
    if off and (version is not None or percent is not None):
        raise typer.BadParameter(
            "It ends the canary: leave VERSION and --percent out.", param_hint="--off"
        )
    if not off and version is None:
        raise typer.BadParameter(
            "Name a version, or end the canary with --off.", param_hint="VERSION"
        )
    if not off and percent is None:
        raise typer.BadParameter(
            "Say how many viewers get it, like --percent 10.", param_hint="--percent"
        )
