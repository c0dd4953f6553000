"""Runs programs and measures them: wall seconds, processor seconds, peak memory.

Keep this process small: Linux counts what the parent used at the fork to the child's peak.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
KB_IN_MB = 1024  # ru_maxrss is in KB on Linux


@dataclass(frozen=True, slots=True)
class Run:
    """What one contender took: the sum of its programs, and the largest of their peaks."""

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    facts: Mapping[str, Any]


def environment(endpoint: str) -> dict[str, str]:
    """The environment of every contender: the same endpoint and credentials."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONPATH": str(ROOT),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def run(commands: Sequence[Sequence[str]], env: Mapping[str, str]) -> Run:
    """Run `commands` one after another. Raises RuntimeError when one fails."""
    start, cpu, peak = time.perf_counter(), 0.0, 0.0
    for command in commands:
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{command[0]} failed with {process.returncode}")
        cpu += used.ru_utime + used.ru_stime
        peak = max(peak, used.ru_maxrss / KB_IN_MB)
    return Run(time.perf_counter() - start, cpu, peak, {})


def run_ours(
    arguments: Sequence[Sequence[str]], env: Mapping[str, str], *, warm: bool = False
) -> Run:
    """Run `bench.ours` once for each of `arguments`, all at the same time.

    `warm`: the wall seconds count from when all are ready, as warm Lambda functions are; all other
    figures count from the start of the interpreter.
    """
    begun = time.perf_counter()
    command = [sys.executable, "-m", "bench.ours"]
    started = [
        subprocess.Popen(
            [*command, *given], env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for given in arguments
    ]
    for process in started:
        if process.stdout is None or process.stdout.readline() != b"ready\n":
            raise RuntimeError("bench.ours did not become ready")
    start = time.perf_counter()
    for process in started:
        if process.stdin is not None:
            process.stdin.write(b"go\n")
            process.stdin.close()
    answers = [process.stdout.read() if process.stdout else b"" for process in started]
    wall = time.perf_counter() - (start if warm else begun)
    used = [os.wait4(process.pid, 0) for process in started]
    for process, (_, status, _) in zip(started, used, strict=True):
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"bench.ours failed with {process.returncode}")
    return Run(
        wall,
        sum(usage.ru_utime + usage.ru_stime for _, _, usage in used),
        max(usage.ru_maxrss for _, _, usage in used) / KB_IN_MB,
        json.loads(answers[0]),
    )


def median(runs: Sequence[Run]) -> Run:
    """The median of each figure."""
    return Run(
        statistics.median(r.wall_seconds for r in runs),
        statistics.median(r.cpu_seconds for r in runs),
        statistics.median(r.peak_mb for r in runs),
        runs[-1].facts,
    )


def make_site(kind: str, target: Path) -> dict[str, int]:
    """The zip of a site (see bench.sites), written by a process of its own."""
    made: dict[str, int] = json_of("bench.sites", kind, str(target))
    return made


def json_of(module: str, *arguments: str) -> Any:
    """What `module`, run as a process of its own, prints."""
    command = [sys.executable, "-m", module, *arguments]
    return json.loads(subprocess.check_output(command, cwd=ROOT))
