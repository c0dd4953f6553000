"""The command line as a whole: the options before the command, and the commands."""

from __future__ import annotations

from importlib.metadata import version as installed_version
from typing import Annotated

import typer
from typer.core import TyperGroup

from decant.cli import (
    bootstrap,
    canary,
    check,
    deploy,
    diff,
    exit_codes,
    local,
    password,
    preview,
    prune,
    repair,
    rollback,
    serve,
    status,
    switch,
    try_paths,
    versions,
)
from decant.cli.invocation import Invocation
from decant.cli.options import JSON_HELP, STAGE_HELP

_EPILOG = f"""Examples:

\b
  decant local                                  # AWS on this machine
  decant bootstrap --stage prod --region eu-central-1
  decant check dist                             # what would go live, and what is wrong with it
  decant deploy dist                            # build folder -> live
  decant rollback                               # and back again

Exit codes:

\b
{exit_codes.help_text()}

Every command takes --stage, --json and --help; DECANT_DEBUG=1 shows where an error came from."""


class _Group(TyperGroup):
    """Understands --version wherever it stands: nobody remembers that it belongs in front."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # typer's own class is narrower than the one its group declares
        options = before_double_dash(args)
        if "--version" in options:
            args = [option for option in ("--version", "--json") if option in options]
        return super().parse_args(ctx, args)


def before_double_dash(args: list[str]) -> list[str]:
    """The part of `args` in which options may stand."""
    return args[: args.index("--")] if "--" in args else args


app = typer.Typer(
    name="decant",
    cls=_Group,
    help="Static hosting in your own AWS account: deploy a site, switch versions, roll back.",
    epilog=_EPILOG,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    # The texts hold file names and ids, which are not to be read as markup.
    rich_markup_mode=None,
)


@app.callback()
def _options(
    ctx: typer.Context,
    stage: Annotated[
        str | None,
        typer.Option("--stage", metavar="NAME", envvar="DECANT_STAGE", help=STAGE_HELP),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    run = Invocation.begin(ctx, stage, as_json)
    ctx.obj = run
    if version:
        number = installed_version("decant")
        run.console.document({"version": number})
        run.console.say(f"decant {number}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(exit_codes.ExitCode.USAGE)


app.command("local", epilog=local.EXAMPLES)(local.local)
app.command("bootstrap", epilog=bootstrap.EXAMPLES)(bootstrap.bootstrap)
app.command("check", epilog=check.EXAMPLES)(check.check)
app.command("try", epilog=try_paths.EXAMPLES)(try_paths.try_paths)
app.command("serve", epilog=serve.EXAMPLES)(serve.serve)
app.command("deploy", epilog=deploy.EXAMPLES)(deploy.deploy)
app.command("versions", epilog=versions.EXAMPLES)(versions.versions)
app.command("diff", epilog=diff.EXAMPLES)(diff.diff)
app.command("switch", epilog=switch.EXAMPLES)(switch.switch)
app.command("rollback", epilog=rollback.EXAMPLES)(rollback.rollback)
app.command("canary", epilog=canary.EXAMPLES)(canary.canary)
app.command("preview", epilog=preview.EXAMPLES)(preview.preview)
app.command("password", epilog=password.EXAMPLES)(password.password)
app.command("status", epilog=status.EXAMPLES)(status.status)
app.command("prune", epilog=prune.EXAMPLES)(prune.prune)
app.command("repair", epilog=repair.EXAMPLES)(repair.repair)
