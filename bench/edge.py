"""The edge benchmark: what a request costs in the router, against a peer's function.

`make bench-edge` runs it, writes bench/results/edge.json and prints a table. Router and baseline
(bench/baseline.js) run in one process of njs, the engine family of CloudFront Functions, in turns;
the store is an object in memory, so that what is measured is the code and not the store.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from chalicelib.alias_record import encode
from chalicelib.manifest import Manifest, ManifestFile
from chalicelib.records import Version
from chalicelib.routing import compile_routing
from chalicelib.rules.model import SiteRules, SiteSettings
from chalicelib.rules.redirects import parse_redirects
from decant.local.edge_runtime import without_import
from edge.template import shipped, source

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "edge.json"
VERSION = Version(42, "ready", "production", "d", "k", "o", "t")
REQUESTS = 20_000  # a turn
PATTERNS = 100

# One process: each function in a scope of its own, requests in turns of both, milliseconds of each.
_PROGRAM = """
const theStore = %(store)s;
let theReads = 0;
const cf = { kvs: () => ({
  get: (key) => {
    theReads++;
    const text = theStore[key];
    return text === undefined ? Promise.reject(new Error('KeyNotFound')) : Promise.resolve(text);
  },
  exists: (key) => { theReads++; return Promise.resolve(theStore[key] !== undefined); },
}) };
%(ours)s
%(baseline)s
const events = %(events)s;
function noQuery() { return undefined; }
function event(i) {
  const request = {
    method: 'GET', uri: events[i %% events.length], querystring: {}, headers: {}, cookies: {},
    rawQueryString: noQuery,
  };
  return { request: request, viewer: { ip: '192.0.2.1' } };
}
async function turn(handle, requests) {
  const begun = Date.now();
  for (let i = 0; i < requests; i++) {
    const answer = await handle(event(i));
    if (answer.statusCode >= 400) { throw new Error(String(answer.statusCode)); }
  }
  return Date.now() - begun;
}
async function reads() {
  let most = 0;
  for (let i = 0; i < events.length; i++) {
    theReads = 0;
    await handler(event(i));
    most = Math.max(most, theReads);
  }
  return most;
}
async function main() {
  const most = await reads();
  await turn(handler, %(requests)d / 4);
  await turn(baseline, %(requests)d / 4);
  const ours = [];
  const theirs = [];
  for (let i = 0; i < %(turns)d; i++) {
    const one = await turn(handler, %(requests)d);
    ours.push(one);
    const other = await turn(baseline, %(requests)d);
    theirs.push(other);
  }
  console.log(JSON.stringify({ ours: ours, baseline: theirs, reads: most }));
}
main();
"""


def pages(count: int) -> dict[str, int]:
    """A site of about so many files in three layers: half of them pages, half of them scripts."""
    files = {"index.html": 1, "404.html": 1}
    for number in range(count // 2):
        files[f"docs/section-{number % 97}/page-{number}/index.html"] = 1 + number % 3
        files[f"assets/page-{number}.0a1b{number % 10000:04d}.js"] = 1 + number % 3
    return files


def redirects(exact: int, patterns: int) -> str:
    """A `_redirects` file."""
    lines = [f"/old/page-{n} /docs/section-0/page-{n}/ 301" for n in range(exact)]
    lines += [f"/archive-{n}/* /docs/:splat 301" for n in range(patterns)]
    return "\n".join(lines)


def store_of(files: Mapping[str, int], rules: str = "") -> dict[str, str]:
    """What the store holds when production points at the site."""
    listed = tuple(
        ManifestFile(path, 1, "0" * 64, 1, (), layer) for path, layer in sorted(files.items())
    )
    parsed = SiteRules(SiteSettings(), parse_redirects(rules, "cloudflare").rules)
    routing = compile_routing(Manifest(VERSION.number, listed, rules=parsed))
    record = encode(replace(VERSION, rules=routing.rules))
    return {"path": "v42", **routing.store_entries(VERSION), "a/production": record}


def measure(store: Mapping[str, str], paths: list[str], turns: int) -> dict[str, Any]:
    """Milliseconds of each turn of both functions, and the most reads of one request."""
    baseline = without_import((ROOT / "bench" / "baseline.js").read_text())
    program = _PROGRAM % {
        "store": json.dumps(store),
        "ours": without_import(shipped("router", source("edge/router"))),
        "baseline": baseline.replace("function handler", "function baseline"),
        "events": json.dumps(paths),
        "requests": REQUESTS,
        "turns": turns,
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "program.js"
        file.write_text(program)
        done = subprocess.run(["njs", str(file)], capture_output=True, text=True, check=False)
    if done.returncode or not done.stdout.startswith("{"):
        raise RuntimeError(f"njs failed: {done.stdout[-500:]}{done.stderr[-500:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def asked(files: Mapping[str, int]) -> list[str]:
    """Up to 100 addresses spread over the site, pages and scripts in turns."""
    addresses = [f"/{path.removesuffix('index.html')}" for path in files if path != "404.html"]
    step = max(1, len(addresses) // 100) | 1  # odd, so that pages and scripts take turns
    return addresses[::step][:100]


def run(turns: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Every figure."""
    small, large = pages(100), pages(100_000)
    begun = time.perf_counter()
    large_store = store_of(large)
    compile_seconds = time.perf_counter() - begun
    cases: dict[str, tuple[dict[str, str], list[str]]] = {
        "100 pages": (store_of(small), asked(small)),
        "100,000 pages": (large_store, asked(large)),
        "10,000 redirects, pages asked": (store_of(small, redirects(10_000, 0)), asked(small)),
        "10,000 redirects, redirects asked": (
            store_of(small, redirects(10_000, 0)),
            [f"/old/page-{n}" for n in range(0, 10_000, 100)],
        ),
        "100 patterns, pages asked": (store_of(small, redirects(0, PATTERNS)), asked(small)),
        "100 patterns, patterns asked": (
            store_of(small, redirects(0, PATTERNS)),
            [f"/archive-{n % PATTERNS}/a/b" for n in range(100)],
        ),
    }
    measured = {}
    for name, (store, paths) in cases.items():
        measured[name] = measure(store, paths, turns)
        say(name)
    # The quickest turn: what disturbs the others is not the code.
    micros = {name: min(one["ours"]) * 1000 / REQUESTS for name, one in measured.items()}
    baseline = {name: min(one["baseline"]) * 1000 / REQUESTS for name, one in measured.items()}
    # Against the baseline of the same process: machines are noisy from one to the next.
    relative = {name: micros[name] / baseline[name] for name in cases}
    few = relative["100 pages"]
    return {
        "ratio_to_baseline": round(few, 2),
        "growth_pages_100_to_100k": round(relative["100,000 pages"] / few, 3),
        "growth_redirects_0_to_10k": round(relative["10,000 redirects, pages asked"] / few, 3),
        "max_reads": {name: one["reads"] for name, one in measured.items()},
        "code_bytes": {
            "router": len(shipped("router", source("edge/router")).encode()),
            "response": len(shipped("response.js", source("edge/response.js")).encode()),
        },
        "compile_100k_seconds": round(compile_seconds, 2),
        "microseconds": {name: round(value, 1) for name, value in micros.items()},
        "microseconds_baseline": {name: round(value, 1) for name, value in baseline.items()},
        "machine": {"python": platform.python_version(), "turns": turns, "requests": REQUESTS},
    }


_TARGETS = (
    ("time, times the baseline", ("ratio_to_baseline",), 2.0),
    ("100 to 100,000 pages", ("growth_pages_100_to_100k",), 1.15),
    ("0 to 10,000 redirects", ("growth_redirects_0_to_10k",), 1.15),
    ("reads for a page", ("max_reads", "100,000 pages"), 2),
    ("reads for an exact redirect", ("max_reads", "10,000 redirects, redirects asked"), 3),
    ("reads for a pattern", ("max_reads", "100 patterns, patterns asked"), 3),
    ("router, bytes", ("code_bytes", "router"), 10_239),
    ("response, bytes", ("code_bytes", "response"), 10_239),
    ("compile 100,000 files, seconds", ("compile_100k_seconds",), 5),
)


def targets(results: Mapping[str, Any]) -> Table:
    """What is wanted beside what was measured."""
    table = Table("target", "measured", "at most", "", title="Edge", title_justify="left")
    for name, keys, most in _TARGETS:
        value: Any = results
        for key in keys:
            value = value[key]
        table.add_row(name, f"{value:,}", f"{most:,}", "met" if value <= most else "[red]missed[/]")
    return table


def main() -> int:
    """Run it; 2 when something that it needs is missing."""
    parser = argparse.ArgumentParser(description="The edge benchmark.")
    parser.add_argument("--turns", type=int, default=9, help="of each function, for each case")
    given = parser.parse_args()
    console = Console()
    if shutil.which("njs") is None:
        console.print("njs is missing: install it (Debian: apt install njs).", style="red")
        return 2
    results = run(given.turns, lambda name: console.print(f"  {name}", style="dim"))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    console.print(targets(results))
    for name, value in results["microseconds"].items():
        base = results["microseconds_baseline"][name]
        console.print(f"- {name}: {value} µs, baseline {base} µs", highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
