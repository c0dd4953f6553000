"""`decant`: the console script. The only place that turns errors into exit codes and sentences.

Errors go to stderr as `error: sentence`; with --json to stdout as
{"error": {"type", "message", "exit_code"}}. Never a traceback, unless DECANT_DEBUG is set.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping, Sequence

import typer

from chalicelib.errors import AccessDenied, DecantError, InvalidRequest, UploadRefused
from decant.cli.app import app, before_double_dash
from decant.cli.exit_codes import ExitCode
from decant.cli.invocation import Toolbox
from decant.console import Console


def main(
    argv: Sequence[str] | None = None,
    tools: Toolbox | None = None,
    environ: Mapping[str, str] = os.environ,
) -> int:
    """Run the command line `argv` (default: this process's) and return the exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    console = Console(as_json="--json" in before_double_dash(args))
    try:
        # With standalone_mode off, Typer returns the code of its Exit and raises all else, except
        # that it makes Ctrl-C an Exit of 130, which no command uses.
        code = app(args, prog_name="decant", standalone_mode=False, obj=tools or Toolbox())
        if code == ExitCode.INTERRUPTED:
            return _say(console, "Interrupted", "interrupted.", ExitCode.INTERRUPTED)
        return int(code or ExitCode.OK)
    except typer.Abort:  # the input ended at a prompt
        return _say(console, "Interrupted", "the input ended.", ExitCode.INTERRUPTED)
    except typer.TyperException as error:
        return _say(console, "Usage", _usage(error), ExitCode(error.exit_code))
    except DecantError as error:
        _trace(environ)
        return _say(console, type(error).__name__, str(error), exit_code_of(error))
    except Exception as error:  # noqa: BLE001 - the last resort: a sentence, not a traceback
        _trace(environ)
        name = type(error).__name__
        message = f"unexpected {name}: {error} (DECANT_DEBUG=1 shows where; please report it)."
        return _say(console, name, message, ExitCode.ERROR)


def exit_code_of(error: DecantError) -> ExitCode:
    """What `error` makes the command line exit with."""
    if isinstance(error, AccessDenied):
        return ExitCode.DENIED
    if isinstance(error, UploadRefused):
        return ExitCode.REFUSED
    if isinstance(error, InvalidRequest):
        return ExitCode.USAGE
    return ExitCode.ERROR


def _usage(error: typer.TyperException) -> str:
    """The message of a usage error, and where to read on."""
    context = getattr(error, "ctx", None)  # only usage errors have one
    where = context.command_path if context is not None else "decant"
    return f"{error.format_message()} Try `{where} --help`."


def _say(console: Console, kind: str, message: str, code: ExitCode) -> int:
    console.document({"error": {"type": kind, "message": message, "exit_code": int(code)}})
    console.error(message)
    return code


def _trace(environ: Mapping[str, str]) -> None:
    if environ.get("DECANT_DEBUG"):
        traceback.print_exc()


if __name__ == "__main__":
    sys.exit(main())
