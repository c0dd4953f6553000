"""The deployment a task works on, with its version: what each stage looks up first."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.errors import Missing, NotFound, VersionCorrupt
from chalicelib.gateways.records import Records
from chalicelib.records import Deployment, Source, Version


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


def must_be_pending(version: Version) -> None:
    """Raises VersionCorrupt when the version is complete, given up or deleted: a task of it that
    comes late must store nothing."""
    if version.status != "pending":
        raise VersionCorrupt(f"v{version.number} is {version.status}: upload the zip again.")


def upload_gone(source: Source) -> Missing:
    """What to raise when the uploaded object is missing."""
    return Missing(
        f"The upload {source.key} (version {source.version_id}) was deleted before it was stored: "
        "upload it again."
    )
