"""One bash process that runs a build's commands one after the other.

All commands share the shell, as in CodeBuild with buildspec 0.2: `cd`, variables and functions
last. A command that ends the shell (`exit`) ends only itself: the next one gets a new shell.

The shell leads a process group, so that all it started can be killed at once. A watcher in that
group holds a pipe from this process and kills the group when we end, however that happens.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

KB = 1024
_LINE_BYTES = 64 * KB
_LOOK_SECONDS = 0.1

# Reads NUL-terminated commands from {fd}; after each, tells its status on a line of its own. The
# pipe is closed inside commands: they cannot read those that are still to come.
_DRIVER = r"""
while IFS= read -r -d '' -u {fd} DECANT_COMMAND; do
  eval "$DECANT_COMMAND" {fd}<&-
  builtin printf '\n%s %s\n' '{marker}' "$?"
done
"""

_WATCHER = "read -r -u {fd}; kill -KILL 0"


class Shell:
    """Runs commands in `folder` with exactly the variables of `environment`.

    `on_line` gets each line of output without its end, from another thread.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], on_line: Callable[[str], None]
    ) -> None:
        """Start nothing yet."""
        self._folder = folder
        self._environment = dict(environment)
        self._on_line = on_line
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._watchers: list[tuple[int, subprocess.Popen[bytes]]] = []
        self._killed = False
        self._commands_fd = -1
        self._alive_fds: list[int] = []
        self._marker = ""
        self._answered = threading.Event()
        self._status = 0

    def run(self, command: str) -> int:
        """The exit status of `command`; -9 when the shell has been killed."""
        process = self._running()
        if process is None:
            return -signal.SIGKILL
        self._answered.clear()
        with contextlib.suppress(OSError):  # the shell has ended or been killed: seen just below
            _write_all(self._commands_fd, command.encode() + b"\0")
        while not self._answered.wait(_LOOK_SECONDS):
            if process.poll() is not None and not self._answered.wait(_LOOK_SECONDS):
                return process.returncode
        return self._status

    def values(self, names: Sequence[str]) -> dict[str, str]:
        """The present values of shell variables; those that are not set are left out."""
        found: dict[str, str] = {}
        folder = self._folder / f".decant-{secrets.token_hex(8)}"
        for name in names:
            # Through a file: a value may have any number of lines.
            told = self.run(
                f'[ -n "${{{name}+set}}" ] && builtin printf %s "${{{name}}}" > "{folder}"'
            )
            if told == 0:
                found[name] = folder.read_text(errors="replace")
        folder.unlink(missing_ok=True)
        return found

    def kill(self) -> None:
        """End the shell and all it has started; commands fail from now on."""
        with self._lock:
            self._killed = True
            for group, watcher in self._watchers:
                # A watcher is waited for only here: until then the group's id cannot be reused.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)
                watcher.wait()
            if self._process:
                self._process.wait()
            for descriptor in (self._commands_fd, *self._alive_fds):
                if descriptor >= 0:
                    os.close(descriptor)
            self._watchers, self._alive_fds, self._commands_fd = [], [], -1

    def _running(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._killed:
                return None
            if self._process is None or self._process.poll() is not None:
                self._start()
            return self._process

    def _start(self) -> None:
        if self._commands_fd >= 0:
            os.close(self._commands_fd)
        read_fd, self._commands_fd = os.pipe()
        self._marker = f"decant-{secrets.token_hex(16)}"
        driver = _DRIVER.replace("{fd}", str(read_fd)).replace("{marker}", self._marker)
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-c", driver],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(read_fd,),
            process_group=0,
        )
        os.close(read_fd)
        self._watch(self._process.pid)
        threading.Thread(target=self._read, args=(self._process, self._marker), daemon=True).start()

    def _watch(self, group: int) -> None:
        read_fd, alive_fd = os.pipe()
        self._alive_fds.append(alive_fd)
        watcher = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-c", _WATCHER.replace("{fd}", str(read_fd))],
            env={"PATH": self._environment.get("PATH", os.defpath)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(read_fd,),
            process_group=group,
        )
        self._watchers.append((group, watcher))
        os.close(read_fd)

    def _read(self, process: subprocess.Popen[bytes], marker: str) -> None:
        """Pass on the output; a blank line in front of a marker is the driver's."""
        blank = False
        assert process.stdout is not None  # noqa: S101 - it was asked for with PIPE
        with process.stdout as stream:
            while raw := stream.readline(_LINE_BYTES):
                line = raw.decode(errors="replace").rstrip("\r\n")
                if line.startswith(marker):
                    self._status = int(line.rpartition(" ")[2])
                    blank = False
                    self._answered.set()
                    continue
                if blank:
                    self._on_line("")
                blank = not line
                if line:
                    self._on_line(line)


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
