"""The facts Decant keeps: deployments, versions, aliases and the audit log, as plain values.

Times are ISO 8601 strings in UTC with a `Z`, to the millisecond, so that they sort as text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

DeploymentStatus = Literal[
    "refused",
    "queued",
    "planning",
    "copying",
    "finishing",
    "activating",
    "live",
    "ready",
    "superseded",
    "failed",
]
TERMINAL: frozenset[DeploymentStatus] = frozenset(
    {"refused", "live", "ready", "superseded", "failed"}
)
VersionStatus = Literal["pending", "ready", "failed", "pruning", "deleting", "pruned"]
HtmlHandling = Literal["auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none"]
NotFoundMode = Literal["404-page", "single-page-application", "none"]
PageForm = Literal["folder", "file"]


def timestamp(moment: datetime) -> str:
    """`moment` (aware) as `2026-11-23T16:00:00.000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


@dataclass(frozen=True, slots=True)
class Source:
    """One version of one object in the source bucket."""

    bucket: str
    key: str
    version_id: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class EdgeRules:
    """How the router resolves paths in one version; becomes part of the alias record.

    `pages` and `exact` are for flat versions, `error_folders` is for those with a table: the
    folders (encoded, "" is the root) with the index in `layers` of the page that is shown for what
    is missing below them.
    """

    layers: tuple[int, ...]  # version numbers, in the order that the table's entries count them
    buckets: int = 0  # 0: flat, no route table, lookups by rule
    salt: int = 0
    html: HtmlHandling = "auto-trailing-slash"
    not_found: NotFoundMode = "none"
    pages: PageForm = "folder"
    exact: tuple[str, ...] = ()
    error_folders: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Deployment:
    """The run that turns an upload into a version and points its alias at it.

    `order` places the upload in time (see `chalicelib.uploads.upload_order`). `stored_files` of
    `stored_bytes` were stored by this deployment, the rest of its files were there; it carries
    `carried_files` of earlier versions for pages that are open in browsers.
    """

    id: str
    alias: str
    status: DeploymentStatus
    source: Source
    order: str
    created_at: str
    updated_at: str
    version: int | None = None
    reason: str | None = None
    files: int | None = None
    bytes: int | None = None
    shards: int | None = None
    shards_done: int = 0
    stored_files: int | None = None
    stored_bytes: int | None = None
    carried_files: int | None = None
    warnings: tuple[str, ...] = ()
    pipeline_execution_id: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """An immutable, complete set of files with its routing rules.

    `based_on` are the versions whose stored files it may share, decided once, by Plan; the first is
    the one that it is compared with. While it is being made, none of them may be deleted.
    `carries` are the versions whose fingerprinted files it carries all of.
    """

    number: int
    status: VersionStatus
    alias: str
    deployment_id: str
    source_key: str
    order: str
    created_at: str
    files: int = 0
    bytes: int = 0
    ready_at: str | None = None
    rules: EdgeRules | None = None
    based_on: tuple[int, ...] | None = None
    carries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """An alias stopped pointing at `version` at the time `at`; its pages may still be open."""

    version: int
    at: str


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that points at one version.

    `order` is the moment of the last decision: uploads that began before it never replace it
    by themselves. `previous` are the versions to roll back to, newest last. `revision` counts
    the writes, for optimistic locking. `rolled_back_from` is the version the last move left,
    if that move was a rollback. `left` are the versions left within the carry window, newest
    last; `fallback` is one whose fingerprinted files are served too, for the open pages of those
    that `version` does not carry.
    """

    name: str
    version: int
    order: str
    activated_at: str
    activated_by: str
    locked: bool = False
    previous: tuple[int, ...] = ()
    rolled_back_from: int | None = None
    revision: int = 1
    left: tuple[Left, ...] = ()
    fallback: int | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who pointed which alias where, when and why."""

    at: str
    alias: str
    action: Literal["activate", "switch", "rollback", "lock", "unlock"]
    by: str
    version: int
    replaced: int | None = None
    deployment_id: str | None = None
