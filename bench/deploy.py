"""The deploy benchmark: how fast, at what cost and in how much memory a site is deployed.

`make bench-deploy` runs it, writes bench/results/deploy.json and prints tables. Three contenders
take turns on the same endpoint, an nginx that takes PUTs (see bench/sink.py):
- ours: Plan, Copy and Finish in one process, shard after shard (AWS runs them side by side);
- cp: unzip, then `aws s3 cp --recursive`, the reference toolkit's road;
- sync: unzip, then `aws s3 sync`, the CDK's road.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.running import ROOT, Run, environment, make_site, median, run, run_ours
from bench.sink import Sink, SinkMissing
from bench.sites import PYTHON_DOC

AWS = ROOT / ".venv-bench" / "bin" / "aws"
RESULTS = ROOT / "bench" / "results" / "deploy.json"
DELAY_SECONDS = 0.030  # added to every S3 request where shards are compared
NOTES = (
    "The sink is nginx on the same processors: it verifies no signature and takes its share.",
    "DynamoDB's record is kept in memory; Finish's listing (1 request per 1,000 files) is read "
    "from the sink's folder.",
    "Seconds, CPU and memory count from the start of the interpreter, and cp's and sync's with "
    "unzip; plan_100k.seconds and shards_8 count from a warm process.",
)
# redeploy_1pct, redeploy_same and switch come with layers and the route table.


class Bench:
    """One benchmark in a scratch folder."""

    def __init__(self, sink: Sink, home: Path, runs: int, console: Console) -> None:
        self._sink = sink
        self._home = home
        self._runs = runs
        self._console = console
        self._env = environment(sink.endpoint)

    def site(self, kind: str) -> tuple[list[str], dict[str, int], Path]:
        """Put the zip of a site where the source bucket has it; the arguments of bench.ours."""
        self._sink.bucket("source").mkdir(exist_ok=True)
        zip_ = self._sink.bucket("source") / f"{kind}.zip"
        facts = make_site(kind, zip_)
        data = str(self._sink.bucket("."))
        files, bytes_ = str(facts["files"]), str(facts["bytes"])
        given = ["--data", data, "--zip", str(zip_), "--files", files, "--bytes", bytes_]
        return given, facts, zip_

    def first_deploy(self, kind: str) -> dict[str, Any]:
        """All contenders in turns on one site; their medians, requests, and ours against cp."""
        given, facts, zip_ = self.site(kind)
        contenders: dict[str, Callable[[], Run]] = {
            "ours": lambda: run_ours([given], self._env),
            "cp": lambda: self._cli(zip_, "cp", "--recursive"),
            "sync": lambda: self._cli(zip_, "sync"),
        }
        runs: dict[str, list[Run]] = {name: [] for name in contenders}
        requests: dict[str, dict[str, int]] = {}
        for turn in range(self._runs):
            for name, contend in contenders.items():
                self._clear()
                runs[name].append(contend())
                requests[name] = self._sink.requests()
                self._say(f"{kind}: {name} {turn + 1}/{self._runs}", runs[name][-1])
        stored = sum(1 for path in self._sink.bucket("hosting").rglob("*") if path.is_file())
        if stored != facts["files"]:
            raise RuntimeError(f"{stored} of {facts['files']} files are stored")
        zip_.unlink()
        medians = {name: median(of) for name, of in runs.items()}
        ours, cp = medians["ours"], medians["cp"]
        return {
            **facts,
            "files_per_second_ratio": round(cp.wall_seconds / ours.wall_seconds, 2),
            "cpu_ratio": round(ours.cpu_seconds / cp.cpu_seconds, 3),
            **{
                name: _figures(m, facts["files"], runs[name]) | {"requests": requests[name]}
                for name, m in medians.items()
            },
        }

    def memory(self) -> dict[str, Any]:
        """The larger peak of a process that plans and one that copies every shard, for a small
        and a large zip. Files are thrown away: the sink cannot put parts together. first_deploy
        has the peak with Finish.
        """
        figures: dict[str, Any] = {}
        for size in ("100mb", "1gb"):
            given, _, zip_ = self.site(f"bulky-{size}")
            peaks = []
            for _ in range(self._runs):
                self._clear()
                plan = run_ours([[*given, "--stages", "plan"]], self._env)
                shards = ",".join(map(str, range(plan.facts["shards"])))
                copying = ["--stages", "copy", "--shards", shards, "--hosting", "discard"]
                copy = run_ours([[*given, *copying]], self._env)
                peaks.append(max(plan, copy, key=lambda run: run.peak_mb))
                self._say(f"memory: {size}", peaks[-1])
            figures[f"peak_mb_{size}"] = round(median(peaks).peak_mb, 1)
            zip_.unlink()
        figures["growth"] = round(figures["peak_mb_1gb"] / figures["peak_mb_100mb"], 3)
        return figures

    def plan_100k(self) -> dict[str, Any]:
        """Plan by itself, for 100,000 entries."""
        given, _, zip_ = self.site("entries-100k")
        runs = []
        for _ in range(self._runs):
            self._clear()
            runs.append(run_ours([[*given, "--stages", "plan"]], self._env, warm=True))
            self._say("plan: 100,000 entries", runs[-1])
        zip_.unlink()
        middle = median(runs)
        return {
            "seconds": round(middle.wall_seconds, 2),
            "cpu_seconds": round(middle.cpu_seconds, 2),
            "peak_mb": round(middle.peak_mb, 1),
            "requests": self._sink.requests(),
        }

    def shards_8(self) -> dict[str, Any]:
        """8 shards one after another in a process, and in 8 processes at once, on a slow network.

        The delay is a sleep in the client before each request. Files are thrown away by the sink,
        so that it has processor left for 8 processes.
        """
        given, facts, zip_ = self.site("shards-8")
        self._clear()
        run_ours([[*given, "--stages", "plan"]], self._env)
        given = [*given, "--stages", "copy", "--hosting", "discard", "--delay", str(DELAY_SECONDS)]
        alone: list[Run] = []
        together: list[Run] = []
        one, eight = [range(8)], [range(n, n + 1) for n in range(8)]
        for _ in range(self._runs):
            for runs, split in ((alone, one), (together, eight)):
                shutil.rmtree(self._sink.bucket("artifacts") / "deployments" / _ID / "stored", True)
                shards = [[*given, "--shards", ",".join(map(str, part))] for part in split]
                runs.append(run_ours(shards, self._env, warm=True))
                self._say(f"shards: {len(split)} at once", runs[-1])
        zip_.unlink()
        slow, fast = median(alone), median(together)
        return {
            "files": facts["files"],
            "delay_ms": DELAY_SECONDS * 1000,
            "seconds_1": round(slow.wall_seconds, 2),
            "seconds_8": round(fast.wall_seconds, 2),
            "speedup": round(slow.wall_seconds / fast.wall_seconds, 2),
        }

    def _cli(self, zip_: Path, command: str, *options: str) -> Run:
        tree = self._home / "tree"
        shutil.rmtree(tree, ignore_errors=True)
        unzip = ["unzip", "-q", str(zip_), "-d", str(tree)]
        s3 = [str(AWS), "s3", command, "--quiet", *options, str(tree), "s3://hosting/v1/"]
        return run([unzip, s3], self._env)

    def _clear(self) -> None:
        self._sink.clear("hosting", "artifacts", "discard")

    def _say(self, what: str, done: Run) -> None:
        figures = f"{done.wall_seconds:.1f} s, CPU {done.cpu_seconds:.1f} s, {done.peak_mb:.0f} MB"
        self._console.print(f"  {what}: {figures}", style="dim", highlight=False)


_ID = "d" + "0" * 20  # of bench.ours, which imports too much to be imported here


def _figures(middle: Run, files: int, runs: Sequence[Run]) -> dict[str, Any]:
    walls = sorted(run.wall_seconds for run in runs)
    return {
        "seconds": round(middle.wall_seconds, 2),
        "seconds_of_runs": [round(wall, 2) for wall in walls],
        "files_per_second": round(files / middle.wall_seconds),
        "cpu_seconds": round(middle.cpu_seconds, 2),
        "peak_mb": round(middle.peak_mb, 1),
    }


def _table(title: str, deploy: dict[str, Any]) -> Table:
    table = Table(title=title, title_justify="left")
    for column in ("", "seconds", "files/s", "CPU s", "peak MB", "S3 requests"):
        table.add_column(column, justify="right" if column else "left", overflow="fold")
    for name in ("ours", "cp", "sync"):
        row = deploy[name]
        requests = ", ".join(f"{count:,} {kind}" for kind, count in row["requests"].items())
        figures = (row["seconds"], row["files_per_second"], row["cpu_seconds"], row["peak_mb"])
        table.add_row(name, *(f"{figure:,}" for figure in figures), requests)
    return table


def _targets(results: dict[str, Any]) -> Table:
    first, memory = results["first_deploy"], results["memory"]
    rows = (
        ("files/s, times cp", first["files_per_second_ratio"], ">=", 3.5),
        ("CPU, share of cp", first["cpu_ratio"], "<=", 0.333),
        ("peak MB, zip of 1 GB", memory["peak_mb_1gb"], "<=", 200),
        ("peak, 1 GB against 100 MB", memory["growth"], "<=", 1.1),
        ("Plan of 100,000, seconds", results["plan_100k"]["seconds"], "<=", 3),
        ("Plan of 100,000, peak MB", results["plan_100k"]["peak_mb"], "<=", 200),
        ("8 shards, times one", results["shards_8"]["speedup"], ">=", 6),
    )
    table = Table("target", "measured", "wanted", "", title="Targets", title_justify="left")
    for name, measured, sign, wanted in rows:
        met = measured >= wanted if sign == ">=" else measured <= wanted
        table.add_row(name, f"{measured:,}", f"{sign} {wanted}", "met" if met else "[red]missed[/]")
    return table


def _benchmark(home: Path, runs: int, *, small: bool, console: Console) -> dict[str, Any]:
    load = [round(os.getloadavg()[0], 1)]
    with Sink(home / "sink") as sink:
        bench = Bench(sink, home, runs, console)
        results: dict[str, Any] = {
            "first_deploy": bench.first_deploy("made-small" if small else "made"),
            "first_deploy_python_doc": (
                bench.first_deploy("python-doc") if PYTHON_DOC.is_dir() else None
            ),
            "memory": bench.memory(),
            "plan_100k": bench.plan_100k(),
            "shards_8": bench.shards_8(),
        }
    load.append(round(os.getloadavg()[0], 1))
    machine = {"cpus": os.cpu_count(), "load_before_and_after": load, "runs": runs}
    return {"machine": machine, "notes": NOTES, **results}


def main() -> int:
    """Run it; 2 when something that it needs is missing."""
    parser = argparse.ArgumentParser(description="The deploy benchmark.")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--small", action="store_true", help="2,000 files instead of 20,000")
    given = parser.parse_args()
    console = Console()
    missing = [str(need) for need in ("unzip", AWS) if shutil.which(need) is None]
    if missing:
        console.print(f"{', '.join(missing)}: missing; run `make bench-deploy`.", style="red")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nginx is stopped then, too
    with tempfile.TemporaryDirectory(prefix="decant-bench-") as scratch:
        try:
            results = _benchmark(Path(scratch), given.runs, small=given.small, console=console)
        except SinkMissing as error:
            console.print(str(error), style="red")
            return 2
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    console.print(
        _table(f"First deploy, {results['first_deploy']['files']:,} files", results["first_deploy"])
    )
    if results["first_deploy_python_doc"]:
        console.print(_table("First deploy, python3.11-doc", results["first_deploy_python_doc"]))
    console.print(_targets(results))
    for note in NOTES:
        console.print(f"- {note}", highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
