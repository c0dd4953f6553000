"""The admin API's answers as typed, frozen values: parsed once, where they come in.

Fields that a newer API adds are kept, so that `--json` passes them on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

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
    """One deployment; `bytes` is the size of the site's files, unpacked.

    Of them, `stored_files` with `stored_bytes` were stored by this deployment, the rest was there
    already. `carried_files` are files of earlier versions that stay reachable beside them, for
    pages that are still open. None: not known (yet).
    """

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
    stored_files: int | None = None
    stored_bytes: int | None = None
    carried_files: int | None = None
    warnings: tuple[str, ...] = ()
    pipeline_execution_id: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to this deployment."""
        return self.status in TERMINAL


class CanaryOf(_Answer):
    """An alias so many `percent` of whose viewers get a version."""

    alias: str
    percent: int


class VersionAnswer(_Answer):
    """One version; `alias` is the one it was uploaded for, `aliases` those that point at it now,
    `canaries` those that have it as their canary."""

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
    canaries: tuple[CanaryOf, ...] = ()


class CanaryAnswer(_Answer):
    """The version that so many `percent` of an alias's viewers get instead."""

    version: int
    percent: int


class AliasAnswer(_Answer):
    """One alias; `previous` are the versions to roll back to, newest last. `password`: whether
    its viewers are asked for one."""

    name: str
    version: int
    locked: bool
    activated_at: datetime
    activated_by: str
    previous: tuple[int, ...] = ()
    canary: CanaryAnswer | None = None
    password: bool = False


class ChangeAnswer(_Answer):
    """What a change of an alias did; `changed` is False when there was nothing to do."""

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


class Tally(_Answer):
    """Some files, and their size in bytes."""

    files: int
    bytes: int


class FileChange(_Answer):
    """One file of a diff, with its size in the later version (`bytes`, None when it was removed)
    and in the earlier one (`bytes_before`, None when it was added)."""

    path: str
    change: Literal["added", "changed", "removed"]
    bytes: int | None
    bytes_before: int | None


class DiffAnswer(_Answer):
    """What differs between two versions. Sizes are those in `to_version`, of removed files those
    in `from_version`. `files` are sorted by path; `next` is the cursor of those left out."""

    from_version: int = Field(alias="from")
    to_version: int = Field(alias="to")
    added: Tally
    changed: Tally
    removed: Tally
    unchanged: Tally
    files: tuple[FileChange, ...]
    next: str | None = None


class Repaired(_Answer):
    """An entry of the edge's store that did not agree with the record, and does now."""

    key: str
    problem: Literal["missing", "differs", "superfluous"]


class RepairAnswer(_Answer):
    """One round of a repair; `more`: time was up before the store agreed with the record."""

    repaired: tuple[Repaired, ...]
    checked: int
    more: bool


class PrunableVersion(_Answer):
    """A version that can be deleted. `files` and `bytes` are what goes with it, which is less
    than the version has: other versions share the rest."""

    number: int
    alias: str
    status: VersionStatus
    files: int
    bytes: int
    created_at: datetime


class PruneAnswer(_Answer):
    """The versions that can be deleted, oldest first, and whether that has been begun."""

    versions: tuple[PrunableVersion, ...]
    running: bool
