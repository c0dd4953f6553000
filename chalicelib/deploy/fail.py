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

    def __call__(self, deployment_id: str, error: str, cause: str) -> bool:
        """Record the failure; returns whether it was news.

        `error` and `cause` are what Step Functions or the pipeline report. What one of our own
        errors says comes first, then what the failing task has noted. A deployment that has ended
        stays as it is, but for a version that an earlier run left undecided.
        """
        deployment = self._records.deployment(deployment_id)
        if deployment is None:
            raise NotFound(f"There is no deployment {deployment_id}.")
        if deployment.status == "failed":
            self._fail_version(deployment)
        if deployment.status in TERMINAL:
            return False
        reason = told(cause) or deployment.reason or explain(deployment, error)
        if self._decided(deployment):
            reason = not_told(deployment, reason)
        news = self._records.progress(deployment_id, "failed", reason=reason)
        if news:
            self._fail_version(deployment)
        return news

    def _decided(self, deployment: Deployment) -> bool:
        """Whether the record has the alias at this version: only the edge was not told of it."""
        if deployment.version is None:
            return False
        alias = self._records.alias(deployment.alias)
        return alias is not None and alias.version == deployment.version

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


def explain(deployment: Deployment, error: str) -> str:
    """One sentence: where the deployment ended, and what to do."""
    where = f"while {deployment.status}" if deployment.status != "queued" else "before it began"
    return (
        f"The deployment ended {where} ({error or 'unknown error'}): upload it again, and if that "
        "does not help look at the pipeline's execution."
    )


def not_told(deployment: Deployment, reason: str) -> str:
    """`reason`, and what it means when Activate died between the record and the store."""
    switch = f"decant switch v{deployment.version} --alias {deployment.alias}"
    return (
        f"v{deployment.version} is what {deployment.alias} points at on record, but telling the "
        f"edge of it failed: run `{switch}` to try again, or `decant rollback`; the cause was: "
        f"{reason}"
    )


def told(cause: str) -> str | None:
    """The sentence of one of our own errors, which Lambda wraps in JSON; None for others."""
    try:
        wrapped = json.loads(cause)
    except ValueError:
        return None
    if not isinstance(wrapped, dict) or wrapped.get("errorType") not in _OURS:
        return None
    return str(wrapped.get("errorMessage")) or None
