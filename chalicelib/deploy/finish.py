"""Finish: make a version ready. Only a ready version can be activated.

1. every file of the zip is stored and verified: what Copy noted, what the layer really holds
2. fingerprinted files of earlier versions are carried, for pages that are open in browsers
3. the layout is decided (chalicelib/deploy/layout.py): with a route table or flat
4. the manifest is written, once: a repeat goes on from what it says
5. its routing is published, then the version is ready
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib import work
from chalicelib.decisions.sharing import MAX_CARRIED, carried_files, carries, open_versions
from chalicelib.deploy.layout import Layout
from chalicelib.deploy.running import Running, must_be_pending, running
from chalicelib.errors import Missing, PreconditionFailed, VersionCorrupt
from chalicelib.fingerprints import is_fingerprinted
from chalicelib.gateways.objects import Objects
from chalicelib.gateways.records import Records
from chalicelib.manifest import Manifest, ManifestFile, differences, layer_prefix
from chalicelib.manifests import Manifests
from chalicelib.records import Deployment, Version, timestamp
from chalicelib.routing import Routing, compile_routing, status_pages
from chalicelib.rules.document import decode_rules
from chalicelib.rules.model import NO_RULES, SiteRules
from chalicelib.rules.site import warnings
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
        manifest, routing = self._laid_out(at_work, stored)
        version = replace(at_work.version, rules=routing.rules)
        self._tables.publish(version, routing)
        self._note(at_work, stored, manifest, routing)
        self._make_ready(version, manifest)
        return number

    def _laid_out(self, at_work: Running, stored: Iterable[StoredFile]) -> tuple[Manifest, Routing]:
        """The manifest, which is made and written once, and the routing that it gives."""
        version = at_work.version
        found = self._manifests.find(version.number)
        if found is None:
            made, routing = self._layout(self._manifest(at_work, stored), version)
            found = self._manifests.create(made)
            if found is made:
                return made, routing
        return found, compile_routing(found)

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

    def _manifest(self, at_work: Running, stored: Iterable[StoredFile]) -> Manifest:
        """The manifest, with what is carried."""
        version = at_work.version
        files = tuple(
            ManifestFile(
                file.path,
                file.bytes,
                file.sha256,
                file.crc32,
                file.headers,
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
        rules = self._rules(at_work.deployment.id)
        manifest = Manifest(version.number, files, carried, covered, rules=rules)
        return replace(manifest, status_pages=status_pages(manifest))

    def _rules(self, deployment_id: str) -> SiteRules:
        """What the site's own rules say, as Plan has read them."""
        paper = self._objects.find(self._artifacts, work.rules_key(deployment_id))
        return decode_rules(json.loads(paper)) if paper is not None else NO_RULES

    def _note(
        self,
        at_work: Running,
        stored: Iterable[StoredFile],
        manifest: Manifest,
        routing: Routing,
    ) -> None:
        """What the deployment did; before the version is ready, since a repeat ends there."""
        new = [file for file in stored if file.layer == manifest.version]
        deployment = at_work.deployment
        flat = (manifest.flat,) if manifest.flat else ()
        told = (*deployment.warnings, *flat, *routing.warnings, *warnings(routing.findings))
        self._records.progress(
            deployment.id,
            "finishing",
            stored_files=len(new),
            stored_bytes=sum(file.bytes for file in new),
            carried_files=len(manifest.carried),
            warnings=tuple(dict.fromkeys(told)),
        )

    def _make_ready(self, version: Version, manifest: Manifest) -> None:
        ready = replace(
            version,
            status="ready",
            ready_at=timestamp(self._now()),
            files=len(manifest.files),
            bytes=sum(file.bytes for file in manifest.files),
            carries=manifest.carries,
            keep=manifest.rules.settings.keep,
        )
        try:
            self._records.put_version(ready, expect="pending")
        except PreconditionFailed:
            if self._records.version(manifest.version).status != "ready":
                raise
