"""Follows one deployment on the terminal and says how it ended; for `upload` and `status`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from chalicelib.errors import DecantError
from decant import wording
from decant.cli.exit_codes import ExitCode
from decant.cli.invocation import Invocation
from decant.watch import Patience, Sight, Verdict, follow

if TYPE_CHECKING:
    from decant.admin_api import AdminApi
    from decant.answers import DeploymentAnswer

_BAD_ENDS = {"refused": "was refused", "failed": "failed"}
_WORDS = {Verdict.TIMED_OUT: "timed_out", Verdict.NEVER_APPEARED: "never_appeared"}


def follow_deployment(
    run: Invocation, api: AdminApi, deployment_id: str, timeout_seconds: float
) -> tuple[Verdict, Sight]:
    """Watch a deployment until it ends or patience does; see `decant.watch.follow`.

    When the watch breaks off, says that the deployment goes on, and lets the error pass.
    """
    with run.console.deployment_progress() as report:
        try:
            return follow(
                lambda: api.deployment(deployment_id),
                Patience(timeout_seconds),
                run.tools.clock,
                run.tools.sleep,
                report,
            )
        except (DecantError, KeyboardInterrupt):
            run.console.note(
                f"The deployment goes on without this command: `decant status {deployment_id}`."
            )
            raise


@dataclass(frozen=True, slots=True)
class Ending:
    """How the watch over a deployment ended; `seconds` counts from the command's begin."""

    stage: str
    deployment_id: str
    verdict: Verdict
    sight: Sight
    site_url: str
    seconds: float

    @property
    def outcome(self) -> str:
        """One word for scripts: the deployment's status, `timed_out` or `never_appeared`."""
        if self.verdict is Verdict.ENDED and self.sight.deployment is not None:
            return self.sight.deployment.status
        return _WORDS[self.verdict]

    def deployment_document(self) -> dict[str, object] | None:
        """The deployment as last seen, for `--json`."""
        return self.sight.deployment.model_dump(mode="json") if self.sight.deployment else None


def conclude(run: Invocation, end: Ending) -> ExitCode:
    """Say how it ended, and return the exit code for it."""
    waited = wording.duration(end.sight.elapsed_seconds)
    if end.verdict is Verdict.NEVER_APPEARED:
        run.console.error(
            f"The upload is stored, but its deployment {end.deployment_id} did not begin within "
            f"{waited}: look at the log of the function decant-{end.stage}-on_upload, and at "
            f"`decant status --stage {end.stage}`."
        )
        return ExitCode.TIMED_OUT
    if end.verdict is Verdict.TIMED_OUT or end.sight.deployment is None:
        run.console.error(
            f"The deployment {end.deployment_id} had not ended after {waited} "
            f"({wording.stage_of(end.sight)}); it goes on, and "
            f"`decant status {end.deployment_id} --wait --stage {end.stage}` watches it."
        )
        return ExitCode.TIMED_OUT
    return _conclude_ended(run, end.sight.deployment, end)


def leave(code: ExitCode) -> None:
    """End the command with `code`."""
    if code is not ExitCode.OK:
        raise typer.Exit(code)


def _conclude_ended(run: Invocation, deployment: DeploymentAnswer, end: Ending) -> ExitCode:
    for warning in deployment.warnings:
        run.console.note(f"warning: {warning}", "yellow")
    if deployment.status in _BAD_ENDS:
        reason = deployment.reason or "no reason was recorded."
        ended = _BAD_ENDS[deployment.status]
        run.console.error(f"The deployment {deployment.id} {ended}: {reason}")
        return ExitCode.REFUSED
    name = f"v{deployment.version}"
    what = f"{deployment.files or 0:,} files, {wording.size(deployment.bytes or 0)}"
    if deployment.status == "live":
        run.console.say(
            f"{name} is live on {deployment.alias}: {what}, in {wording.duration(end.seconds)}",
            "bold green",
        )
        run.console.say(end.site_url)
        return ExitCode.OK
    cause = {
        "ready": f"the alias {deployment.alias} is locked",
        "superseded": f"a newer decision for {deployment.alias} had been taken already",
    }[deployment.status]
    run.console.say(f"{name} is complete ({what}), but not live: {cause}.")
    run.console.say(f"To make it live: decant switch {name} --alias {deployment.alias}")
    return ExitCode.OK
