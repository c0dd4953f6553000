"""Plan: the zip's central directory, checked again, compared with what is stored, cut into shards.

Compared is with the manifest of the version that the alias points at (of production's, when the
alias is new). Which versions these are is decided once: whenever Plan is repeated, it writes the
same papers.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from chalicelib import work
from chalicelib.archive import ByteSource, Limits, Site, SiteFile, inspect, iter_entries
from chalicelib.decisions.room import MAX_TABLE_BYTES
from chalicelib.decisions.sharing import known_files, named_by
from chalicelib.deploy.running import must_be_pending, running, upload_gone
from chalicelib.errors import Missing, UploadRefused
from chalicelib.gateways.objects import Objects, ObjectSource
from chalicelib.gateways.records import Records
from chalicelib.header_sets import Headers
from chalicelib.manifests import Manifests
from chalicelib.media_types import header_pairs, stored_pairs
from chalicelib.records import Source, Version
from chalicelib.route_table import least_bytes
from chalicelib.rules.document import encode_rules
from chalicelib.rules.site import (
    MAX_FILE_BYTES,
    RulesRead,
    file_headers,
    read_rules,
    refusal,
    warnings,
)
from chalicelib.uploads import DEFAULT_ALIAS
from chalicelib.work import Known

_MOST_HEADER_BYTES = 256 * 1024  # of a local header: 30, and a name and extra field of 64 KB each


@dataclass(frozen=True, slots=True)
class Planned:
    """Where the items of the Distributed Map are, and how many shards there are."""

    bucket: str
    key: str
    shards: int


class Plan:
    """Writes the shards of a deployment."""

    def __init__(
        self,
        objects: Objects,
        records: Records,
        manifests: Manifests,
        *,
        artifact_bucket: str,
        limits: Limits,
    ) -> None:
        self._objects = objects
        self._records = records
        self._manifests = manifests
        self._bucket = artifact_bucket
        self._limits = limits

    def __call__(self, deployment_id: str) -> Planned:
        """Write every shard's paper, then the list of them. Raises UploadRefused, NotFound,
        VersionCorrupt (the version is given up), AwsError (Missing: the upload was deleted)."""
        at_work = running(self._records, deployment_id)
        key = work.items_key(deployment_id)
        if at_work.version.status == "ready":  # a repeat that comes late
            return Planned(self._bucket, key, at_work.deployment.shards or 0)
        must_be_pending(at_work.version)
        self._records.progress(deployment_id, "planning")
        with _uncollected():
            site, read = self._site(at_work.deployment.source)
            paths = [file.path for file in site.files]
            headers, problems = file_headers(paths, header_pairs, read)
            why = refusal((*read.findings, *problems))
            if why:
                raise UploadRefused(why)
            known = self._known(at_work.version, site, headers)
            plan, papers = work.encode_plan(work.plan_shards(site.files, headers, known))
        if site.rules:
            self._put(work.rules_key(deployment_id), json.dumps(encode_rules(read.rules)).encode())
            told = (*at_work.deployment.warnings, *warnings(read.findings))
            self._records.progress(deployment_id, "planning", warnings=tuple(dict.fromkeys(told)))
        self._put(work.plan_key(deployment_id), plan)
        self._put(key, work.encode_items(deployment_id, papers))
        self._records.progress(deployment_id, "copying", shards=len(papers))
        return Planned(self._bucket, key, len(papers))

    def _site(self, where: Source) -> tuple[Site, RulesRead]:
        """The site in the uploaded zip, and its rules."""
        source = ObjectSource(
            self._objects, where.bucket, where.key, where.version_id, where.size_bytes
        )
        try:
            site = inspect(source, self._limits)
            return site, read_rules({file.path: _content(source, file) for file in site.rules})
        except Missing as error:
            raise upload_gone(where) from error

    def _known(
        self, version: Version, site: Site, headers: Mapping[str, Headers]
    ) -> Mapping[str, Known]:
        """Which of the site's files seem to be stored already."""
        shared: tuple[int, ...] = ()
        if least_bytes(len(site.files)) <= MAX_TABLE_BYTES:  # else it is stored flat: whole
            main = self._records.alias(DEFAULT_ALIAS)
            shared = named_by(self._records.alias(version.alias), main)
        based_on = self._records.base_on(version.number, shared)
        manifests = self._manifests.read_those_there(based_on)
        if not manifests:
            return {}
        return known_files(site.files, manifests, lambda path: stored_pairs(path, headers))

    def _put(self, key: str, document: bytes) -> None:
        self._objects.put_json(self._bucket, key, document)


def _content(source: ByteSource, file: SiteFile) -> bytes:
    """The content of a rules file; of one that is too large something that is, too: its size is
    then refused, and memory is bounded whatever the zip claims."""
    start = file.entry.header_offset
    if max(file.entry.bytes, file.entry.compressed_bytes) > MAX_FILE_BYTES:
        return bytes(MAX_FILE_BYTES + 1)
    longest = file.entry.compressed_bytes + _MOST_HEADER_BYTES
    chunk = source.read(start, min(file.end_offset - start, longest))
    entries = iter_entries([chunk], start, [file.entry])  # each is read before the next
    return b"".join(part for _, content in entries for part in content)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the cyclic garbage collector: 100,000 entries hold no cycles, and its looking
    through them again and again takes a third of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
