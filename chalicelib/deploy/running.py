"""The deployment a task works on, with its version: what each stage looks up first."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.errors import NotFound
from chalicelib.gateways.records import Records
from chalicelib.records import Deployment, Version


@dataclass(frozen=True, slots=True)
class Running:
    """A deployment that has taken its number, and that version."""

    deployment: Deployment
    version: Version


def running(records: Records, deployment_id: str) -> Running:
    """Look both up. Raises NotFound when there is no such deployment, or it has no number."""
    deployment = records.deployment(deployment_id)
    if deployment is None or deployment.version is None:
        raise NotFound(f"There is no deployment {deployment_id} that has taken a version number.")
    return Running(deployment, records.version(deployment.version))
