"""Copy: store those files of one shard that are not stored yet, in the version's layer.

The shard's bytes are read in one ranged GET, in order, and inflated and hashed by the reading
thread; other threads store the files. Memory is bounded: at most `WINDOW_BYTES` of inflated files
wait to be stored or are being stored, and a file larger than `SMALL_BYTES` is streamed in parts by
the reading thread. What is stored already is inflated and hashed too: only that proves it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial

from chalicelib import work
from chalicelib.archive import SiteFile, iter_entries
from chalicelib.deploy.running import Running, must_be_pending, running, upload_gone
from chalicelib.deploy.window import Window
from chalicelib.errors import AwsError, DecantError, Missing
from chalicelib.gateways.objects import Objects
from chalicelib.gateways.records import Records
from chalicelib.manifest import object_key
from chalicelib.media_types import stored_pairs
from chalicelib.records import Source
from chalicelib.work import MB, Paper, Shard, StoredFile

SMALL_BYTES = 8 * MB  # one PUT, held in memory; above it parts of 8 MB
PART_FILES = 250  # after as many PUTs a shard notes what it has stored: a crash costs no more


class Copy:
    """Stores one shard."""

    def __init__(
        self, objects: Objects, records: Records, *, artifact_bucket: str, hosting_bucket: str
    ) -> None:
        self._objects = objects
        self._records = records
        self._artifacts = artifact_bucket
        self._hosting = hosting_bucket

    def __call__(self, deployment_id: str, paper: Paper) -> int:
        """Store the shard that `paper` tells of; returns how many files it has.

        A shard that is done is skipped, and of one that was begun what it has noted as stored: now
        and then, and when it fails.
        Raises VersionCorrupt when the zip's content is not what its directory says; AwsError.
        """
        key = work.stored_key(deployment_id, paper.number)
        done = self._objects.find(self._artifacts, key)
        if done is None:
            done = work.encode_stored(self._store(deployment_id, paper))
            self._put(key, done)
        self._records.shard_done(deployment_id, paper.number)
        return len(work.decode_stored(done))

    def _store(self, deployment_id: str, paper: Paper) -> list[StoredFile]:
        at_work = running(self._records, deployment_id)
        must_be_pending(at_work.version)
        shard = work.decode_shard(
            self._objects.get_range(
                self._artifacts, work.plan_key(deployment_id), paper.start, paper.end
            )
        )
        part_key = work.part_key(deployment_id, paper.number)
        begun = self._objects.find(self._artifacts, part_key)
        part = _Part(
            work.decode_stored(begun) if begun is not None else (),
            lambda files: self._put(part_key, work.encode_stored(files)),
        )
        with Window() as window:
            storing = _Storing(self._objects, self._hosting, at_work, shard, part, window)
            try:
                return storing.run()
            except DecantError:
                window.end()
                with suppress(AwsError):  # the notes may fail for the same reason: tell the first
                    part.keep(at_least=1)
                raise

    def _put(self, key: str, document: bytes) -> None:
        self._objects.put_json(self._artifacts, key, document)


class _Part:
    """What a shard has stored so far, noted now and then; a new attempt begins with the notes."""

    def __init__(
        self, before: Iterable[StoredFile], note: Callable[[Sequence[StoredFile]], None]
    ) -> None:
        self._stored = list(before)
        self._before = {file.path: file.sha256 for file in self._stored}
        self._noted = len(self._stored)
        self._note = note

    def has(self, path: str, sha256: str) -> bool:
        """Whether an earlier attempt has stored this content at `path`."""
        return self._before.get(path) == sha256

    def knows(self, path: str) -> bool:
        """Whether an earlier attempt has stored something at `path`."""
        return path in self._before

    def add(self, file: StoredFile) -> None:
        """`file` is stored; called from any thread."""
        self._stored.append(file)

    def keep(self, *, at_least: int = PART_FILES) -> None:
        """Note what is stored, if it is so many files more than what is noted."""
        if len(self._stored) - self._noted >= at_least:
            self._noted = len(self._stored)
            self._note(self._stored[: self._noted])


class _Storing:
    """One shard on its way to the hosting bucket."""

    def __init__(
        self,
        objects: Objects,
        bucket: str,
        at_work: Running,
        shard: Shard,
        part: _Part,
        window: Window,
    ) -> None:
        self._objects = objects
        self._bucket = bucket
        self._source = at_work.deployment.source
        self._own = at_work.version.number
        self._shard = shard
        self._part = part
        self._window = window

    def run(self) -> list[StoredFile]:
        """Store what is missing; every file of the shard, in the order of the zip."""
        stored = []
        for file, content in self._contents(self._shard.start, self._shard.end, self._shard.files):
            small = file.entry.bytes <= SMALL_BYTES
            stored.append(self._small(file, content) if small else self._large(file, content))
            self._part.keep()
        self._window.drain()
        return stored

    def _contents(
        self, start: int, end: int, files: Iterable[SiteFile]
    ) -> Iterator[tuple[SiteFile, Iterator[bytes]]]:
        by_offset = {file.entry.header_offset: file for file in files}
        chunks = _chunks(self._objects, self._source, start, end)
        entries = (file.entry for file in by_offset.values())
        for entry, content in iter_entries(chunks, start, entries):
            yield by_offset[entry.header_offset], content

    def _small(self, file: SiteFile, content: Iterable[bytes]) -> StoredFile:
        body = b"".join(content)
        digest = hashlib.sha256(body)
        found = self._found(file, digest.hexdigest())
        if found is not None:
            return found
        stored = self._stored(file, digest.hexdigest(), self._own)
        self._window.submit(len(body), partial(self._put, stored, body, digest.digest()))
        return stored

    def _put(self, file: StoredFile, body: bytes, sha256: bytes) -> None:
        key = object_key(self._own, file.path)
        self._objects.put(self._bucket, key, body, dict(file.headers), sha256=sha256)
        self._part.add(file)

    def _large(self, file: SiteFile, content: Iterable[bytes]) -> StoredFile:
        if file.path in self._shard.known or self._part.knows(file.path):
            found = self._found(file, _hashed(content))
            if found is not None:
                return found
            # Read once more: what was hashed is gone.
            _, content = next(self._contents(file.entry.header_offset, file.end_offset, [file]))
        digest = hashlib.sha256()
        key = object_key(self._own, file.path)
        headers = dict(stored_pairs(file.path, self._shard.headers))
        self._objects.put_stream(self._bucket, key, _hashing(content, digest), headers)
        stored = self._stored(file, digest.hexdigest(), self._own)
        self._part.add(stored)
        self._part.keep(at_least=1)
        return stored

    def _found(self, file: SiteFile, sha256: str) -> StoredFile | None:
        """The file as it is stored already, in a layer before or by an earlier attempt."""
        known = self._shard.known.get(file.path)
        if known is not None and known.sha256 == sha256:
            return self._stored(file, sha256, known.layer)
        if self._part.has(file.path, sha256):
            return self._stored(file, sha256, self._own)
        return None

    def _stored(self, file: SiteFile, sha256: str, layer: int) -> StoredFile:
        headers = stored_pairs(file.path, self._shard.headers)
        return StoredFile(file.path, file.entry.bytes, sha256, file.entry.crc32, headers, layer)


def _chunks(objects: Objects, source: Source, start: int, end: int) -> Iterator[bytes]:
    try:
        yield from objects.stream(source.bucket, source.key, source.version_id, start, end)
    except Missing as error:
        raise upload_gone(source) from error


def _hashed(content: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for _ in _hashing(content, digest):
        pass
    return digest.hexdigest()


def _hashing(content: Iterable[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for chunk in content:
        digest.update(chunk)
        yield chunk
