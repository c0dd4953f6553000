"""A model of what a deploy takes on AWS, from what bench/results/deploy.json has counted.

Pure, but for `main`. Requests are counts of the benchmark, in proportion to the files; seconds and
dollars follow from them with the assumptions below. docs/scale.md explains it; nothing of it was
measured on AWS. `python -m bench.scale` prints it.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from chalicelib.decisions.room import MAX_TABLE_BYTES
from chalicelib.gateways.store import MAX_KEYS_AN_UPDATE
from chalicelib.route_table import least_bytes
from chalicelib.work import SHARD_FILES, SHARD_NEW_FILES

RESULTS = Path(__file__).parent / "results" / "deploy.json"
SIZES = (1_000, 10_000, 100_000, 1_000_000)  # files
CHANGED = 0.01  # of the files, in a redeploy

# What is assumed, as AWS documents it or as Decant sets it up.
PUTS_A_SECOND = 3_500  # S3, below one prefix
CHILDREN = 40  # copying at once: MaxConcurrency of the Distributed Map
THREADS = 16  # of one child
CP_REQUESTS = 10  # at once: the AWS CLI's default
PUT_SECONDS = 0.030  # one small PUT within the region
LIST_FILES = 1_000  # in one answer
LAMBDA_GB = 1_769 / 1_024
ENTRIES_A_BUCKET = 80  # of a route table, on average (chalicelib/route_table.py)

# US dollars, us-east-1's list prices as of November 2026.
PUT_DOLLARS = 0.005 / 1_000  # PUT, COPY, POST, LIST
GET_DOLLARS = 0.0004 / 1_000
STORE_DOLLARS = 1 / 1_000  # one request to the KeyValueStore's API
LAMBDA_DOLLARS = 0.0000166667  # a GB-second
INVOCATION_DOLLARS = 0.20 / 1_000_000


@dataclass(frozen=True, slots=True)
class Measured:
    """What the benchmark has counted, for one file of the site. `extra_puts` and `gets` are
    requests; the seconds are those of our stages and of the AWS CLI's whole road, on one machine.
    """

    extra_puts: float
    gets: float
    plan_seconds: float
    copy_seconds: float
    finish_seconds: float
    cp_seconds: float


@dataclass(frozen=True, slots=True)
class Cost:
    """A deploy: requests by kind, seconds from start to ready, dollars."""

    puts: int
    gets: int
    lists: int
    store_requests: int
    seconds: float
    dollars: float


def measured(results: Mapping[str, Any]) -> Measured:
    """The figures of `redeploy_1pct` in the benchmark's results, by file. Raises KeyError."""
    section = results["redeploy_1pct"]
    ours, files = section["ours"], section["files"]
    stages = section["seconds_of_stages"]
    return Measured(
        extra_puts=section["extra_puts"] / files,
        gets=ours["requests"]["GetObject"] / files,
        plan_seconds=stages["plan"] / files,
        copy_seconds=stages["copy"] / files,
        finish_seconds=stages["finish"] / files,
        cp_seconds=section["cp"]["seconds"] / files,
    )


def ours(files: int, new: int, by: Measured) -> Cost:
    """Decant deploys a site of so many files, `new` of which must be stored."""
    flat = is_flat(files)
    new = files if flat else new  # a flat version has all files in its own layer
    shards = max(math.ceil(files / SHARD_FILES), math.ceil(new / SHARD_NEW_FILES))
    # A shard has one paper when it is done, and before that one for each 250 files that it stores.
    puts = new + max(math.ceil(by.extra_puts * files), 4) + math.ceil(new / 250)
    gets = math.ceil(by.gets * files) + 3 * shards
    lists = math.ceil(new / LIST_FILES)
    buckets = 0 if flat else math.ceil(files / ENTRIES_A_BUCKET)
    updates = math.ceil((buckets + 1) / MAX_KEYS_AN_UPDATE)  # 1: the version's own record
    store = 2 * updates + 1
    copying = by.copy_seconds * files + new * PUT_SECONDS / THREADS  # of all shards together
    at_once = math.ceil(shards / CHILDREN) * copying / shards
    serial = (by.plan_seconds + by.finish_seconds) * files
    busy = copying + serial
    return Cost(
        puts,
        gets,
        lists,
        store,
        seconds=serial + max(at_once, new / PUTS_A_SECOND),
        dollars=(puts + lists) * PUT_DOLLARS
        + gets * GET_DOLLARS
        + store * STORE_DOLLARS
        + busy * LAMBDA_GB * LAMBDA_DOLLARS
        + (shards + 2) * INVOCATION_DOLLARS,
    )


def cp(files: int, by: Measured) -> Cost:
    """`aws s3 cp --recursive` stores every file, in a first deploy and in each that follows. The
    machine that it runs on is not counted."""
    slowest = max(by.cp_seconds, PUT_SECONDS / CP_REQUESTS, 1 / PUTS_A_SECOND)
    return Cost(files, 0, 0, 0, files * slowest, files * PUT_DOLLARS)


def is_flat(files: int) -> bool:
    """Whether a site of so many files is too large for a route table."""
    return least_bytes(files) > MAX_TABLE_BYTES


def _table(title: str, share: float, by: Measured) -> Table:
    table = Table(title=title, title_justify="left")
    for column in ("files", "", "PUT", "GET", "LIST", "store", "seconds", "US$"):
        table.add_column(column, justify="left" if column == "" else "right")
    for files in SIZES:
        both = {"ours": ours(files, math.ceil(files * share), by), "cp": cp(files, by)}
        for name, cost in both.items():
            counts = (cost.puts, cost.gets, cost.lists, cost.store_requests)
            figures = (f"{cost.seconds:,.1f}", f"{cost.dollars:.4f}")
            table.add_row(f"{files:,}", name, *(f"{count:,}" for count in counts), *figures)
    return table


def main() -> int:
    """Print the model; 2 when the benchmark has not run."""
    console = Console()
    try:
        by = measured(json.loads(RESULTS.read_text()))
    except (FileNotFoundError, KeyError):
        console.print("No redeploy_1pct in bench/results/deploy.json: run `make bench-deploy`.")
        return 2
    console.print("A model: nothing of it was measured on AWS (docs/scale.md).")
    console.print(_table("First deploy", 1.0, by), _table("Redeploy of 1 %", CHANGED, by))
    return 0


if __name__ == "__main__":
    sys.exit(main())
