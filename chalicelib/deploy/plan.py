"""Plan: the zip's central directory, checked again, cut into shards."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from chalicelib import work
from chalicelib.archive import Limits, inspect
from chalicelib.deploy.running import running, upload_gone
from chalicelib.errors import Missing
from chalicelib.gateways.objects import Objects, ObjectSource
from chalicelib.gateways.records import Records
from chalicelib.work import Shard

_THREADS = 8  # PUTs under way at once: 100 shards are one second instead of three


@dataclass(frozen=True, slots=True)
class Planned:
    """Where the items of the Distributed Map are, and how many shards there are."""

    bucket: str
    key: str
    shards: int


class Plan:
    """Writes the shards of a deployment."""

    def __init__(
        self, objects: Objects, records: Records, *, artifact_bucket: str, limits: Limits
    ) -> None:
        self._objects = objects
        self._records = records
        self._bucket = artifact_bucket
        self._limits = limits

    def __call__(self, deployment_id: str) -> Planned:
        """Write every shard, then their list. Raises UploadRefused, NotFound, AwsError
        (Missing: the upload was deleted)."""
        deployment = running(self._records, deployment_id).deployment
        self._records.progress(deployment_id, "planning")
        where = deployment.source
        source = ObjectSource(
            self._objects, where.bucket, where.key, where.version_id, where.size_bytes
        )
        with _uncollected():
            try:
                site = inspect(source, self._limits)
            except Missing as error:
                raise upload_gone(where) from error
            shards = work.plan_shards(site.files)

        def store(shard: Shard) -> None:
            self._put(work.shard_key(deployment_id, shard.number), work.encode_shard(shard))

        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(store, shards))  # raises the first failure
        key = work.shards_key(deployment_id)
        self._put(key, work.encode_items(deployment_id, shards))
        self._records.progress(deployment_id, "copying", shards=len(shards))
        return Planned(self._bucket, key, len(shards))

    def _put(self, key: str, document: bytes) -> None:
        self._objects.put_json(self._bucket, key, document)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the cyclic garbage collector: 100,000 entries hold no cycles, and its looking
    through them again and again takes a third of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
