"""Why a command that did its work does not end with 0."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from decant.cli.exit_codes import ExitCode


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, as a sentence, and the exit code for it."""

    message: str
    exit_code: ExitCode

    def document(self) -> dict[str, object]:
        """Of the form in which every error is told in JSON."""
        return {
            "type": self.exit_code.name.title().replace("_", ""),
            "message": self.message,
            "exit_code": int(self.exit_code),
        }


def leave(code: ExitCode) -> None:
    """End the command with `code`."""
    if code is not ExitCode.OK:
        raise typer.Exit(code)
