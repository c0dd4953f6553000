"""Fail: say on the deployment record why it ended. What viewers see has not changed."""

from __future__ import annotations

import json
from dataclasses import replace

from chalicelib import errors
from chalicelib.errors import NotFound, PreconditionFailed
from chalicelib.gateways.records import Records
from chalicelib.records import TERMINAL, Deployment

_OURS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.DecantError)
}


class Fail:
    """Marks a deployment, and its version, as failed."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def __call__(self, deployment_id: str, error: str, cause: str) -> None:
        """Record the failure; a deployment that has ended already stays as it is.

        `error` and `cause` are what Step Functions or the pipeline report. A reason that the
        failing task has noted before wins, since it knows more.
        """
        deployment = self._records.deployment(deployment_id)
        if deployment is None:
            raise NotFound(f"There is no deployment {deployment_id}.")
        if deployment.status in TERMINAL:
            return
        reason = deployment.reason or explain(deployment, error, cause)
        if self._records.progress(deployment_id, "failed", reason=reason):
            self._fail_version(deployment)

    def _fail_version(self, deployment: Deployment) -> None:
        if deployment.version is None:
            return
        version = self._records.version(deployment.version)
        if version.status != "pending":
            return  # complete: it can be switched to by hand
        try:
            self._records.put_version(replace(version, status="failed"), expect="pending")
        except PreconditionFailed:
            return  # finished or failed by another run meanwhile


def explain(deployment: Deployment, error: str, cause: str) -> str:
    """One sentence: where the deployment ended, why, and what to do."""
    detail = _message(cause)
    if detail:
        return detail
    where = f"while {deployment.status}" if deployment.status != "queued" else "before it began"
    return (
        f"The deployment ended {where} ({error or 'unknown error'}): upload it again, and if that "
        "does not help look at the state machine's execution."
    )


def _message(cause: str) -> str | None:
    """The sentence of one of our own errors, which Lambda wraps in JSON; None for others."""
    try:
        wrapped = json.loads(cause)
    except ValueError:
        return None
    if not isinstance(wrapped, dict) or wrapped.get("errorType") not in _OURS:
        return None
    return str(wrapped.get("errorMessage")) or None
