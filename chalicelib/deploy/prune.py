"""Prune: delete the files of versions that no alias, no rollback and no grace period needs.

A version is marked as "pruning" before its files go, and the mark is taken back if an alias came
to point at it meanwhile; an alias can only be moved to a version that is ready. A run that dies
half way leaves the mark, and the next run goes on from there.
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
from chalicelib.records import AuditEntry, Version


class Prune:
    """Deletes what nothing needs."""

    def __init__(
        self,
        objects: Objects,
        records: Records,
        *,
        hosting_bucket: str,
        retention: Retention,
        now: Callable[[], datetime],
    ) -> None:
        self._objects = objects
        self._records = records
        self._bucket = hosting_bucket
        self._retention = retention
        self._now = now

    def __call__(self) -> tuple[int, ...]:
        """Delete what can go; returns the numbers of the pruned versions. Raises AwsError."""
        gone = []
        for version in self.plan():
            if self._mark(version):
                self._delete(version)
                done = replace(version, status="pruned")
                self._records.put_version(done, expect="pruning")
                gone.append(version.number)
        return tuple(gone)

    def plan(self) -> tuple[Version, ...]:
        """The versions that can go now, oldest first; deletes nothing."""
        return versions_to_prune(
            self._records.versions(),
            self._records.aliases(),
            _left_at(self._records.audit()),
            self._retention,
            self._now(),
        )

    def _mark(self, version: Version) -> bool:
        if version.status == "pruning":
            return True
        try:
            self._records.put_version(replace(version, status="pruning"), expect=version.status)
        except PreconditionFailed:
            return False
        if any(alias.version == version.number for alias in self._records.aliases()):
            self._records.put_version(version, expect="pruning")
            return False
        return True

    def _delete(self, version: Version) -> None:
        files = self._objects.list(self._bucket, layer_prefix(version.number))
        self._objects.delete(self._bucket, (key for key, _ in files))
        self._objects.delete(self._bucket, [manifest_key(version.number)])


def _left_at(audit: tuple[AuditEntry, ...]) -> dict[int, str]:
    return {
        entry.replaced: entry.at  # the log is in order of time, so the last one stays
        for entry in audit
        if entry.replaced is not None
    }
