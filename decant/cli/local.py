"""`decant local`: AWS on this machine, for as long as the command runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from decant.cli.invocation import Invocation
from decant.cli.options import JsonOption, StageOption

if TYPE_CHECKING:
    from decant.local.process import LocalAws

EXAMPLES = """Examples:

\b
  decant local
  decant local --fresh
  decant bootstrap --stage local      # in another terminal"""

_DEFAULT_STAGE = "local"


def local(
    ctx: typer.Context,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget everything that earlier runs have kept.")
    ] = False,
    stage: StageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start local AWS and stay until Ctrl-C.

    Writes a stage profile, called `local` unless --stage says otherwise, with which every other
    command works on it.
    """
    run = Invocation.of(ctx, stage, as_json)
    name = run.stage or _DEFAULT_STAGE

    def started(server: LocalAws) -> None:
        from decant.profiles import profile_from

        profile = profile_from(server.profile_for(name), "of local AWS")
        path = run.tools.profiles().write(profile)
        facts = [
            ("AWS endpoint", profile.endpoint_url or ""),
            ("Site", profile.site_url or ""),
            ("Stage profile", str(path)),
            ("State and log", str(server.folder.root)),
        ]
        run.console.document({"stage": name, **dict(facts)})
        run.console.table("Local AWS runs; Ctrl-C stops it", ("", ""), [(None, f) for f in facts])
        run.console.say(f"Next, in another terminal: decant bootstrap --stage {name}")

    run.tools.serve_local(fresh, started)
