"""Prune: delete what no alias, no rollback and no grace period needs.

In three steps, so that a version which is needed again meanwhile is never deleted: mark it as
"pruning" (an alias can only be moved to a version that is ready, and a new one be based on such),
decide once more on what is recorded now, then "deleting". A run that dies half way is taken up by
the next one; a mark that has proved wrong is taken back.

Versions share files: of one that goes, only those objects are deleted that no manifest of a version
that stays names. A version in the making shares files with the versions it is based on, which stay.

What edges read is made to agree with the record first: viewers may still be served by what an
activation that died half way has not told the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.decisions.retention import Retention, versions_to_prune
from chalicelib.errors import PreconditionFailed
from chalicelib.gateways.objects import Objects
from chalicelib.gateways.records import Records
from chalicelib.manifest import Manifest, layer_prefix, manifest_key, object_key, status_path
from chalicelib.manifests import Manifests
from chalicelib.pointing import Pointing
from chalicelib.records import AuditEntry, Version, VersionStatus, timestamp

MOST = 20  # versions a run; what is left goes with the next deployment


@dataclass(frozen=True, slots=True)
class Leaving:
    """A version that goes, and the objects that go with it: key in the hosting bucket -> bytes."""

    version: Version
    objects: dict[str, int]


class Prune:
    """Deletes what nothing needs."""

    def __init__(
        self,
        objects: Objects,
        records: Records,
        manifests: Manifests,
        pointing: Pointing,
        *,
        hosting_bucket: str,
        retention: Retention,
        now: Callable[[], datetime],
    ) -> None:
        self._objects = objects
        self._records = records
        self._manifests = manifests
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
        going = [version for version in planned[:MOST] if self._decided(version)]
        for leaving in self.objects_of(self._records.version(v.number) for v in going):
            self._objects.delete(self._bucket, leaving.objects)
            self._objects.delete(self._bucket, [manifest_key(leaving.version.number)])
            self._set(leaving.version, "pruned")
        return tuple(version.number for version in going)

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

    def objects_of(self, going: Iterable[Version]) -> list[Leaving]:
        """What would be deleted with the versions `going`, in that order; deletes nothing.

        Reads one manifest at a time, those of all versions that stay among them.
        """
        leaving = [Leaving(version, self._named_by(version)) for version in going]
        numbers = {one.version.number for one in leaving}
        if not any(one.objects for one in leaving):
            return leaving
        for version in self._records.versions():
            if version.number in numbers or version.status not in ("ready", "pruning", "pending"):
                continue
            if version.ready_at:  # without its manifest nobody knows what it needs: delete nothing
                kept: Manifest | None = self._manifests.read(version.number)
            else:
                kept = self._manifests.find(version.number)
            needed = [object_key(*place) for place in kept.objects()] if kept else []
            for one in leaving:
                for key in needed:
                    one.objects.pop(key, None)
        # An object that several of them name goes with the first.
        seen: set[str] = set()
        for one in leaving:
            for key in seen & one.objects.keys():
                del one.objects[key]
            seen |= one.objects.keys()
        return leaving

    def _named_by(self, version: Version) -> dict[str, int]:
        manifest = self._manifests.find(version.number)
        if manifest is not None:
            found: dict[str, int] = {
                object_key(file.layer, file.path): file.bytes for file in manifest.every()
            }
            sizes = {file.path: file.bytes for file in manifest.files}
            for path, status in manifest.status_pages:
                found[object_key(version.number, status_path(path, status))] = sizes[path]
            if version.ready_at:
                return found
        else:
            found = {}
        # A deployment that failed may have stored what no manifest names. So may one that was
        # cut off after it had deleted the manifest.
        listed = self._objects.list(self._bucket, layer_prefix(version.number))
        return found | dict(listed)

    def _restore(self, planned: tuple[Version, ...]) -> None:
        """Take back the marks of runs that died before they decided, where they proved wrong."""
        going = {version.number for version in planned}
        for version in self._records.versions():
            if version.status == "pruning" and version.number not in going:
                self._set(version, _before_the_mark(version))

    def _decided(self, version: Version) -> bool:
        """Whether the version is "deleting" now: nothing can need it any more."""
        if version.status == "deleting":
            return True
        marked = version if version.status == "pruning" else self._set(version, "pruning")
        if marked is None:
            return False
        if version.number not in {still.number for still in self.plan()}:
            self._set(marked, _before_the_mark(version))
            return False
        return self._set(marked, "deleting") is not None

    def _set(self, version: Version, status: VersionStatus) -> Version | None:
        """The version with another status; None when it has changed since it was read."""
        changed = replace(version, status=status)
        try:
            self._records.put_version(changed, expect=version.status)
        except PreconditionFailed:
            return None
        return changed


def _before_the_mark(version: Version) -> VersionStatus:
    if version.status != "pruning":
        return version.status
    return "ready" if version.ready_at else "failed"


def _left_at(audit: tuple[AuditEntry, ...]) -> dict[int, str]:
    return {
        number: entry.at  # the log is in order of time, so the last one stays
        for entry in audit
        for number in (entry.replaced, entry.ended)
        if number is not None
    }
