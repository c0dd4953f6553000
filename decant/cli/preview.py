"""`decant preview`: the address at which a version or an alias can be looked at."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from chalicelib.errors import Conflict, InvalidRequest
from decant.cli.aliases import alias_named
from decant.cli.invocation import Invocation
from decant.cli.naming import VersionOrAlias, version_or_alias
from decant.cli.options import JsonOption, StageOption, parse_version

EXAMPLES = """Examples:

\b
  decant preview v43
  decant preview staging
  xdg-open "$(decant preview v43)\""""

_OFF = "off"  # what ends a preview
_READS_AS_VERSION = re.compile(r"v[0-9]+")


def preview(
    ctx: typer.Context,
    what: Annotated[
        VersionOrAlias,
        typer.Argument(
            metavar="VERSION|ALIAS", parser=version_or_alias, help="Like v43, 43 or staging."
        ),
    ],
    stage: StageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the address that shows a browser this version or alias on all of the site's pages.

    The browser keeps it in a cookie, until it is closed or visits /?decant=off.
    """
    run = Invocation.of(ctx, stage, as_json)
    profile, reached = run.connect()
    api = reached.admin_api()
    if what.is_alias:
        name = alias_named(what.name, api.aliases(), profile.stage).name
        if name == _OFF or _READS_AS_VERSION.fullmatch(name):
            raise InvalidRequest(f"The alias {name} has a name that previews use otherwise.")
    else:
        version = api.version(parse_version(what.name))
        if version.status != "ready":
            raise Conflict(
                f"v{version.number} cannot be looked at, because it is {version.status}: "
                "choose one that `decant versions` shows as ready."
            )
        name = f"v{version.number}"
    site = reached.site_url().rstrip("/")
    start, end = f"{site}/?decant={name}", f"{site}/?decant={_OFF}"
    run.console.document({"url": start, "end_url": end})
    run.console.note(f"It ends at {end}")
    run.console.say(start)
