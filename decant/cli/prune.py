"""`decant prune`: delete the versions that nothing needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from chalicelib.errors import DecantError
from decant import wording
from decant.cli.exit_codes import ExitCode
from decant.cli.fault import Fault, leave
from decant.cli.invocation import Invocation
from decant.cli.options import DEFAULT_TIMEOUT_SECONDS, JsonOption, StageOption, TimeoutOption
from decant.pruning import Left, wait_until_gone

if TYPE_CHECKING:
    from datetime import datetime

    from decant.admin_api import AdminApi
    from decant.answers import PrunableVersion

EXAMPLES = """Examples:

\b
  decant prune --dry-run
  decant prune
  decant prune --stage prod --timeout 3600 --json"""


def prune(
    ctx: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be deleted.")
    ] = False,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_SECONDS,
    stage: StageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete the versions that nothing needs.

    Each deployment does so at its end. What an alias points at or can be rolled back to stays, and
    so does what was replaced a short time ago. Waits until the versions are gone.
    """
    run = Invocation.of(ctx, stage, as_json)
    profile, reached = run.connect()
    api = reached.admin_api()
    answer = api.prunable()
    if answer.versions and not dry_run:
        answer = api.prune()
    if not answer.versions:
        run.console.document(_document("nothing_to_delete", ()))
        run.console.say(
            "There is nothing to delete: every version is needed, or was until recently."
        )
        return
    _list(run, answer.versions)
    if dry_run:
        numbers = [version.number for version in answer.versions]
        run.console.document(_document("dry_run", answer.versions, numbers))
        run.console.say(f"Would be deleted: {_totals(answer.versions)}.")
        return
    left = _wait(run, api, answer.versions, timeout)
    leave(_conclude(run, profile.stage, answer.versions, left))


def _list(run: Invocation, versions: Sequence[PrunableVersion]) -> None:
    now = run.tools.now()
    run.console.table(
        "Versions that nothing needs",
        ("Version#", "Status", "Files#", "Size#", "Uploaded for", "When"),
        [(None, _row(version, now)) for version in versions],
    )
    run.console.say("")


def _row(version: PrunableVersion, now: datetime) -> tuple[str, ...]:
    return (
        f"v{version.number}",
        version.status,
        f"{version.files:,}",
        wording.size(version.bytes),
        version.alias,
        wording.when(version.created_at, now),
    )


def _totals(versions: Sequence[PrunableVersion]) -> str:
    """`3 versions with 41 files, 2.0 MB`."""
    files, size = (sum(v.files for v in versions), sum(v.bytes for v in versions))
    return f"{wording.count(len(versions), 'version')} with {wording.files(files, size)}"


def _wait(
    run: Invocation, api: AdminApi, versions: Sequence[PrunableVersion], timeout_seconds: float
) -> Left:
    """Wait until `versions` are gone. When that breaks off, says so, and lets the error pass."""
    total = len(versions)
    with run.console.counting(f"Deleting {wording.count(total, 'version')}", total) as show:

        def report(left: Left) -> None:
            gone = total - len(left.numbers)
            show(gone, f"{gone:,} of {wording.count(total, 'version')} deleted")

        try:
            return wait_until_gone(
                [version.number for version in versions],
                api.prunable,
                timeout_seconds,
                run.tools.clock,
                run.tools.sleep,
                report,
            )
        except (DecantError, KeyboardInterrupt):
            run.console.note(
                "The deletion goes on without this command: `decant prune --dry-run` shows what "
                "is left."
            )
            raise


def _conclude(
    run: Invocation, stage: str, versions: Sequence[PrunableVersion], left: Left
) -> ExitCode:
    """Say how it ended, and return the exit code for it."""
    took = wording.duration(left.elapsed_seconds)
    if not left.numbers:
        run.console.document(_document("deleted", versions))
        run.console.say(f"Deleted: {_totals(versions)}, in {took}.", "bold green")
        return ExitCode.OK
    fault = Fault(
        f"Not all was deleted within {took}: {len(left.numbers):,} of "
        f"{wording.count(len(versions), 'version')} left; `decant prune --dry-run --stage {stage}` "
        f"shows them, and `decant prune --stage {stage}` begins again.",
        ExitCode.TIMED_OUT,
    )
    run.console.document(_document("timed_out", versions, left.numbers, fault))
    run.console.error(fault.message)
    return fault.exit_code


def _document(
    outcome: str,
    versions: Sequence[PrunableVersion],
    left: Sequence[int] = (),
    fault: Fault | None = None,
) -> dict[str, object]:
    """For `--json`: `left` are the numbers of those `versions` that are still there."""
    return {
        "outcome": outcome,
        "error": fault.document() if fault else None,
        "versions": [version.model_dump(mode="json") for version in versions],
        "left": list(left),
    }
