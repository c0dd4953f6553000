"""Activate: point the deployment's alias at its version, unless a later decision stands."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.decisions.activation import Move, Stay, after_deployment
from chalicelib.deploy.running import running
from chalicelib.errors import VersionCorrupt
from chalicelib.gateways.records import Records
from chalicelib.pointing import Pointing
from chalicelib.records import TERMINAL, Alias, DeploymentStatus


class Activate:
    """Makes a ready version live."""

    def __init__(self, records: Records, pointing: Pointing, *, now: Callable[[], str]) -> None:
        self._records = records
        self._pointing = pointing
        self._now = now

    def __call__(self, deployment_id: str) -> DeploymentStatus:
        """Decide and carry out; returns how the deployment ended: live, superseded or ready.

        One that has ended already (live, failed ...) moves nothing: what a person decided since
        then, or what its record says, stands. Raises VersionCorrupt when the version is not ready;
        AwsError.
        """
        at_work = running(self._records, deployment_id)
        version = at_work.version
        if version.status != "ready":
            raise VersionCorrupt(f"v{version.number} is {version.status}, not ready: it stays off.")
        self._records.progress(deployment_id, "activating")

        def decide(alias: Alias | None) -> Move | Stay:
            if self._status_of(deployment_id) in TERMINAL:
                return Stay("ended")
            return after_deployment(alias, version, now=self._now())

        _, decision = self._pointing.point(version.alias, decide)
        if decision != Stay("ended"):
            self._records.progress(deployment_id, _status(decision))
        return self._status_of(deployment_id)

    def _status_of(self, deployment_id: str) -> DeploymentStatus:
        return running(self._records, deployment_id).deployment.status


def _status(decision: Move | Stay) -> DeploymentStatus:
    if isinstance(decision, Move) or decision.because == "already":
        return "live"
    return "superseded" if decision.because == "superseded" else "ready"
