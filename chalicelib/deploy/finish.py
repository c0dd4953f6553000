"""Finish: verify that every file of the version is stored as the zip has it; write the manifest.

Only a version that passes here becomes ready, and only a ready version can be activated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chalicelib import work
from chalicelib.alias_record import flat_rules
from chalicelib.deploy.running import Running, must_be_pending, running
from chalicelib.errors import Missing, PreconditionFailed, VersionCorrupt
from chalicelib.gateways.objects import Objects
from chalicelib.gateways.records import Records
from chalicelib.manifest import (
    Manifest,
    ManifestFile,
    differences,
    encode,
    layer_prefix,
    manifest_key,
)
from chalicelib.media_types import headers_for
from chalicelib.records import Deployment
from chalicelib.work import StoredFile


class Finish:
    """Makes a version ready."""

    def __init__(
        self,
        objects: Objects,
        records: Records,
        *,
        artifact_bucket: str,
        hosting_bucket: str,
        now: Callable[[], str],
    ) -> None:
        self._objects = objects
        self._records = records
        self._artifacts = artifact_bucket
        self._hosting = hosting_bucket
        self._now = now

    def __call__(self, deployment_id: str) -> int:
        """Verify and complete the version of a deployment; returns its number.

        Raises VersionCorrupt when a file is missing, superfluous or of another size than in the
        zip (each file's sha256 and CRC-32 were checked as it was stored).
        """
        at_work = running(self._records, deployment_id)
        number = at_work.version.number
        if at_work.version.status == "ready":
            return number
        must_be_pending(at_work.version)
        self._records.progress(deployment_id, "finishing")
        stored = self._stored(at_work.deployment)
        self._verify(at_work, stored)
        manifest = Manifest(
            number,
            tuple(
                ManifestFile(f.path, f.bytes, f.sha256, tuple(headers_for(f.path).items()), number)
                for f in sorted(stored, key=lambda f: f.path)
            ),
        )
        self._objects.put_json(self._hosting, manifest_key(number), encode(manifest))
        self._make_ready(at_work, manifest)
        return number

    def _stored(self, deployment: Deployment) -> list[StoredFile]:
        stored: list[StoredFile] = []
        for number in range(deployment.shards or 0):
            try:
                paper = self._objects.get(self._artifacts, work.stored_key(deployment.id, number))
            except Missing as error:
                raise VersionCorrupt(
                    f"Part {number + 1} of the upload was not stored: upload it again."
                ) from error
            stored.extend(work.decode_stored(paper))
        return stored

    def _verify(self, at_work: Running, stored: list[StoredFile]) -> None:
        deployment, number = at_work.deployment, at_work.version.number
        total = sum(file.bytes for file in stored)
        if (len(stored), total) != (deployment.files, deployment.bytes):
            raise VersionCorrupt(
                f"{len(stored)} files of {total} bytes are stored instead of {deployment.files} "
                f"of {deployment.bytes}: upload the zip again."
            )
        prefix = layer_prefix(number)
        found = (
            (key.removeprefix(prefix), size)
            for key, size in self._objects.list(self._hosting, prefix)
        )
        problems = differences(((file.path, file.bytes) for file in stored), found)
        if problems:
            raise VersionCorrupt(
                f"What is stored for v{number} is not what the zip holds "
                f"({'; '.join(problems)}): upload it again."
            )

    def _make_ready(self, at_work: Running, manifest: Manifest) -> None:
        paths = tuple(file.path for file in manifest.files)
        rules, warnings = flat_rules(manifest.version, paths)
        ready = replace(
            at_work.version,
            status="ready",
            ready_at=self._now(),
            files=len(paths),
            bytes=sum(file.bytes for file in manifest.files),
            rules=rules,
        )
        if warnings:  # before the version is ready: a repeat ends there
            deployment = at_work.deployment
            every = dict.fromkeys((*deployment.warnings, *warnings))
            self._records.progress(deployment.id, "finishing", warnings=tuple(every))
        try:
            self._records.put_version(ready, expect="pending")
        except PreconditionFailed:
            if self._records.version(manifest.version).status != "ready":
                raise
