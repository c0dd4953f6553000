"""Copy: store the files of one shard in the version's layer.

The shard's bytes are read in one ranged GET, in order; files are stored concurrently. Memory is
bounded: at most `WINDOW_BYTES` of inflated files wait to be stored, and a file larger than
`SMALL_BYTES` is streamed in parts by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from chalicelib import work
from chalicelib.archive import iter_entries
from chalicelib.deploy.running import must_be_pending, running, upload_gone
from chalicelib.errors import Missing
from chalicelib.gateways.objects import Objects
from chalicelib.gateways.records import Records
from chalicelib.manifest import layer_prefix
from chalicelib.media_types import headers_for
from chalicelib.records import Source
from chalicelib.work import MB, Shard, StoredFile

SMALL_BYTES = 8 * MB  # one PUT, held in memory; above it parts of 8 MB
WINDOW_BYTES = 64 * MB
_Put = Callable[[str, bytes, Mapping[str, str]], None]

THREADS = 16  # PUTs under way at once: a PUT waits some 30 ms for S3 and uses little CPU


class Copy:
    """Stores one shard."""

    def __init__(
        self, objects: Objects, records: Records, *, artifact_bucket: str, hosting_bucket: str
    ) -> None:
        self._objects = objects
        self._records = records
        self._artifacts = artifact_bucket
        self._hosting = hosting_bucket

    def __call__(self, deployment_id: str, number: int) -> int:
        """Store shard `number`; returns how many files it has. A shard that is stored is skipped.

        Raises VersionCorrupt when the zip's content is not what its directory says; AwsError.
        """
        done = self._objects.find(self._artifacts, work.stored_key(deployment_id, number))
        if done is None:
            stored = self._store(deployment_id, number)
            done = work.encode_stored(stored)
            self._objects.put_json(self._artifacts, work.stored_key(deployment_id, number), done)
        self._records.shard_done(deployment_id, number)
        return len(work.decode_stored(done))

    def _store(self, deployment_id: str, number: int) -> list[StoredFile]:
        at_work = running(self._records, deployment_id)
        must_be_pending(at_work.version)
        shard = work.decode_shard(
            self._objects.get(self._artifacts, work.shard_key(deployment_id, number))
        )
        chunks = self._chunks(at_work.deployment.source, shard)
        paths = {file.entry.header_offset: file.path for file in shard.files}
        prefix = layer_prefix(at_work.version.number)
        entries = tuple(file.entry for file in shard.files)
        stored: list[StoredFile] = []
        with ThreadPoolExecutor(THREADS) as pool:
            window = _Window(pool)
            for entry, content in iter_entries(chunks, shard.start, entries):
                path = paths[entry.header_offset]
                headers = headers_for(path)
                if entry.bytes > SMALL_BYTES:
                    digest = self._put_large(prefix + path, content, headers)
                else:
                    body = b"".join(content)
                    digest = hashlib.sha256(body).hexdigest()
                    window.submit(self._put_small, prefix + path, body, headers)
                stored.append(StoredFile(path, entry.bytes, digest))
            window.drain()
        return stored

    def _chunks(self, source: Source, shard: Shard) -> Iterator[bytes]:
        try:
            yield from self._objects.stream(
                source.bucket, source.key, source.version_id, shard.start, shard.end
            )
        except Missing as error:
            raise upload_gone(source) from error

    def _put_small(self, key: str, body: bytes, headers: Mapping[str, str]) -> None:
        self._objects.put(self._hosting, key, body, headers)

    def _put_large(self, key: str, content: Iterable[bytes], headers: Mapping[str, str]) -> str:
        digest = hashlib.sha256()

        def hashed() -> Iterator[bytes]:
            for chunk in content:
                digest.update(chunk)
                yield chunk

        self._objects.put_stream(self._hosting, key, hashed(), headers)
        return digest.hexdigest()


class _Window:
    """Bounds the bytes that wait to be stored; the first failure comes out of the next call."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._waiting: dict[Future[None], int] = {}

    def submit(self, put: _Put, key: str, body: bytes, headers: Mapping[str, str]) -> None:
        while self._waiting and sum(self._waiting.values()) + len(body) > WINDOW_BYTES:
            self._settle(wait(self._waiting, return_when=FIRST_COMPLETED).done)
        self._settle([future for future in self._waiting if future.done()])
        self._waiting[self._pool.submit(put, key, body, headers)] = len(body)

    def drain(self) -> None:
        self._settle(wait(self._waiting).done)

    def _settle(self, done: Iterable[Future[None]]) -> None:
        for future in list(done):
            del self._waiting[future]
            future.result()
