"""S3 in memory, as `chalicelib.gateways.objects` shows it: same methods, same errors."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeAlias, TypeVar

from chalicelib.errors import AwsError, Missing, Throttled
from chalicelib.gateways.objects import Objects, StoredObject
from tests.unit.world.faults import Faults

T = TypeVar("T")

PAGE_KEYS = 1_000  # S3's limit of ListObjectsV2 and of DeleteObjects
_CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of one object."""

    body: bytes
    headers: Mapping[str, str]
    version_id: str
    stored_at: datetime


# `list` is a method's name in the class.
Versions: TypeAlias = list[Stored]
Page: TypeAlias = list[tuple[str, int]]
Batch: TypeAlias = list[str]


class MemoryObjects(Objects):
    """The buckets it was made with; those in `versioned` keep every version of an object.

    `page_keys`: how many keys one request lists or deletes. `requests` counts S3's requests by
    their names. All but what a test does goes through `faults`.
    """

    def __init__(
        self,
        faults: Faults,
        now: Callable[[], datetime],
        buckets: Iterable[str],
        *,
        versioned: Iterable[str] = (),
        page_keys: int = PAGE_KEYS,
    ) -> None:
        self.requests: Counter[str] = Counter()
        self.generation = 0  # of what is stored: raised by every change
        self._faults = faults
        self._now = now
        self._buckets: dict[str, dict[str, Versions]] = {name: {} for name in buckets}
        self._versioned = frozenset(versioned)
        self._page_keys = page_keys

    # What a test does ------------------------------------------------------------------------

    def upload(self, bucket: str, key: str, body: bytes) -> str:
        """Store an object as somebody from outside; returns its version id."""
        return self._keep(bucket, key, body, {})

    def remove(self, bucket: str, key: str, version_id: str) -> None:
        """Delete one version for good, as somebody from outside."""
        kept = self._buckets[bucket].get(key, [])
        kept[:] = [stored for stored in kept if stored.version_id != version_id]
        self.generation += 1

    def contents(self, bucket: str) -> dict[str, Stored]:
        """The newest version of every object, by key."""
        return {key: kept[-1] for key, kept in sorted(self._buckets[bucket].items()) if kept}

    def holds(self, bucket: str, version_id: str) -> bool:
        """Whether `bucket` has that version of any object."""
        versions = (stored for kept in self._buckets[bucket].values() for stored in kept)
        return any(stored.version_id == version_id for stored in versions)

    def peek(self, bucket: str, key: str) -> Stored | None:
        """The newest version of an object, if there is one."""
        kept = self._buckets[bucket].get(key)
        return kept[-1] if kept else None

    # What the gateway does -------------------------------------------------------------------

    def head(self, bucket: str, key: str, version_id: str) -> StoredObject:
        def act() -> StoredObject:
            stored = self._version(bucket, key, version_id)
            return StoredObject(len(stored.body), stored.stored_at.replace(microsecond=0))

        return self._call("HeadObject", act)

    def stream(
        self, bucket: str, key: str, version_id: str, start: int, end: int
    ) -> Iterator[bytes]:
        def act() -> bytes:
            return _cut(self._version(bucket, key, version_id).body, key, start, end)

        body = self._call("GetObject", act)
        for at in range(0, len(body), _CHUNK_BYTES):
            yield body[at : at + _CHUNK_BYTES]

    def get(self, bucket: str, key: str) -> bytes:
        return self._call("GetObject", lambda: self._newest(bucket, key).body)

    def get_range(self, bucket: str, key: str, start: int, end: int) -> bytes:
        """The bytes [start, end) of a small object. Raises Missing, AwsError."""
        return self._call(
            "GetObject", lambda: _cut(self._newest(bucket, key).body, key, start, end)
        )

    def find(self, bucket: str, key: str) -> bytes | None:
        try:
            return self.get(bucket, key)
        except Missing:
            return None

    def put(
        self,
        bucket: str,
        key: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        sha256: bytes | None = None,
    ) -> None:
        assert sha256 in (None, hashlib.sha256(body).digest()), f"S3 refuses {key}: wrong sha256"
        _check(headers)
        self._store("PutObject", bucket, key, lambda: (body, headers))

    def put_stream(
        self, bucket: str, key: str, chunks: Iterable[bytes], headers: Mapping[str, str]
    ) -> None:
        body = b"".join(chunks)  # what the chunks raise leaves nothing behind
        _check(headers)
        self._store("CompleteMultipartUpload", bucket, key, lambda: (body, headers))

    def copy(
        self, bucket: str, source_key: str, key: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Copy an object within `bucket`, with its headers or with `headers`. Raises Missing,
        AwsError."""
        if headers is not None:
            _check(headers)

        def made() -> tuple[bytes, Mapping[str, str]]:
            source = self._newest(bucket, source_key)
            return source.body, source.headers if headers is None else headers

        self._store("CopyObject", bucket, key, made)

    def put_json(self, bucket: str, key: str, body: bytes) -> None:
        self.put(
            bucket, key, body, {"content-type": "application/json", "cache-control": "no-store"}
        )

    def create_json(self, bucket: str, key: str, body: bytes) -> bool:
        """Store a document if there is none of that name; whether it was stored."""
        self.requests["PutObject"] += 1

        def act() -> bool:
            if self._bucket(bucket).get(key):
                return False
            self._keep(bucket, key, body, {"content-type": "application/json"})
            return True

        return self._faults.call(act, lambda: Throttled("AWS asks to slow down (PutObject)."))

    def list(self, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
        after = ""
        while True:
            page = self._call("ListObjectsV2", partial(self._page, bucket, prefix, after))
            yield from page[: self._page_keys]
            if len(page) <= self._page_keys:
                return
            after = page[self._page_keys - 1][0]

    def delete(self, bucket: str, keys: Iterable[str]) -> int:
        count, remaining = 0, iter(keys)
        while batch := list(islice(remaining, self._page_keys)):
            self._call("DeleteObjects", partial(self._drop, bucket, batch))
            count += len(batch)
        return count

    # How it is kept --------------------------------------------------------------------------

    def _call(self, request: str, act: Callable[[], T]) -> T:
        self.requests[request] += 1
        return self._faults.call(act, lambda: Throttled(f"AWS asks to slow down ({request})."))

    def _store(
        self,
        request: str,
        bucket: str,
        key: str,
        made: Callable[[], tuple[bytes, Mapping[str, str]]],
    ) -> None:
        self.requests[request] += 1

        def act() -> None:
            self._keep(bucket, key, *made())

        self._faults.store(
            key, act, lambda: Throttled(f"AWS asks to slow down ({request} of {key}).")
        )

    def _keep(self, bucket: str, key: str, body: bytes, headers: Mapping[str, str]) -> str:
        kept = self._bucket(bucket).setdefault(key, [])
        self.generation += 1
        version_id = f"version-{self.generation}" if bucket in self._versioned else "null"
        if bucket not in self._versioned:
            kept.clear()
        kept.append(Stored(bytes(body), dict(headers), version_id, self._now()))
        return version_id

    def _bucket(self, bucket: str) -> dict[str, Versions]:
        if bucket not in self._buckets:
            raise Missing(f"There is no bucket {bucket}.", code="NoSuchBucket")
        return self._buckets[bucket]

    def _newest(self, bucket: str, key: str) -> Stored:
        kept = self._bucket(bucket).get(key)
        if not kept:
            raise Missing(f"There is no object {key} in {bucket}.", code="NoSuchKey")
        return kept[-1]

    def _version(self, bucket: str, key: str, version_id: str) -> Stored:
        for stored in self._bucket(bucket).get(key, ()):
            if stored.version_id == version_id:
                return stored
        raise Missing(
            f"There is no object {key} (version {version_id}) in {bucket}.", code="NoSuchVersion"
        )

    def _page(self, bucket: str, prefix: str, after: str) -> Page:
        """One key more than a page, when there are that many; in the order of their bytes."""
        kept = self._bucket(bucket)
        keys = (key for key, versions in kept.items() if versions and key.startswith(prefix))
        wanted = sorted((key for key in keys if key.encode() > after.encode()), key=str.encode)
        return [(key, len(kept[key][-1].body)) for key in wanted[: self._page_keys + 1]]

    def _drop(self, bucket: str, keys: Batch) -> None:
        self.generation += 1
        for key in keys:
            self._bucket(bucket).pop(key, None)


def _cut(body: bytes, key: str, start: int, end: int) -> bytes:
    if not 0 <= start < end <= len(body):
        raise AwsError(
            f"S3 has no bytes {start} to {end} of {key}: the range was not honoured.",
            operation="GetObject",
        )
    return body[start:end]


def _check(headers: Mapping[str, str]) -> None:
    assert headers["content-type"], headers
    assert headers["cache-control"], headers
