"""Finds an alias by its name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from chalicelib.errors import NotFound

if TYPE_CHECKING:
    from decant.answers import AliasAnswer


def alias_named(name: str, aliases: Iterable[AliasAnswer], stage: str) -> AliasAnswer:
    """The one of `aliases`, which are all of `stage`, that is called `name`. Raises NotFound."""
    for alias in aliases:
        if alias.name == name:
            return alias
    raise NotFound(
        f"There is no alias {name!r} in the stage {stage!r}: "
        f"`decant status --stage {stage}` lists them."
    )
