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

from bench.running import ROOT, Run, environment, json_of, make_site, median, run, run_ours
from bench.sink import Sink, SinkMissing
from bench.sites import CHANGED_EVERY, PYTHON_DOC

AWS = ROOT / ".venv-bench" / "bin" / "aws"
RESULTS = ROOT / "bench" / "results" / "deploy.json"
DELAY_SECONDS = 0.030  # added to every S3 request where shards are compared
NOTES = (
    "The sink is nginx on the same processors: it verifies no signature and takes its share.",
    "DynamoDB's record and the KeyValueStore are kept in memory; Finish's listing (1 request per "
    "1,000 files) is read from the sink's folder.",
    "Seconds, CPU and memory count from the start of the interpreter, and cp's and sync's with "
    "unzip; plan_100k.seconds and shards_8 count from a warm process.",
    "Eight processes share the processors there are: with two, shards_8 came to 5.6 to 6.1 as the "
    "machine was busy; plan_100k to 2.7 to 3.2 seconds.",
    "A redeploy is compared with cp alone, which stores every file: sync would ask for a listing, "
    "which the sink does not have.",
)


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

    def redeploy_1pct(self, kind: str) -> dict[str, Any]:
        """A site of which every 100th file has changed, deployed on top of the first: ours and cp
        in turns."""
        self._deploy_first(kind)
        given, facts, zip_ = self.site(f"{kind}-changed")
        changed = -(-facts["files"] // CHANGED_EVERY)
        ours, cp, puts = [], [], 0
        for turn in range(self._runs):
            run, requests = self._redeploy(given, changed)
            ours.append(run)
            puts = requests.get("PutObject", 0) + requests.get("UploadPart", 0)
            self._say(f"redeploy of 1 %: ours {turn + 1}/{self._runs}", run)
            self._sink.clear("other")
            cp.append(self._cli(zip_, "cp", "--recursive", bucket="other"))
            self._say(f"redeploy of 1 %: cp {turn + 1}/{self._runs}", cp[-1])
        zip_.unlink()
        middle, reference = median(ours), median(cp)
        return {
            "files": facts["files"],
            "changed_files": changed,
            "speedup": round(reference.wall_seconds / middle.wall_seconds, 2),
            "cpu_speedup": round(reference.cpu_seconds / middle.cpu_seconds, 2),
            "extra_puts": puts - changed,
            "peak_mb": round(middle.peak_mb, 1),
            "seconds_of_stages": {
                stage: round(seconds, 2) for stage, seconds in middle.facts["seconds"].items()
            },
            "ours": _figures(middle, facts["files"], ours) | {"requests": requests},
            "cp": _figures(reference, facts["files"], cp) | {"requests": self._sink.requests()},
        }

    def redeploy_same(self, kind: str) -> dict[str, Any]:
        """The same zip deployed once more: no file of the site is stored again."""
        given = self._deploy_first(kind)
        run, requests = self._redeploy(given, 0)
        self._say("redeploy of the same zip", run)
        return {
            "puts": len(self._stored_below("v2")),
            "seconds": round(run.wall_seconds, 2),
            "requests": requests,
        }

    def _deploy_first(self, kind: str) -> list[str]:
        """Deploy a site as v1, which is kept; the arguments of bench.ours."""
        given, _, _ = self.site(kind)
        self._clear()
        run_ours([given], self._env)
        return given

    def _redeploy(self, given: list[str], changed: int) -> tuple[Run, dict[str, int]]:
        """Deploy as v2 on top of v1; the run, and its requests. What an earlier v2 has left is
        cleared first."""
        hosting = self._sink.bucket("hosting")
        shutil.rmtree(hosting / "v2", ignore_errors=True)
        (hosting / "_manifests" / "v2.json").unlink(missing_ok=True)
        self._sink.clear("artifacts")
        run = run_ours([[*given, "--number", "2", "--base", "1"]], self._env)
        requests = self._sink.requests()
        v2 = self._stored_below("v2")
        same = [
            name
            for name in v2
            if (hosting / "v2" / name).read_bytes() == (hosting / "v1" / name).read_bytes()
        ]
        if len(v2) != changed or same:
            raise RuntimeError(f"{len(v2)} files are stored, {len(same)} of them unchanged")
        return run, requests

    def _stored_below(self, layer: str) -> list[str]:
        folder = self._sink.bucket("hosting") / layer
        return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]

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

    def _cli(self, zip_: Path, command: str, *options: str, bucket: str = "hosting") -> Run:
        tree = self._home / "tree"
        shutil.rmtree(tree, ignore_errors=True)
        unzip = ["unzip", "-q", str(zip_), "-d", str(tree)]
        s3 = [str(AWS), "s3", command, "--quiet", *options, str(tree), f"s3://{bucket}/v1/"]
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


# Title, section and key of the results, what is wanted.
_TARGETS = (
    ("files/s, times cp", "first_deploy", "files_per_second_ratio", ">=", 3.5),
    ("CPU, share of cp", "first_deploy", "cpu_ratio", "<=", 0.333),
    ("peak MB, zip of 1 GB", "memory", "peak_mb_1gb", "<=", 200),
    ("peak, 1 GB against 100 MB", "memory", "growth", "<=", 1.1),
    ("Plan of 100,000, seconds", "plan_100k", "seconds", "<=", 3),
    ("Plan of 100,000, peak MB", "plan_100k", "peak_mb", "<=", 200),
    ("8 shards, times one", "shards_8", "speedup", ">=", 6),
    ("redeploy of 1 %, times cp", "redeploy_1pct", "speedup", ">=", 15),
    ("redeploy of 1 %, PUTs beside files", "redeploy_1pct", "extra_puts", "<=", 10),
    ("redeploy of 1 %, peak MB", "redeploy_1pct", "peak_mb", "<=", 200),
    ("same zip again, files stored", "redeploy_same", "puts", "<=", 0),
    ("switch, 100,000 files to 10", "switch", "ratio_100k_to_10", "<=", 1.5),
)


def _targets(results: dict[str, Any]) -> Table:
    table = Table("target", "measured", "wanted", "", title="Targets", title_justify="left")
    for name, section, key, sign, wanted in _TARGETS:
        if section in results:
            measured = results[section][key]
            met = measured >= wanted if sign == ">=" else measured <= wanted
            verdict = "met" if met else "[red]missed[/]"
            table.add_row(name, f"{measured:,}", f"{sign} {wanted}", verdict)
    return table


def _sections(bench: Bench, *, small: bool) -> dict[str, Callable[[], Any]]:
    made = "made-small" if small else "made"
    python_doc = {"first_deploy_python_doc": lambda: bench.first_deploy("python-doc")}
    return {
        "first_deploy": lambda: bench.first_deploy(made),
        **(python_doc if PYTHON_DOC.is_dir() else {}),
        "redeploy_1pct": lambda: bench.redeploy_1pct(made),
        "redeploy_same": lambda: bench.redeploy_same(made),
        "memory": bench.memory,
        "plan_100k": bench.plan_100k,
        "shards_8": bench.shards_8,
        "switch": lambda: json_of("bench.switch"),
    }


def _benchmark(home: Path, given: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Measure what is asked for; each section is kept as soon as it is measured."""
    wanted = [name for name in given.only.split(",") if name]
    before = json.loads(RESULTS.read_text()) if wanted and RESULTS.exists() else {}
    kept: dict[str, Any] = {**before, "notes": NOTES}
    RESULTS.parent.mkdir(exist_ok=True)
    with Sink(home / "sink") as sink:
        bench = Bench(sink, home, given.runs, console)
        sections = _sections(bench, small=given.small)
        unknown = ", ".join(name for name in wanted if name not in sections)
        if unknown:
            raise SystemExit(f"--only: there is no {unknown}; there are {', '.join(sections)}.")
        for name in wanted or sections:
            load = [round(os.getloadavg()[0], 1)]
            kept[name] = sections[name]()
            load.append(round(os.getloadavg()[0], 1))
            kept[name]["machine"] = {
                "cpus": os.cpu_count(),
                "load_before_and_after": load,
                "runs": given.runs,
            }
            RESULTS.write_text(json.dumps(kept, indent=2) + "\n")
    return kept


def main() -> int:
    """Run it; 2 when something that it needs is missing."""
    parser = argparse.ArgumentParser(description="The deploy benchmark.")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="", help="some keys of the results: a,b; others stay")
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
            results = _benchmark(Path(scratch), given, console)
        except SinkMissing as error:
            console.print(str(error), style="red")
            return 2
    for name in ("first_deploy", "first_deploy_python_doc"):
        if name in results:
            title = f"{name}, {results[name]['files']:,} files"
            console.print(_table(title, results[name]))
    console.print(_targets(results))
    for note in NOTES:
        console.print(f"- {note}", highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
