"""`decant repair`: make what the edge reads agree with the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from chalicelib.backoff import Backoff
from chalicelib.errors import DecantError
from decant import repairing, wording
from decant.cli.invocation import Invocation
from decant.cli.options import JsonOption, StageOption

if TYPE_CHECKING:
    from decant.admin_api import AdminApi

EXAMPLES = """Examples:

\b
  decant repair
  decant repair --stage prod --json"""

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 4.0
_SHOWN_ENTRIES = 50
_WORDS = {
    "missing": "was missing",
    "differs": "differed from the record",
    "superfluous": "stood for nothing on record",
}


def repair(ctx: typer.Context, stage: StageOption = None, as_json: JsonOption = False) -> None:
    """Make the edge's store agree with the record.

    For when viewers get something else than `decant status` says. The record stays as it is, and
    running this again does no harm.
    """
    run = Invocation.of(ctx, stage, as_json)
    _, reached = run.connect()
    done = _repair(run, reached.admin_api())
    run.console.document(
        {
            "repaired": [one.model_dump(mode="json") for one in done.repaired],
            "checked": done.checked,
        }
    )
    checked = f"{_entries(done.checked)} checked"
    if not done.repaired:
        run.console.say(f"The edge's store agreed with the record already: {checked}.")
        return
    _list(run, done)
    run.console.say(
        f"{_entries(len(done.repaired))} repaired, {checked}: "
        "the edge's store agrees with the record.",
        "bold green",
    )


def _repair(run: Invocation, api: AdminApi) -> repairing.Repair:
    """All rounds. When they break off, says what was done, and lets the error pass."""
    done = repairing.Repair()
    pauses = Backoff(
        run.tools.sleep,
        lambda: 1.0,  # nobody else waits for the same, so there is nothing to spread
        _FIRST_PAUSE_SECONDS,
        _LONGEST_PAUSE_SECONDS,
    )
    with run.console.counting("Comparing the edge's store with the record") as show:

        def report(now: repairing.Repair) -> None:
            nonlocal done
            done = now
            repaired = len(now.repaired)
            show(repaired, f"{_entries(now.checked)} checked, {repaired:,} repaired")

        try:
            return repairing.repair(api.repair, pauses, report)
        except (DecantError, KeyboardInterrupt):
            if done.repaired:
                _list(run, done)
                run.console.note(f"{_entries(len(done.repaired))} repaired before it broke off.")
            raise


def _list(run: Invocation, done: repairing.Repair) -> None:
    rows = [(None, (one.key, _WORDS[one.problem])) for one in done.repaired[:_SHOWN_ENTRIES]]
    run.console.table("Repaired", ("Entry", "Problem"), rows)
    more = len(done.repaired) - _SHOWN_ENTRIES
    if more > 0:
        run.console.say(f"… and {more:,} more: --json lists them all.", "dim")
    run.console.say("")


def _entries(number: int) -> str:
    return wording.count(number, "entry", "entries")
