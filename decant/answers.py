"""The admin API's answers as typed, frozen values: parsed once, where they come in.

Fields that a newer API adds are kept, so that `--json` passes them on.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from chalicelib.records import TERMINAL, DeploymentStatus, VersionStatus


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


class SourceAnswer(_Answer):
    """The uploaded object version that a deployment is about."""

    bucket: str
    key: str
    version_id: str
    size_bytes: int


class DeploymentAnswer(_Answer):
    """One deployment; `bytes` is the size of the site's files, unpacked."""

    id: str
    alias: str
    status: DeploymentStatus
    source: SourceAnswer
    created_at: datetime
    updated_at: datetime
    reason: str | None = None
    version: int | None = None
    files: int | None = None
    bytes: int | None = None
    shards: int | None = None
    shards_done: int = 0
    warnings: tuple[str, ...] = ()
    pipeline_execution_id: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to this deployment."""
        return self.status in TERMINAL


class VersionAnswer(_Answer):
    """One version; `alias` is the one it was uploaded for, `aliases` those that point at it now."""

    number: int
    status: VersionStatus
    alias: str
    deployment_id: str
    source_key: str
    created_at: datetime
    files: int | None = None
    bytes: int | None = None
    ready_at: datetime | None = None
    aliases: tuple[str, ...] = ()


class AliasAnswer(_Answer):
    """One alias; `previous` are the versions to roll back to, newest last."""

    name: str
    version: int
    locked: bool
    activated_at: datetime
    activated_by: str
    previous: tuple[int, ...] = ()


class ChangeAnswer(_Answer):
    """What a switch or a rollback did; `changed` is False when there was nothing to do."""

    alias: AliasAnswer
    changed: bool


class VersionPage(_Answer):
    """Some versions, newest first; `next` is the cursor of the following page."""

    versions: tuple[VersionAnswer, ...]
    next: str | None = None


class DeploymentList(_Answer):
    """The newest deployments, newest first."""

    deployments: tuple[DeploymentAnswer, ...]


class AliasList(_Answer):
    """Every alias."""

    aliases: tuple[AliasAnswer, ...]
