"""Our side, run as Lambda runs it: a process that calls Plan, Copy and Finish.

The gateways are the real ones, made by the composition root. Two things the sink does not have are
faked: DynamoDB's record (kept in memory) and the listing that Finish checks (read from the disk).
Prepares itself, says `ready`, waits for a line, works, and prints what it did as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chalicelib.archive import Limits
from chalicelib.deploy.copy import Copy
from chalicelib.deploy.finish import Finish
from chalicelib.deploy.plan import Plan
from chalicelib.errors import AwsError
from chalicelib.gateways.objects import Objects
from chalicelib.gateways.records import Records
from chalicelib.records import Deployment, DeploymentStatus, Source, Version
from chalicelib.root import Root

ID = "d" + "0" * 20
NOW = "2026-01-01T00:00:00.000Z"
_OTHER_DELAY = "before-send.s3"  # botocore's event before each request


@dataclass
class MemoryRecords(Records):
    """The record of one deployment, in memory."""

    the_deployment: Deployment
    the_version: Version

    def deployment(self, deployment_id: str) -> Deployment | None:
        """The deployment."""
        return self.the_deployment if deployment_id == self.the_deployment.id else None

    def version(self, number: int) -> Version:
        """The version."""
        return replace(self.the_version, number=number)

    def progress(self, deployment_id: str, status: DeploymentStatus, **facts: Any) -> bool:
        """Keep the status."""
        of = replace(self.the_deployment, id=deployment_id)
        self.the_deployment = replace(of, status=status, **facts)
        return True

    def shard_done(self, deployment_id: str, shard: int) -> None:
        """Nothing: the counter is for people."""

    def put_version(self, version: Version, *, expect: Any) -> None:
        """Keep the version, if it is as expected."""
        if self.the_version.status == expect:
            self.the_version = version


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
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each request")
    parser.add_argument("--stages", default="plan,copy,finish")
    parser.add_argument("--shards", default="", help="which to copy: 0,1,2; all when empty")
    return parser.parse_args()


def _records(given: argparse.Namespace) -> MemoryRecords:
    source = Source("source", given.zip.name, "v", given.zip.stat().st_size)
    deployment = Deployment(
        ID, "production", "queued", source, "0", NOW, NOW, 1, None, given.files, given.bytes
    )
    version = Version(1, "pending", "production", ID, given.zip.name, "0", NOW)
    return MemoryRecords(deployment, version)


def main() -> None:
    """Do what the command line says."""
    given = _arguments()
    root = Root()
    real = root._objects
    real.find("artifacts", "warm")  # as a warm Lambda has it
    objects = SinkObjects(real, given.data)
    if given.delay:
        _slow(objects, given.delay)
    records = _records(given)
    places = {"artifact_bucket": "artifacts", "hosting_bucket": given.hosting}
    plan = Plan(objects, records, artifact_bucket="artifacts", limits=Limits())
    copy = Copy(objects, records, **places)
    finish = Finish(objects, records, now=lambda: NOW, **places)
    print("ready", flush=True)  # noqa: T201 - the parent waits for it
    sys.stdin.readline()
    seconds: dict[str, float] = {}
    shards = [int(number) for number in given.shards.split(",") if number]
    for stage in given.stages.split(","):
        start = time.perf_counter()
        if stage == "plan":
            shards = shards or list(range(plan(ID).shards))
        elif stage == "copy":
            for number in shards:
                copy(ID, number)
        else:
            finish(ID)
        seconds[stage] = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "shards": len(shards)}))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
