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
    is missing below them. `redirects` counts the buckets of exact redirects, `patterns` names the
    groups of the others (chalicelib/rules/redirect_table.py); in `slash_blind` ones a slash at the
    end makes no difference.
    """

    layers: tuple[int, ...]  # version numbers, in the order that the table's entries count them
    buckets: int = 0  # 0: flat, no route table, lookups by rule
    salt: int = 0
    html: HtmlHandling = "auto-trailing-slash"
    not_found: NotFoundMode = "none"
    pages: PageForm = "folder"
    exact: tuple[str, ...] = ()
    error_folders: tuple[tuple[str, int], ...] = ()
    redirects: int = 0
    patterns: str = ""
    slash_blind: bool = False


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
    `carries` are the versions whose fingerprinted files it carries all of. `keep` (versions, days)
    is what its decant.toml says of retention.
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
    keep: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Canary:
    """So many `percent` (1 to 99) of an alias's viewers get `version` instead."""

    version: int
    percent: int


@dataclass(frozen=True, slots=True)
class Password:
    """What viewers must know: `digest` is SHA-256 of salt and password in base64url."""

    salt: str
    digest: str


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
    that `version` does not carry. Each move ends the `canary`; the `password` stays.
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
    canary: Canary | None = None
    password: Password | None = None

    @property
    def shown(self) -> tuple[int, ...]:
        """The versions whose pages viewers get: its own and, while there is one, its canary's."""
        return (self.version, self.canary.version) if self.canary else (self.version,)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who decided what about which alias, when and why.

    `version` is where the alias points from then on, `replaced` where it did before, if that is
    another one. `canary` is the one that was started with it, `ended` the version of one that
    ended.
    """

    at: str
    alias: str
    action: Literal["activate", "switch", "rollback", "lock", "unlock", "canary", "password"]
    by: str
    version: int
    replaced: int | None = None
    deployment_id: str | None = None
    canary: Canary | None = None
    ended: int | None = None
