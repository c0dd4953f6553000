"""From "an object was created" to a running pipeline: the stage behind `on_upload`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.archive import Limits, Site, inspect
from chalicelib.errors import Missing, UploadRefused
from chalicelib.gateways.objects import Objects, ObjectSource, StoredObject
from chalicelib.gateways.pipelines import Pipelines
from chalicelib.gateways.records import Records
from chalicelib.ids import deployment_id
from chalicelib.records import TERMINAL, Deployment, Source, Version
from chalicelib.uploads import DEFAULT_ALIAS, alias_of_key, upload_order


@dataclass(frozen=True, slots=True)
class Upload:
    """One "Object Created" event: which object version, and S3's sequencer (hexadecimal)."""

    bucket: str
    key: str
    version_id: str
    sequencer: str


class Receive:
    """Checks an upload and starts its deployment."""

    def __init__(
        self,
        objects: Objects,
        records: Records,
        pipelines: Pipelines,
        *,
        pipeline: str,
        limits: Limits,
        now: Callable[[], str],
    ) -> None:
        self._objects = objects
        self._records = records
        self._pipelines = pipelines
        self._pipeline = pipeline
        self._limits = limits
        self._now = now

    def __call__(self, upload: Upload) -> Deployment | None:
        """Record the deployment and start it; None when the object is not there any more.

        The same upload may be received any number of times: it takes one number, starts one
        execution, and a deployment that has ended stays as it is.
        """
        id_ = deployment_id(upload.bucket, upload.key, upload.version_id)
        known = self._records.deployment(id_)
        if known is None:
            known = self._record(id_, upload)
        if known is None or known.status in TERMINAL or known.pipeline_execution_id:
            return known
        execution = self._pipelines.start(self._pipeline, id_, known.source)
        self._records.note(id_, pipeline_execution_id=execution)
        return known

    def _record(self, id_: str, upload: Upload) -> Deployment | None:
        try:
            stored = self._objects.head(upload.bucket, upload.key, upload.version_id)
        except Missing:
            return None  # deleted before we came to it
        try:
            alias = alias_of_key(upload.key)
            site = self._inspect(upload, stored)
        except UploadRefused as refusal:
            refused = self._refused(id_, upload, stored, str(refusal))
            self._records.add_refused(refused)
            return refused
        return self._records.add_accepted(
            lambda number: self._accepted(id_, upload, stored, alias, site, number), id_
        )

    def _inspect(self, upload: Upload, stored: StoredObject) -> Site:
        source = ObjectSource(
            self._objects, upload.bucket, upload.key, upload.version_id, stored.size_bytes
        )
        return inspect(source, self._limits)

    def _refused(self, id_: str, upload: Upload, stored: StoredObject, reason: str) -> Deployment:
        try:
            alias = alias_of_key(upload.key)
        except UploadRefused:
            alias = DEFAULT_ALIAS
        now = self._now()
        return Deployment(
            id=id_,
            alias=alias,
            status="refused",
            source=Source(upload.bucket, upload.key, upload.version_id, stored.size_bytes),
            order=upload_order(stored.stored_at, upload.sequencer),
            created_at=now,
            updated_at=now,
            reason=reason,
        )

    def _accepted(
        self,
        id_: str,
        upload: Upload,
        stored: StoredObject,
        alias: str,
        site: Site,
        number: int,
    ) -> tuple[Deployment, Version]:
        now = self._now()
        order = upload_order(stored.stored_at, upload.sequencer)
        deployment = Deployment(
            id=id_,
            alias=alias,
            status="queued",
            source=Source(upload.bucket, upload.key, upload.version_id, stored.size_bytes),
            order=order,
            created_at=now,
            updated_at=now,
            version=number,
            files=len(site.files),
            bytes=site.total_bytes,
            warnings=site.warnings,
        )
        version = Version(
            number=number,
            status="pending",
            alias=alias,
            deployment_id=id_,
            source_key=upload.key,
            order=order,
            created_at=now,
            files=len(site.files),
            bytes=site.total_bytes,
        )
        return deployment, version
