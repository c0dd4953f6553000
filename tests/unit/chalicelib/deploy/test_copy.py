"""Copy: every file is stored with its hash, memory is bounded, a failure ends the shard."""

from __future__ import annotations

import hashlib
import random
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from chalicelib import work
from chalicelib.archive import inspect
from chalicelib.deploy.copy import PART_FILES, SMALL_BYTES, Copy
from chalicelib.deploy.window import THREADS, WINDOW_BYTES
from chalicelib.errors import AccessDenied, Missing
from chalicelib.gateways.objects import Objects
from chalicelib.gateways.records import Records
from chalicelib.header_sets import Headers
from chalicelib.records import Deployment, Source, Version
from chalicelib.work import Known, Paper, StoredFile
from tests.zips import MemorySource, build_zip

ID, NOW = "d" + "0" * 20, "2026-01-01T00:00:00.000Z"
MB = 1024 * 1024


class OneDeployment(Records):
    """The record of one deployment."""

    def __init__(self) -> None:
        self.done: list[int] = []

    def deployment(self, deployment_id: str) -> Deployment:
        source = Source("source", "site.zip", "v", 1)
        return Deployment(deployment_id, "production", "copying", source, "0", NOW, NOW, 7)

    def version(self, number: int) -> Version:
        return Version(number, "pending", "production", ID, "site.zip", "0", NOW)

    def shard_done(self, deployment_id: str, shard: int) -> None:
        assert deployment_id == ID
        self.done.append(shard)


@dataclass
class Buckets(Objects):
    """Objects in memory; counts how many bytes and PUTs are under way at once."""

    zip_bytes: bytes = b""
    kept: dict[tuple[str, str], bytes] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    denied: str = ""
    streamed: list[str] = field(default_factory=list)
    reads: list[tuple[int, int]] = field(default_factory=list)
    most_at_once: int = 0
    slow: bool = False

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._at_once = 0
        self._full = threading.Event()

    def stream(
        self, bucket: str, key: str, version_id: str, start: int, end: int
    ) -> Iterator[bytes]:
        assert (bucket, key, version_id) == ("source", "site.zip", "v")
        self.reads.append((start, end))
        yield from (
            self.zip_bytes[at : min(at + 256 * 1024, end)] for at in range(start, end, 256 * 1024)
        )

    def get(self, bucket: str, key: str) -> bytes:
        try:
            return self.kept[bucket, key]
        except KeyError:
            raise Missing(f"There is no {key}.") from None

    def get_range(self, bucket: str, key: str, start: int, end: int) -> bytes:
        return self.get(bucket, key)[start:end]

    def put(
        self,
        bucket: str,
        key: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        sha256: bytes | None = None,
    ) -> None:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            if self._at_once == THREADS:
                self._full.set()
        if self.slow and bucket == "hosting":
            self._full.wait(5)  # seconds: until all threads are at work
        with self._lock:
            self._at_once -= 1
            if key == self.denied:
                raise AccessDenied(f"The role may not store {key}.")
            self.kept[bucket, key] = body
            self.hashes[key] = sha256.hex() if sha256 else ""
            self.headers[key] = dict(headers)

    def put_stream(
        self, bucket: str, key: str, chunks: Iterable[bytes], headers: Mapping[str, str]
    ) -> None:
        self.headers[key] = dict(headers)
        self.streamed.append(key)
        self.kept[bucket, key] = b"".join(chunks)


def headers_of(paths: Iterable[str]) -> dict[str, Headers]:
    """What Plan says of each file, other for each: Copy must store it, whatever it is."""
    return {path: (("content-type", f"text/x-{n}"),) for n, path in enumerate(paths)}


def copied(
    files: Mapping[str, bytes], known: Mapping[str, Known] | None = None, **settings: object
) -> tuple[Buckets, OneDeployment]:
    """The buckets before the copy of a one-shard site, and its record."""
    zip_bytes = build_zip(files)
    buckets = Buckets(zip_bytes=zip_bytes, **settings)  # type: ignore[arg-type]  # by field name
    shards = work.plan_shards(inspect(MemorySource(zip_bytes)).files, headers_of(files), known)
    plan, (_,) = work.encode_plan(shards)
    buckets.kept["artifacts", work.plan_key(ID)] = plan
    return buckets, OneDeployment()


def copy(buckets: Buckets, records: OneDeployment) -> int:
    paper = Paper(0, 0, len(buckets.kept["artifacts", work.plan_key(ID)]))
    return Copy(buckets, records, artifact_bucket="artifacts", hosting_bucket="hosting")(ID, paper)


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def stored(buckets: Buckets) -> dict[str, StoredFile]:
    paper = buckets.kept["artifacts", work.stored_key(ID, 0)]
    return {file.path: file for file in work.decode_stored(paper)}


def site(buckets: Buckets) -> dict[str, bytes]:
    return {
        key.removeprefix("v7/"): body
        for (bucket, key), body in buckets.kept.items()
        if bucket == "hosting"
    }


def test_every_file_is_stored_with_its_hash_in_one_read() -> None:
    files = {"index.html": b"<p>", **{f"a/{n}.js": b"x" * n for n in range(300)}}
    buckets, records = copied(files)
    assert copy(buckets, records) == len(files)
    assert site(buckets) == files
    for path, body in files.items():
        assert buckets.hashes["v7/" + path] == hashlib.sha256(body).hexdigest()
    assert len(buckets.reads) == 1
    assert records.done == [0]


def test_the_paper_says_what_was_stored() -> None:
    files = {"index.html": b"<p>", "b.js": b"1"}
    headers = headers_of(files)
    buckets, records = copied(files)
    copy(buckets, records)
    assert stored(buckets) == {
        path: StoredFile(path, len(body), sha256(body), zlib.crc32(body), headers[path], 7)
        for path, body in files.items()
    }


def test_each_file_is_stored_with_the_headers_of_its_shard() -> None:
    files = {"index.html": b"<p>", "b.js": b"1", "big.bin": BIG}
    buckets, records = copied(files)
    copy(buckets, records)
    assert buckets.streamed == ["v7/big.bin"]
    for path, headers in headers_of(files).items():
        assert buckets.headers[f"v7/{path}"] == dict(headers)


def test_a_shard_that_is_stored_is_not_stored_again() -> None:
    buckets, records = copied({"index.html": b"<p>"})
    copy(buckets, records)
    assert copy(buckets, records) == 1
    assert len(buckets.reads) == 1
    assert records.done == [0, 0]


@pytest.mark.parametrize(
    ("size", "streamed"), [(SMALL_BYTES, []), (SMALL_BYTES + 1, ["v7/big.bin"])]
)
def test_a_file_too_large_to_hold_is_streamed(size: int, streamed: list[str]) -> None:
    body = hashlib.sha256().digest() * (size // 32) + b"x" * (size % 32)
    buckets, records = copied({"index.html": b"<p>", "big.bin": body})
    copy(buckets, records)
    assert buckets.streamed == streamed
    assert site(buckets)["big.bin"] == body


def test_all_threads_store_at_once_and_no_more() -> None:
    buckets, records = copied(
        {"index.html": b"", **{f"{n}.js": b"x" for n in range(100)}}, slow=True
    )
    copy(buckets, records)
    assert buckets.most_at_once == THREADS


def test_the_bytes_that_wait_are_bounded() -> None:
    body = hashlib.sha256().digest() * (4 * MB // 32)
    files = {
        "index.html": b"<p>",
        **{f"{n}.bin": body for n in range(2 * WINDOW_BYTES // (4 * MB))},
    }
    buckets, records = copied(files)
    copy(buckets, records)
    assert site(buckets) == files
    assert buckets.most_at_once <= WINDOW_BYTES // (4 * MB) + 1  # the page is not counted


def test_a_failure_comes_out_and_the_shard_is_not_done() -> None:
    files = {"index.html": b"<p>", **{f"a/{n:03d}.js": b"x" for n in range(500)}}
    buckets, records = copied(files, denied="v7/a/007.js")
    with pytest.raises(AccessDenied, match="007"):
        copy(buckets, records)
    assert ("artifacts", work.stored_key(ID, 0)) not in buckets.kept
    assert records.done == []


# What is stored already ------------------------------------------------------------------------

BIG = random.Random(1).randbytes(SMALL_BYTES + 1)  # noqa: S311 - no secret: it must not shrink


def test_a_file_that_is_stored_in_an_earlier_layer_is_not_stored_again() -> None:
    files = {"index.html": b"<p>new", "same.js": b"same", "same.bin": BIG}
    known = {"same.js": Known(sha256(b"same"), 3), "same.bin": Known(sha256(BIG), 4)}
    buckets, records = copied(files, known)
    copy(buckets, records)
    assert site(buckets) == {"index.html": b"<p>new"}
    layers = {path: file.layer for path, file in stored(buckets).items()}
    assert layers == {"index.html": 7, "same.js": 3, "same.bin": 4}


def test_a_file_that_only_seems_to_be_stored_is_stored() -> None:
    files = {"index.html": b"<p>new", "other.bin": BIG}
    known = {"index.html": Known("0" * 64, 3), "other.bin": Known("1" * 64, 3)}
    buckets, records = copied(files, known)
    copy(buckets, records)
    assert site(buckets) == files
    assert {(f.layer, f.sha256) for f in stored(buckets).values()} == {
        (7, sha256(body)) for body in files.values()
    }


def test_after_a_crash_only_the_rest_is_stored() -> None:
    files = {f"a/{n:04d}.js": f"{n}".encode() for n in range(2 * PART_FILES + 10)}
    buckets, records = copied({"index.html": b"<p>", **files}, denied=f"v7/{max(files)}")
    with pytest.raises(AccessDenied):
        copy(buckets, records)
    first = site(buckets)
    buckets.denied = ""
    for path in first:
        del buckets.kept["hosting", f"v7/{path}"]
    copy(buckets, records)
    assert site(buckets).keys() == {"index.html", *files} - first.keys() == {max(files)}
    assert {path: f.sha256 for path, f in stored(buckets).items() if path in files} == {
        path: sha256(body) for path, body in files.items()
    }


def test_while_it_stores_a_shard_notes_what_is_stored() -> None:
    buckets, records = copied({"index.html": b"<p>", "a.bin": BIG, "b.bin": BIG[::-1]})
    buckets.denied = work.stored_key(ID, 0)
    with pytest.raises(AccessDenied):
        copy(buckets, records)
    noted = work.decode_stored(buckets.kept["artifacts", work.part_key(ID, 0)])
    assert {"a.bin", "b.bin"} <= {file.path for file in noted}


def test_after_a_crash_a_large_file_is_not_stored_again() -> None:
    buckets, records = copied({"index.html": b"", "z/big.bin": BIG})
    buckets.denied = work.stored_key(ID, 0)
    with pytest.raises(AccessDenied):
        copy(buckets, records)
    assert buckets.streamed == ["v7/z/big.bin"]
    buckets.denied = ""
    copy(buckets, records)
    assert buckets.streamed == ["v7/z/big.bin"]
    assert stored(buckets)["z/big.bin"].layer == 7


def test_what_was_noted_of_another_content_does_not_count() -> None:
    buckets, records = copied({"index.html": b"<p>"})
    noted = [StoredFile("index.html", 3, sha256(b"old"), 1, (), 7)]
    buckets.kept["artifacts", work.part_key(ID, 0)] = work.encode_stored(noted)
    copy(buckets, records)
    assert site(buckets) == {"index.html": b"<p>"}
