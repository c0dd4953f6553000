"""A version as a person names it: by its number, or by an alias."""

from __future__ import annotations

import re
from dataclasses import dataclass

import typer

from chalicelib.uploads import is_alias
from decant.cli.options import VERSION_PATTERN


@dataclass(frozen=True, slots=True)
class VersionOrAlias:
    """A version as it was named: by its number, or by an alias that points at it."""

    name: str

    @property
    def is_alias(self) -> bool:
        """Whether it has to be looked up. What reads as a version is one."""
        return re.fullmatch(VERSION_PATTERN, self.name) is None


def version_or_alias(text: str) -> VersionOrAlias:
    """What `text` names. Raises typer.BadParameter."""
    one = VersionOrAlias(text)
    if one.is_alias and not is_alias(text):
        raise typer.BadParameter(
            f"{text!r} is neither a version nor an alias: write it like v42, 42 or production."
        )
    return one
