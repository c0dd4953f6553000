"""Activate: point the deployment's alias at its version, unless a later decision stands."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.decisions.activation import Move, Stay, after_deployment
from chalicelib.deploy.running import running
from chalicelib.errors import VersionCorrupt
from chalicelib.gateways.records import Records
from chalicelib.pointing import Pointing
from chalicelib.records import DeploymentStatus


class Activate:
    """Makes a ready version live."""

    def __init__(self, records: Records, pointing: Pointing, *, now: Callable[[], str]) -> None:
        self._records = records
        self._pointing = pointing
        self._now = now

    def __call__(self, deployment_id: str) -> DeploymentStatus:
        """Decide and carry out; returns how the deployment ended: live, superseded or ready.

        Raises VersionCorrupt when the version is not ready; AwsError.
        """
        at_work = running(self._records, deployment_id)
        version = at_work.version
        if version.status != "ready":
            raise VersionCorrupt(f"v{version.number} is {version.status}, not ready: it stays off.")
        self._records.progress(deployment_id, "activating")
        _, decision = self._pointing.point(
            version.alias, lambda alias: after_deployment(alias, version, now=self._now())
        )
        status = _status(decision)
        self._records.progress(deployment_id, status)
        return status


def _status(decision: Move | Stay) -> DeploymentStatus:
    if isinstance(decision, Move) or decision.because == "already":
        return "live"
    return "superseded" if decision.because == "superseded" else "ready"
