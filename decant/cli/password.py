"""`decant password`: ask viewers of an alias for a password."""

from __future__ import annotations

from typing import Annotated

import typer

from decant.cli.invocation import Invocation
from decant.cli.options import AliasArgument, JsonOption, StageOption

EXAMPLES = """Examples:

\b
  decant password staging            # makes one up and prints it, once
  decant password staging --ask      # asks for one
  decant password staging --off      # everybody may see it again"""


def password(
    ctx: typer.Context,
    alias: AliasArgument,
    ask: Annotated[bool, typer.Option("--ask", help="Ask for a password to set.")] = False,
    off: Annotated[bool, typer.Option("--off", help="Remove the password.")] = False,
    stage: StageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let only those see an alias who know a password; browsers ask for it, with any name.

    It is not stored anywhere: who has lost it sets another one.
    """
    run = Invocation.of(ctx, stage, as_json)
    if ask and off:
        raise typer.BadParameter("Choose one of --ask and --off.", param_hint="--off")
    _, reached = run.connect()
    api = reached.admin_api()
    if off:
        answer = api.remove_password(alias)
        run.console.document(answer.model_dump(mode="json"))
        done = "" if answer.changed else "; nothing was done"
        run.console.say(f"{alias} needs no password{done}", "bold green")
        return
    # In JSON mode the question does no harm: it goes to the terminal's stderr.
    secret = run.tools.ask_secret(f"Password for {alias}") if ask else run.tools.new_password()
    answer = api.set_password(alias, secret)
    generated = {} if ask else {"generated_password": secret}
    run.console.document({**answer.model_dump(mode="json"), **generated})
    if ask:
        verb = "needs a password now" if answer.changed else "had this password already"
        run.console.say(f"{alias} {verb}", "bold green")
    else:
        run.console.note(f"The password of {alias}, which is not shown again:")
        run.console.say(secret)
