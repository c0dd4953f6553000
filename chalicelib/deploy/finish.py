"""Finish: make a version ready. Only a ready version can be activated.

1. every file of the zip is stored and verified: what Copy noted, what the layer really holds
2. fingerprinted files of earlier versions are carried, for pages that are open in browsers
3. the layout is decided (chalicelib/deploy/layout.py): with a route table or flat
4. the manifest is written, once: a repeat goes on from what it says
5. the route table is published, then the version is ready
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib import work
from chalicelib.alias_record import flat_rules, table_rules
from chalicelib.decisions.sharing import MAX_CARRIED, carried_files, carries, open_versions
from chalicelib.deploy.layout import Layout
from chalicelib.deploy.running import Running, must_be_pending, running
from chalicelib.errors import Missing, PreconditionFailed, VersionCorrupt
from chalicelib.fingerprints import is_fingerprinted
from chalicelib.gateways.objects import Objects
from chalicelib.gateways.records import Records
from chalicelib.manifest import Manifest, ManifestFile, differences, layer_prefix
from chalicelib.manifests import Manifests
from chalicelib.media_types import header_pairs
from chalicelib.records import Deployment, EdgeRules, Version, timestamp
from chalicelib.tables import Tables
from chalicelib.uploads import DEFAULT_ALIAS
from chalicelib.work import StoredFile


class Finish:
    """Makes a version ready."""

    def __init__(
        self,
        objects: Objects,
        records: Records,
        manifests: Manifests,
        tables: Tables,
        layout: Layout,
        *,
        artifact_bucket: str,
        hosting_bucket: str,
        carry: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        """`carry` is how long a page that is open in a browser finds its files; 0 turns it off."""
        self._objects = objects
        self._records = records
        self._manifests = manifests
        self._tables = tables
        self._layout = layout
        self._artifacts = artifact_bucket
        self._hosting = hosting_bucket
        self._carry = carry
        self._now = now

    def __call__(self, deployment_id: str) -> int:
        """Verify and complete the version of a deployment; returns its number.

        Raises VersionCorrupt when a file is missing or of another size than in the zip (each
        file's sha256 and CRC-32 were checked as it was stored).
        """
        at_work = running(self._records, deployment_id)
        number = at_work.version.number
        if at_work.version.status == "ready":
            return number
        must_be_pending(at_work.version)
        self._records.progress(deployment_id, "finishing")
        stored = self._stored(at_work.deployment)
        self._verify(at_work, stored)
        manifest = self._manifests.find(number)
        if manifest is None:
            laid_out = self._layout(self._manifest(at_work.version, stored))
            manifest = self._manifests.create(laid_out)
        rules, warnings = self._publish(manifest)
        self._note(at_work, stored, manifest, warnings)
        self._make_ready(at_work.version, manifest, rules)
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
        """All files of the zip are noted, and the version's own layer holds what it should.

        In the layer may be more: what an earlier attempt has copied there. Files in other layers
        were verified by the versions that brought them, and cannot have been deleted since.
        """
        deployment, number = at_work.deployment, at_work.version.number
        total = sum(file.bytes for file in stored)
        if (len(stored), total) != (deployment.files, deployment.bytes):
            raise VersionCorrupt(
                f"{len(stored)} files of {total} bytes are stored instead of {deployment.files} "
                f"of {deployment.bytes}: upload the zip again."
            )
        expected = {file.path: file.bytes for file in stored if file.layer == number}
        prefix = layer_prefix(number)
        listed = self._objects.list(self._hosting, prefix)
        found = ((key.removeprefix(prefix), size) for key, size in listed)
        problems = differences(expected, {path: n for path, n in found if path in expected})
        if problems:
            raise VersionCorrupt(
                f"What is stored for v{number} is not what the zip holds "
                f"({'; '.join(problems)}): upload it again."
            )

    def _manifest(self, version: Version, stored: Iterable[StoredFile]) -> Manifest:
        """The manifest, with what is carried."""
        files = tuple(
            ManifestFile(
                file.path,
                file.bytes,
                file.sha256,
                file.crc32,
                header_pairs(file.path),
                file.layer,
            )
            for file in sorted(stored, key=lambda file: file.path)
        )
        aliases = [self._records.alias(name) for name in {version.alias, DEFAULT_ALIAS}]
        still_open = open_versions(aliases, self._now(), self._carry)
        based_on = (version.based_on or ()) if still_open else ()
        own = {file.path for file in files}
        sources = self._manifests.read_those_there(based_on)
        carried = carried_files(sources, own, still_open, is_fingerprinted)
        carried_by = {source.version: source.carries for source in sources}
        whole = len(carried) < MAX_CARRIED
        covered = carries(carried_by, still_open) if whole else ()
        return Manifest(version.number, files, carried, covered)

    def _publish(self, manifest: Manifest) -> tuple[EdgeRules, tuple[str, ...]]:
        """Put the version's route table into the store; its rules, and warnings about them."""
        if manifest.flat:
            paths = tuple(file.path for file in manifest.files)
            rules, warnings = flat_rules(manifest.version, paths)
            return rules, (manifest.flat, *warnings)
        table = self._tables.table_of(manifest)
        self._tables.publish(manifest.version, table)
        return table_rules(table, {file.path: file.layer for file in manifest.files})

    def _note(
        self,
        at_work: Running,
        stored: Iterable[StoredFile],
        manifest: Manifest,
        warnings: tuple[str, ...],
    ) -> None:
        """What the deployment did; before the version is ready, since a repeat ends there."""
        new = [file for file in stored if file.layer == manifest.version]
        deployment = at_work.deployment
        self._records.progress(
            deployment.id,
            "finishing",
            stored_files=len(new),
            stored_bytes=sum(file.bytes for file in new),
            carried_files=len(manifest.carried),
            warnings=tuple(dict.fromkeys((*deployment.warnings, *warnings))),
        )

    def _make_ready(self, version: Version, manifest: Manifest, rules: EdgeRules) -> None:
        ready = replace(
            version,
            status="ready",
            ready_at=timestamp(self._now()),
            files=len(manifest.files),
            bytes=sum(file.bytes for file in manifest.files),
            rules=rules,
            carries=manifest.carries,
        )
        try:
            self._records.put_version(ready, expect="pending")
        except PreconditionFailed:
            if self._records.version(manifest.version).status != "ready":
                raise
