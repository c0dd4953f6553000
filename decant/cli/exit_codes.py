"""What the command line's exit code says."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes; scripts may rely on them."""

    OK = 0
    ERROR = 1
    USAGE = 2
    REFUSED = 3
    TIMED_OUT = 4
    DENIED = 5
    INTERRUPTED = 130  # 128 + SIGINT, as shells report it


MEANINGS: dict[ExitCode, str] = {
    ExitCode.OK: "done",
    ExitCode.ERROR: "an error from AWS or Decant",
    ExitCode.USAGE: "wrong usage",
    ExitCode.REFUSED: "the deployment was refused or failed",
    ExitCode.TIMED_OUT: "timed out waiting; what was begun goes on",
    ExitCode.DENIED: "access denied",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C)",
}


def help_text() -> str:
    """The exit codes as the lines that end `decant --help`."""
    return "\n".join(f"  {code.value:>3}  {MEANINGS[code]}" for code in ExitCode)
