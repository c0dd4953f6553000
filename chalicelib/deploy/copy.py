"""Copy: store the files of one shard in the version's layer.

The shard's bytes are read in one ranged GET, in order, and inflated and hashed by the reading
thread; other threads store the files. Memory is bounded: at most `WINDOW_BYTES` of inflated files
wait to be stored or are being stored, and a file larger than `SMALL_BYTES` is streamed in parts by
the reading thread.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

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
WINDOW_BYTES = 16 * MB  # at least SMALL_BYTES; at 100 ms a round trip still 160 MB/s
_Put = Callable[[str, bytes, Mapping[str, str], bytes], None]

# PUTs under way at once. If one takes 30 ms, 16 make 530 files a second, and 8 shards at once more
# than the 3,500 that S3 takes below one prefix.
THREADS = 16


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
                    sha256 = hashlib.sha256(body).digest()
                    window.submit(self._put_small, prefix + path, body, headers, sha256)
                    digest = sha256.hex()
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

    def _put_small(self, key: str, body: bytes, headers: Mapping[str, str], sha256: bytes) -> None:
        self._objects.put(self._hosting, key, body, headers, sha256=sha256)

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
        self._changed = threading.Condition()
        self._held_bytes = 0
        self._failure: Exception | None = None

    def submit(
        self, put: _Put, key: str, body: bytes, headers: Mapping[str, str], sha256: bytes
    ) -> None:
        """Store `body` in another thread, once there is room for it. Raises an earlier failure."""
        with self._changed:
            while self._held_bytes + len(body) > WINDOW_BYTES and not self._failure:
                self._changed.wait()
            self._raise_failure()
            self._held_bytes += len(body)
        self._pool.submit(self._run, put, key, body, headers, sha256)

    def drain(self) -> None:
        """Wait until all is stored; nothing can be submitted after. Raises the first failure."""
        self._pool.shutdown()  # and not the condition, which every file would wake
        self._raise_failure()

    def _run(
        self, put: _Put, key: str, body: bytes, headers: Mapping[str, str], sha256: bytes
    ) -> None:
        failure = None
        try:
            if not self._failure:  # else the shard has failed: store no more of it
                put(key, body, headers, sha256)
        except Exception as error:  # noqa: BLE001 - the reading thread raises it again
            failure = error
        with self._changed:
            self._held_bytes -= len(body)
            self._failure = self._failure or failure
            self._changed.notify()

    def _raise_failure(self) -> None:
        if self._failure:
            raise self._failure
