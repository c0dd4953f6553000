"""Whether switching costs the same whatever the size of the site: 10 files against 100,000.

Local AWS has the table of records and a KeyValueStore, with two ready versions of either size and
their route tables. An alias is switched from one version to the other and rolled back, the small
and the large one in turns. `python -m bench.switch` prints the figures as JSON.
"""

from __future__ import annotations

import json
import random
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from chalicelib.admin import Admin
from chalicelib.backoff import Backoff
from chalicelib.gateways import rows
from chalicelib.gateways.objects import Objects
from chalicelib.gateways.records import Records
from chalicelib.gateways.store import KeyValueStore
from chalicelib.manifest import Manifest, ManifestFile
from chalicelib.manifests import Manifests
from chalicelib.pointing import Pointing
from chalicelib.records import Version, timestamp
from chalicelib.routing import compile_routing
from chalicelib.tables import Tables
from decant.local import resolver
from decant.local.process import LocalAws, StartOptions
from decant.local.state import ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TURNS = 25
SMALL, LARGE = 10, 100_000  # files
TABLE = "records"
CARRY = timedelta(days=7)  # the setting's default
_SERVICES = ("dynamodb", "cloudfront-keyvaluestore")


class Stage:
    """The record, the store and the operations on them, with a count of the requests."""

    def __init__(self, local: LocalAws) -> None:
        resolver.install()  # the store's client asks below `localhost`
        session = boto3.Session(
            aws_access_key_id=ROOT_ACCESS_KEY_ID,
            aws_secret_access_key=ROOT_SECRET_ACCESS_KEY,
            region_name=local.record.region,
        )

        def client(service: Any) -> Any:
            return session.client(service, endpoint_url=local.endpoint_url)

        self.calls = 0
        self._dynamodb: DynamoDBClient = client("dynamodb")
        store = client("cloudfront-keyvaluestore")
        for one, service in zip((self._dynamodb, store), _SERVICES, strict=True):
            one.meta.events.register(f"before-send.{service}", self._count)
        self._make_table()
        arn = client("cloudfront").create_key_value_store(Name="store")["KeyValueStore"]["ARN"]
        backoff = Backoff(time.sleep, random.random)
        records = Records(self._dynamodb, TABLE, now=lambda: timestamp(_now()), backoff=backoff)
        values = KeyValueStore(store, arn, backoff=backoff)
        manifests = Manifests(Objects(client("s3")), "never-read")
        self._tables = Tables(values, records, manifests, now=_now)
        pointing = Pointing(records, values, self._tables, carry=CARRY, backoff=backoff)
        self.admin = Admin(records, pointing, now=_now, token=secrets.token_urlsafe)

    def _count(self, **_: Any) -> None:
        self.calls += 1

    def _make_table(self) -> None:
        self._dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
        )

    def add(self, number: int, files: int) -> None:
        """Publish the routing of a version of that many files, and record it as ready."""
        listed = (ManifestFile(_path(n), 1, "0" * 64, 0, (), number) for n in range(files))
        routing = compile_routing(Manifest(number, tuple(listed)))
        moment = timestamp(_now())
        version = Version(
            number,
            "ready",
            "production",
            f"d{number:020d}",
            "site.zip",
            moment,
            moment,
            files=files,
            ready_at=moment,
            rules=routing.rules,
        )
        self._tables.publish(version, routing)
        self._dynamodb.put_item(TableName=TABLE, Item=rows.version_row(version))


def _now() -> datetime:
    return datetime.now(UTC)


def _path(number: int) -> str:
    folder = f"section-{number % 200:03d}"
    if number % 10:
        return f"{folder}/page-{number:06d}/index.html"
    return f"assets/{folder}/picture-{number:06d}.png"


def _timed(stage: Stage, act: Callable[[], tuple[object, bool]]) -> tuple[float, int]:
    """The seconds and the requests of `act`, which must change something."""
    before, start = stage.calls, time.perf_counter()
    _, changed = act()
    seconds = time.perf_counter() - start
    if not changed:
        raise RuntimeError("the alias did not move")
    return seconds, stage.calls - before


def measure(stage: Stage) -> dict[str, Any]:
    """Switch and roll back in turns; seconds and calls are medians of 25."""
    admin, by = stage.admin, "bench"
    sizes = {"10": (SMALL, 1, 2), "100k": (LARGE, 3, 4)}  # files and the two versions
    done: dict[str, list[tuple[float, int]]] = {}
    for name, (files, first, second) in sizes.items():
        stage.add(first, files)
        stage.add(second, files)
        admin.switch(f"site-{name}", first, lock=None, by=by)
    for turn in range(TURNS + 1):
        for name, (_, _, second) in sizes.items():
            alias = f"site-{name}"
            acts = {
                "switch": partial(admin.switch, alias, second, lock=None, by=by),
                "rollback": partial(admin.rollback, alias, leaving=None, by=by),
            }
            for what, act in acts.items():
                taken = _timed(stage, act)
                if turn:  # the first opens connections
                    done.setdefault(f"{what} {name}", []).append(taken)
    return {**_figures("", done, "switch"), **_figures("rollback_", done, "rollback")}


def _figures(prefix: str, done: dict[str, list[tuple[float, int]]], what: str) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    seconds = {}
    for name in ("10", "100k"):
        taken = done[f"{what} {name}"]
        seconds[name] = statistics.median(wall for wall, _ in taken)
        figures[f"{prefix}seconds_{name}"] = round(seconds[name], 4)
        figures[f"{prefix}calls_{name}"] = statistics.median_low(calls for _, calls in taken)
    figures[f"{prefix}ratio_100k_to_10"] = round(seconds["100k"] / seconds["10"], 3)
    return figures


def main() -> int:
    """Measure on a local AWS of its own and print the figures."""
    with tempfile.TemporaryDirectory(prefix="decant-bench-") as folder:
        local = LocalAws.start(Path(folder), StartOptions(fresh=True))
        try:
            print(json.dumps(measure(Stage(local))))  # noqa: T201 - its answer
        finally:
            local.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
