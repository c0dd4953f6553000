"""Prune: delete the files of versions that no alias, no rollback and no grace period needs.

In three steps, so that a version which is needed again meanwhile is never deleted: mark it as
"pruning" (an alias can only be moved to a version that is ready), decide once more on what is
recorded now, then "deleting". A run that dies half way is taken up by the next one; a mark that has
proved wrong is taken back.

What edges read is made to agree with the record first: viewers may still be served by what an
activation that died half way has not told the store.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from chalicelib.decisions.retention import Retention, versions_to_prune
from chalicelib.errors import PreconditionFailed
from chalicelib.gateways.objects import Objects
from chalicelib.gateways.records import Records
from chalicelib.manifest import layer_prefix, manifest_key
from chalicelib.pointing import Pointing
from chalicelib.records import AuditEntry, Version, VersionStatus, timestamp

MOST = 20  # versions a run; what is left goes with the next deployment


class Prune:
    """Deletes what nothing needs."""

    def __init__(
        self,
        objects: Objects,
        records: Records,
        pointing: Pointing,
        *,
        hosting_bucket: str,
        retention: Retention,
        now: Callable[[], datetime],
    ) -> None:
        self._objects = objects
        self._records = records
        self._pointing = pointing
        self._bucket = hosting_bucket
        self._retention = retention
        self._now = now

    def __call__(self) -> tuple[int, ...]:
        """Delete what can go, at most 20 versions; returns their numbers. Raises AwsError."""
        planned = self.plan()
        self._restore(planned)
        if not planned:
            return ()
        for alias in self._records.aliases():
            self._pointing.project(alias.name)
        return tuple(version.number for version in planned[:MOST] if self._prune(version))

    def plan(self) -> tuple[Version, ...]:
        """The versions that can go now, oldest first; deletes nothing."""
        now = self._now()
        return versions_to_prune(
            self._records.versions(),
            self._records.aliases(),
            _left_at(self._records.audit(since=timestamp(now - self._retention.grace))),
            self._retention,
            now,
        )

    def _restore(self, planned: tuple[Version, ...]) -> None:
        """Take back the marks of runs that died before they decided, where they proved wrong."""
        going = {version.number for version in planned}
        for version in self._records.versions():
            if version.status == "pruning" and version.number not in going:
                self._set(version, _before_the_mark(version))

    def _prune(self, version: Version) -> bool:
        if version.status != "deleting":
            marked = version if version.status == "pruning" else self._set(version, "pruning")
            if marked is None:
                return False
            if version.number not in {still.number for still in self.plan()}:
                self._set(marked, _before_the_mark(version))
                return False
            deleting = self._set(marked, "deleting")
            if deleting is None:
                return False
            version = deleting
        self._delete(version)
        return self._set(version, "pruned") is not None

    def _set(self, version: Version, status: VersionStatus) -> Version | None:
        """The version with another status; None when it has changed since it was read."""
        changed = replace(version, status=status)
        try:
            self._records.put_version(changed, expect=version.status)
        except PreconditionFailed:
            return None
        return changed

    def _delete(self, version: Version) -> None:
        files = self._objects.list(self._bucket, layer_prefix(version.number))
        self._objects.delete(self._bucket, (key for key, _ in files))
        self._objects.delete(self._bucket, [manifest_key(version.number)])


def _before_the_mark(version: Version) -> VersionStatus:
    if version.status != "pruning":
        return version.status
    return "ready" if version.ready_at else "failed"


def _left_at(audit: tuple[AuditEntry, ...]) -> dict[int, str]:
    return {
        entry.replaced: entry.at  # the log is in order of time, so the last one stays
        for entry in audit
        if entry.replaced is not None
    }
