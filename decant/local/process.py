"""Starts, finds and stops local AWS: the server process and all that it spawned.

The server runs in a process group of its own, so that ending the group ends the Lambda workers and
builds too, and it watches a pipe from here, so that it ends when this process is killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from decant.local.errors import LocalAwsFailed
from decant.local.state import (
    ROOT_ACCESS_KEY_ID,
    ROOT_SECRET_ACCESS_KEY,
    LocalRecord,
    StateFolder,
    is_running,
)

# A start takes some 2 seconds; on a busy machine with two cores it has taken 10.
_START_SECONDS = 60
# The server gives requests 2 seconds to finish, then saves its state.
_STOP_SECONDS = 15
_POLL_SECONDS = 0.05
_LOG_LINES = 30


def default_state_dir() -> Path:
    """`.decant/local` in this checkout."""
    return Path(__file__).parents[2] / ".decant" / "local"


@dataclass(frozen=True, slots=True)
class StartOptions:
    """How to start. Port 0: that of the folder's last run, or any free one."""

    fresh: bool = False
    persist: bool = False
    port: int = 0
    site_port: int = 0
    region: str = "us-east-1"

    def arguments(self) -> list[str]:
        """The server's command line options."""
        flags = [
            flag
            for flag, wanted in (("--fresh", self.fresh), ("--persist", self.persist))
            if wanted
        ]
        ports = ["--port", str(self.port), "--site-port", str(self.site_port)]
        return [*ports, "--region", self.region, *flags]


class LocalAws:
    """A running local AWS. Made by `start` or `attach`."""

    def __init__(
        self,
        folder: StateFolder,
        record: LocalRecord,
        process: subprocess.Popen[bytes] | None = None,
        alive: int | None = None,
    ) -> None:
        """`process` and `alive` (the pipe's end) are known to whoever started the server."""
        self.folder = folder
        self.record = record
        self._process = process
        self._alive = alive

    @classmethod
    def start(cls, state_dir: Path, options: StartOptions | None = None) -> LocalAws:
        """Start a server in `state_dir` and return when it answers, within 60 seconds.

        Raises LocalAwsFailed when one runs there already or when it ends or hangs; the message
        has the end of its log. The server ends with this process, however that ends.
        """
        folder = StateFolder.at(state_dir)
        if is_running(folder):
            raise LocalAwsFailed(f"A local AWS runs in {folder.root} already: stop it first.")
        folder.root.mkdir(parents=True, exist_ok=True)
        watched, alive = os.pipe()
        command = [sys.executable, "-m", "decant.local.server", "--state-dir", str(folder.root)]
        with folder.log.open("wb") as log:
            process = subprocess.Popen(
                [*command, "--alive-fd", str(watched), *(options or StartOptions()).arguments()],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[watched],
                start_new_session=True,
            )
        os.close(watched)
        try:
            record = _wait_for_record(folder, process)
        except BaseException:  # an interrupt too must leave no server behind
            _end_group(process.pid)
            process.wait()
            os.close(alive)
            raise
        return cls(folder, record, process, alive)

    @classmethod
    def attach(cls, state_dir: Path) -> LocalAws:
        """The server that runs in `state_dir`; raises LocalAwsFailed when none does."""
        folder = StateFolder.at(state_dir)
        record = folder.read_record() if is_running(folder) else None
        if record is None:
            raise LocalAwsFailed(f"No local AWS runs in {folder.root}: start it: `decant local`.")
        return cls(folder, record)

    @property
    def endpoint_url(self) -> str:
        """Where every AWS client is sent."""
        return self.record.endpoint_url

    def is_running(self) -> bool:
        """Whether the server lives."""
        if self._process is not None:
            return self._process.poll() is None
        return is_running(self.folder)

    def stop(self) -> None:
        """End the server and everything that it started; returns when no process is left."""
        if self.is_running():
            os.kill(self.record.pid, signal.SIGTERM)
            _wait_until(lambda: not self.is_running(), _STOP_SECONDS)
        _end_group(self.record.pid)
        if self._process is not None:
            self._process.wait()
        if self._alive is not None:
            os.close(self._alive)
            self._alive = None

    def profile_for(self, stage: str, api_url: str | None = None) -> dict[str, str | None]:
        """The stage profile (`.decant/stages/<stage>.json`) that sends every client here."""
        return {
            "stage": stage,
            "region": self.record.region,
            "profile": None,
            "endpoint_url": self.record.endpoint_url,
            "access_key_id": ROOT_ACCESS_KEY_ID,
            "secret_access_key": ROOT_SECRET_ACCESS_KEY,
            "site_url": self.record.site_url,
            "api_url": api_url,
        }

    def log_tail(self) -> str:
        """The last 30 lines of the log."""
        return _log_tail(self.folder)


def serve(state_dir: Path, options: StartOptions, started: Callable[[LocalAws], None]) -> None:
    """Start local AWS, call `started`, and stay until SIGINT or SIGTERM; then stop it.

    Raises LocalAwsFailed when it does not start, or ends by itself.
    """
    told = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal told
        told = True

    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    local = LocalAws.start(state_dir, options)
    try:
        started(local)
        while not told and local.is_running():
            time.sleep(_POLL_SECONDS)
    finally:
        local.stop()
        for number, handler in previous.items():
            signal.signal(number, handler)
    if not told:
        raise LocalAwsFailed(f"Local AWS ended by itself; its log ends with:\n{local.log_tail()}")


def processes_of_group(group: int) -> list[int]:
    """The ids of the live processes in a process group."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The fields after the command name, which is in brackets and may hold anything.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        if fields[0] != "Z" and int(fields[2]) == group:
            found.append(int(entry.name))
    return found


def _wait_for_record(folder: StateFolder, process: subprocess.Popen[bytes]) -> LocalRecord:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise LocalAwsFailed(f"Local AWS did not start; its log says:\n{_log_tail(folder)}")
        record = folder.read_record()
        if record is not None and record.pid == process.pid:
            return record
        time.sleep(_POLL_SECONDS)
    raise LocalAwsFailed(
        f"Local AWS did not answer in {_START_SECONDS} seconds; its log says:\n{_log_tail(folder)}"
    )


def _wait_until(done: Callable[[], bool], limit_seconds: float) -> None:
    deadline = time.monotonic() + limit_seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _end_group(group: int) -> None:
    """Kill what is left of a process group, and wait until it is gone."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
    _wait_until(lambda: not processes_of_group(group), _STOP_SECONDS)


def _log_tail(folder: StateFolder) -> str:
    lines = folder.log.read_text(errors="replace").splitlines()
    return "\n".join(lines[-_LOG_LINES:])
