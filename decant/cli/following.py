"""Follows one deployment on the terminal and says how it ended; for `deploy` and `status`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.errors import DecantError
from decant import wording
from decant.cli.exit_codes import ExitCode
from decant.cli.fault import Fault
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
    """How the watch over a deployment ended; `seconds` counts from the command's begin. `told` are
    warnings that were said already."""

    stage: str
    deployment_id: str
    verdict: Verdict
    sight: Sight
    site_url: str
    seconds: float
    told: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """One word for scripts: the deployment's status, `timed_out` or `never_appeared`."""
        if self.verdict is Verdict.ENDED and self.sight.deployment is not None:
            return self.sight.deployment.status
        return _WORDS[self.verdict]

    def fault(self) -> Fault | None:
        """What went wrong, None when nothing did."""
        waited = wording.duration(self.sight.elapsed_seconds)
        deployment = self.sight.deployment
        if self.verdict is Verdict.NEVER_APPEARED:
            return Fault(
                f"The upload is stored, but its deployment {self.deployment_id} did not begin "
                f"within {waited}: look at the log of the function decant-{self.stage}-on_upload, "
                f"and at `decant status --stage {self.stage}`.",
                ExitCode.TIMED_OUT,
            )
        if self.verdict is Verdict.TIMED_OUT or deployment is None:
            return Fault(
                f"The deployment {self.deployment_id} had not ended after {waited} "
                f"({wording.stage_of(self.sight)}); it goes on, and "
                f"`decant status {self.deployment_id} --wait --stage {self.stage}` watches it.",
                ExitCode.TIMED_OUT,
            )
        if deployment.status in _BAD_ENDS:
            reason = deployment.reason or "no reason was recorded."
            ended = _BAD_ENDS[deployment.status]
            return Fault(f"The deployment {deployment.id} {ended}: {reason}", ExitCode.REFUSED)
        return None

    def document(self) -> dict[str, object]:
        """The ending for `--json`: outcome, error (null when all is well), deployment."""
        fault, deployment = self.fault(), self.sight.deployment
        return {
            "outcome": self.outcome,
            "error": fault.document() if fault else None,
            "deployment_id": self.deployment_id,
            "deployment": deployment.model_dump(mode="json") if deployment else None,
        }


def conclude(run: Invocation, end: Ending) -> ExitCode:
    """Say how it ended, and return the exit code for it."""
    fault = end.fault()
    if end.sight.deployment is not None:
        for warning in end.sight.deployment.warnings:
            if warning not in end.told:
                run.console.note(f"warning: {warning}", "yellow")
    if fault is not None:
        run.console.error(fault.message)
        return fault.exit_code
    if end.sight.deployment is not None:
        _say_result(run, end.sight.deployment, end)
    return ExitCode.OK


def _say_result(run: Invocation, deployment: DeploymentAnswer, end: Ending) -> None:
    name = f"v{deployment.version}"
    what = wording.content_of(deployment)
    if deployment.status == "live":
        run.console.say(
            f"{name} is live on {deployment.alias}: {what}, in {wording.duration(end.seconds)}",
            "bold green",
        )
        if carried := wording.carried_by(deployment):
            run.console.say(f"Still reachable, for pages that are open: {carried}.")
        run.console.say(end.site_url)
        return
    cause = {
        "ready": f"the alias {deployment.alias} is locked",
        "superseded": f"a newer decision for {deployment.alias} had been taken already",
    }[deployment.status]
    run.console.say(f"{name} is complete ({what}), but not live: {cause}.")
    run.console.say(
        f"To make it live: decant switch {name} --alias {deployment.alias} --stage {end.stage}"
    )
