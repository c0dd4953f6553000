"""The options and arguments that several commands share, and how they are read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from chalicelib.records import HtmlHandling, NotFoundMode
from chalicelib.rules.model import Dialect
from chalicelib.uploads import DEFAULT_ALIAS, is_alias


def _checked_alias(name: str) -> str:
    if not is_alias(name):
        raise typer.BadParameter(
            f"{name!r} cannot name an alias: use up to 63 lower-case letters, digits and hyphens, "
            "the first a letter or digit."
        )
    return name


VERSION_PATTERN = r"v?[1-9][0-9]{0,9}"


def parse_version(text: str) -> int:
    """The number of the version that `text` (`v3` or `3`) names. Raises typer.BadParameter."""
    if not re.fullmatch(VERSION_PATTERN, text):
        raise typer.BadParameter(f"{text!r} is no version: write it like v3 or 3.")
    return int(text.removeprefix("v"))


STAGE_HELP = "The stage to work on; without it $DECANT_STAGE, or the only one in .decant/stages."
JSON_HELP = "Print one JSON document on stdout and nothing else."

StageOption = Annotated[str | None, typer.Option("--stage", metavar="NAME", help=STAGE_HELP)]
JsonOption = Annotated[bool, typer.Option("--json", help=JSON_HELP)]
AliasOption = Annotated[
    str,
    typer.Option("--alias", metavar="NAME", help="The alias to point.", callback=_checked_alias),
]
AliasArgument = Annotated[
    str, typer.Argument(metavar="ALIAS", help="The alias, like staging.", callback=_checked_alias)
]
TimeoutOption = Annotated[
    int,
    typer.Option("--timeout", metavar="SECONDS", min=1, help="How long to wait for the end."),
]
HtmlOption = Annotated[
    HtmlHandling | None,
    typer.Option("--html-handling", help="Instead of decant.toml's html_handling."),
]
NotFoundOption = Annotated[
    NotFoundMode | None, typer.Option("--not-found", help="Instead of decant.toml's not_found.")
]
DialectOption = Annotated[
    Dialect | None, typer.Option("--dialect", help="Instead of decant.toml's dialect.")
]
FolderArgument = Annotated[
    Path, typer.Argument(metavar="DIR", help="The built site: the folder to deploy.")
]

DEFAULT_TIMEOUT_SECONDS = 15 * 60
__all__ = [
    "DEFAULT_ALIAS",
    "DEFAULT_TIMEOUT_SECONDS",
    "VERSION_PATTERN",
    "AliasArgument",
    "AliasOption",
    "DialectOption",
    "FolderArgument",
    "HtmlOption",
    "JsonOption",
    "NotFoundOption",
    "StageOption",
    "TimeoutOption",
    "parse_version",
]
