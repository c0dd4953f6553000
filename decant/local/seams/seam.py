"""What a seam is, and how to tell that MiniStack is no longer what a seam was written for."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata

from decant.local.errors import SeamMoved

MINISTACK_VERSION = "1.5.33"


@dataclass(frozen=True, slots=True)
class Relied:
    """One name of MiniStack's. `parameters` is None for data, else the names a call takes.

    `contains` is text that must occur exactly once in a name that holds text.
    """

    module: str
    name: str
    parameters: str | None = None
    contains: str | None = None

    def moved(self) -> str | None:
        """What is different from the version this was written for; None when nothing is."""
        try:
            found = getattr(importlib.import_module(self.module), self.name, None)
        except ImportError as error:
            return f"{self.module} cannot be imported: {error}"
        if found is None:
            return f"{self.module}.{self.name} is gone"
        if self.parameters is not None:
            parameters = ", ".join(inspect.signature(found).parameters)
            if parameters != self.parameters:
                return f"{self.module}.{self.name} takes ({parameters}), not ({self.parameters})"
        if self.contains is not None and str(found).count(self.contains) != 1:
            return f"{self.module}.{self.name} does not say `{self.contains}` once"
        return None


@dataclass(frozen=True, slots=True)
class Seam:
    """One extension: `purpose` completes "local AWS needs this to ..."."""

    name: str
    purpose: str
    relies_on: tuple[Relied, ...]
    install: Callable[[], None]

    def moved(self) -> list[str]:
        """What of `relies_on` is different from the version this was written for."""
        return [difference for relied in self.relies_on if (difference := relied.moved())]


def check_version() -> None:
    """Raises SeamMoved unless the installed MiniStack is the pinned one."""
    installed = metadata.version("ministack")
    if installed != MINISTACK_VERSION:
        raise SeamMoved(
            f"ministack {installed} is installed where decant/local/seams was written for "
            f"{MINISTACK_VERSION}: install requirements-dev.txt, or adapt the seams by their tests."
        )


def install_all(seams: Iterable[Seam]) -> None:
    """Put the extensions in; raises SeamMoved, and installs none, when one of them moved."""
    check_version()
    seams = tuple(seams)
    for seam in seams:
        if differences := seam.moved():
            raise SeamMoved(
                f"MiniStack's seam '{seam.name}' moved ({'; '.join(differences)}): "
                f"adapt decant/local/seams, which needs it to {seam.purpose}."
            )
    for seam in seams:
        seam.install()
