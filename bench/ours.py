"""Our side, run as Lambda runs it: a process that calls Plan, Copy and Finish.

The S3 gateway is the real one, made by the composition root. What the sink does not have is faked:
DynamoDB's record and the KeyValueStore (kept in memory) and the listing that Finish checks (read
from the disk). Prepares itself, says `ready`, waits for a line, works, and prints what it did as
JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib import work
from chalicelib.archive import Limits
from chalicelib.deploy.copy import Copy
from chalicelib.deploy.finish import Finish
from chalicelib.deploy.layout import Layout
from chalicelib.deploy.plan import Plan
from chalicelib.errors import AwsError
from chalicelib.gateways.objects import Objects
from chalicelib.gateways.records import Records
from chalicelib.gateways.store import Changes, KeyValueStore
from chalicelib.manifests import Manifests
from chalicelib.records import Alias, Deployment, DeploymentStatus, Source, Version, timestamp
from chalicelib.root import Root
from chalicelib.tables import Tables
from chalicelib.work import Paper

ID = "d" + "0" * 20
CLOCK = datetime(2026, 1, 1, tzinfo=UTC)
NOW = timestamp(CLOCK)
CARRY = timedelta(days=7)  # the setting's default
ARTIFACTS = "artifacts"
_OTHER_DELAY = "before-send.s3"  # botocore's event before each request


class MemoryRecords(Records):
    """The record of one deployment, in memory; `production` points at version `base`, if any."""

    def __init__(self, deployment: Deployment, version: Version, base: int | None) -> None:
        self._deployment = deployment
        self._version = version
        self._base = replace(version, number=base, status="ready") if base else None

    def deployment(self, deployment_id: str) -> Deployment | None:
        """The deployment."""
        return self._deployment if deployment_id == self._deployment.id else None

    def version(self, number: int) -> Version:
        """The deployment's version, or the base."""
        if self._base is not None and number == self._base.number:
            return self._base
        return self._version

    def versions(
        self, *, limit: int | None = None, below: int | None = None
    ) -> tuple[Version, ...]:
        """Both versions, newest first."""
        found = (self._version, self._base)
        wanted = (v for v in found if v is not None and (below is None or v.number < below))
        return tuple(wanted)[:limit]

    def alias(self, name: str) -> Alias | None:
        """`production`, when there is a base."""
        return next((alias for alias in self.aliases() if alias.name == name), None)

    def aliases(self) -> tuple[Alias, ...]:
        """`production`, when there is a base."""
        return (Alias("production", self._base.number, "0", NOW, "bench"),) if self._base else ()

    def base_on(self, number: int, sources: tuple[int, ...]) -> tuple[int, ...]:
        """Decide on all of `sources`: they are ready."""
        self._version = replace(self.version(number), based_on=sources)
        return sources

    def progress(self, deployment_id: str, status: DeploymentStatus, **facts: Any) -> bool:
        """Keep the status."""
        of = replace(self._deployment, id=deployment_id)
        self._deployment = replace(of, status=status, **facts)
        return True

    def shard_done(self, deployment_id: str, shard: int) -> None:
        """Nothing: the counter is for people."""

    def put_version(self, version: Version, *, expect: Any) -> None:
        """Keep the version, if it is as expected."""
        if self._version.status == expect:
            self._version = version


class MemoryStore(KeyValueStore):
    """A KeyValueStore, in memory."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """The value of `key`; None when there is none."""
        return self._values.get(key)

    def entries(self) -> Iterator[tuple[str, str]]:
        """Every key with its value."""
        yield from list(self._values.items())

    def size_bytes(self) -> int:
        """What all keys and values take."""
        return sum(len(key) + len(value) for key, value in self._values.items())

    def update(self, decide: Callable[[], Changes]) -> Changes:
        """Write what `decide` returns."""
        changes = decide()
        for key, value in changes.items():
            if value is None:
                self._values.pop(key, None)
            else:
                self._values[key] = value
        return changes


class SinkObjects(Objects):
    """The real gateway, but for the listing, which the sink's folder answers."""

    def __init__(self, real: Objects, data: Path) -> None:
        super().__init__(real._client, real._puts)
        self._data = data

    def list(self, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
        """Every object below `prefix`."""
        root = self._data / bucket
        for path in (root / prefix).rglob("*"):
            if path.is_file():
                yield path.relative_to(root).as_posix(), path.stat().st_size


def _slow(objects: Objects, seconds: float) -> None:
    """Make every request of S3 wait first, as a network does: the thread sleeps."""

    def wait(**_: Any) -> None:
        time.sleep(seconds)

    puts = objects._puts
    if puts is None:
        raise AwsError("the composition root makes no fast PUT")
    send = puts._send

    def slow(*arguments: Any) -> Any:
        wait()
        return send(*arguments)

    puts._send = slow  # type: ignore[assignment,method-assign]  # the bench's own network
    objects._client.meta.events.register(_OTHER_DELAY, wait)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True, help="the sink's folder of buckets")
    parser.add_argument("--hosting", default="hosting", help="the bucket to store files in")
    parser.add_argument("--zip", type=Path, required=True)
    parser.add_argument("--files", type=int, required=True)
    parser.add_argument("--bytes", type=int, required=True)
    parser.add_argument("--number", type=int, default=1, help="of the version that is made")
    parser.add_argument("--base", type=int, help="the ready version that production points at")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each request")
    parser.add_argument("--stages", default="plan,copy,finish")
    parser.add_argument("--shards", default="", help="which to copy: 0,1,2; all when empty")
    return parser.parse_args()


def _records(given: argparse.Namespace) -> MemoryRecords:
    source = Source("source", given.zip.name, "v", given.zip.stat().st_size)
    deployment = Deployment(
        ID,
        "production",
        "queued",
        source,
        "0",
        NOW,
        NOW,
        version=given.number,
        files=given.files,
        bytes=given.bytes,
    )
    version = Version(given.number, "pending", "production", ID, given.zip.name, "0", NOW)
    return MemoryRecords(deployment, version, given.base)


def _papers(objects: Objects, wanted: str) -> list[Paper]:
    """The papers of the shards `wanted` (such as `0,2`; all when empty), as Plan has listed them:
    what the Distributed Map hands to its children."""
    items = json.loads(objects.get(ARTIFACTS, work.items_key(ID)))
    numbers = {int(number) for number in wanted.split(",") if number}
    return [
        Paper(item["shard"], item["paper_start"], item["paper_end"])
        for item in items
        if not numbers or item["shard"] in numbers
    ]


def _stages(given: argparse.Namespace, objects: Objects) -> dict[str, Callable[[], object]]:
    records = _records(given)
    manifests = Manifests(objects, given.hosting)
    tables = Tables(MemoryStore(), records, manifests, now=lambda: CLOCK)
    places = {"artifact_bucket": ARTIFACTS, "hosting_bucket": given.hosting}
    plan = Plan(objects, records, manifests, artifact_bucket=ARTIFACTS, limits=Limits())
    copy = Copy(objects, records, **places)
    layout = Layout(objects, tables, hosting_bucket=given.hosting)
    finish = Finish(
        objects, records, manifests, tables, layout, carry=CARRY, now=lambda: CLOCK, **places
    )
    return {
        "plan": lambda: plan(ID),
        "copy": lambda: [copy(ID, paper) for paper in _papers(objects, given.shards)],
        "finish": lambda: finish(ID),
    }


def main() -> None:
    """Do what the command line says."""
    given = _arguments()
    real = Root()._objects
    real.find(ARTIFACTS, "warm")  # as a warm Lambda has it
    objects = SinkObjects(real, given.data)
    if given.delay:
        _slow(objects, given.delay)
    stages = _stages(given, objects)
    print("ready", flush=True)  # noqa: T201 - the parent waits for it
    sys.stdin.readline()
    seconds: dict[str, float] = {}
    for stage in given.stages.split(","):
        start = time.perf_counter()
        stages[stage]()
        seconds[stage] = time.perf_counter() - start
    shards = len(_papers(objects, ""))
    print(json.dumps({"seconds": seconds, "shards": shards}))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
