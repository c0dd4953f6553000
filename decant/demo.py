"""`make demo`: the whole product on this machine, with the commands a person would type.

Starts local AWS, bootstraps a stage (which runs `chalice deploy`), deploys version 1 and version 2
of the example site, switches back to 1, and looks at each state over HTTP at the edge.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import FrameType

from rich.console import Console

from chalicelib.errors import DecantError
from decant.connection import Connection
from decant.local.process import LocalAws, StartOptions, default_state_dir
from decant.profiles import STAGES_FOLDER, ProfileFolder, StageProfile

PROJECT = Path(__file__).resolve().parent.parent
STAGE = "local"
EDGE_SECONDS = 30  # how long the edge may take to show a switch; on this machine it is at once
_POLL_SECONDS = 0.2


class DemoFailed(DecantError):
    """A step of the demo did not end as it should."""


class Demo:
    """Runs the steps one after another, each shown as it is typed."""

    def __init__(self, local: LocalAws, console: Console) -> None:
        self._local = local
        self._console = console

    def run(self) -> None:
        """All steps. Raises DemoFailed with what went wrong."""
        profile = StageProfile.model_validate(self._local.profile_for(STAGE))
        ProfileFolder(PROJECT / STAGES_FOLDER).write(profile)
        self._decant("bootstrap")
        self._decant("deploy", "examples/hello/v1")
        self._expect("Hello, version 1")
        self._decant("deploy", "examples/hello/v2")
        self._expect("Hello, version 2")
        self._decant("diff", "1", "2")
        self._decant("switch", "1")
        self._expect("Hello, version 1")
        self._decant("versions")
        self._decant("status")
        self._console.print(
            f"\nSite       {self._local.record.site_url}\n"
            f"Admin API  {Connection(profile).api_url()}\n"
            f"AWS        {self._local.record.endpoint_url}",
            soft_wrap=True,
        )

    def _decant(self, *arguments: str) -> None:
        self._console.print(f"\n[bold]$ decant {' '.join(arguments)}[/bold]")
        command = [str(Path(sys.executable).with_name("decant")), *arguments, "--stage", STAGE]
        if subprocess.run(command, cwd=PROJECT, check=False).returncode != 0:
            raise DemoFailed(
                f"`decant {arguments[0]}` failed; the log is {self._local.folder.log}."
            )

    def _expect(self, words: str) -> None:
        """Wait until the site's front page says `words`."""
        url = self._local.record.site_url
        deadline = time.monotonic() + EDGE_SECONDS
        while words not in _get(url):
            if time.monotonic() > deadline:
                raise DemoFailed(f"{url} did not say {words!r} within {EDGE_SECONDS} seconds.")
            time.sleep(_POLL_SECONDS)
        self._console.print(f"[green]✓[/green] {url} says “{words}”")


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  our own address
        return str(answer.read().decode())


def _stay(local: LocalAws, console: Console) -> None:
    console.print("Try        .venv/bin/decant rollback\nCtrl-C stops everything.")
    while local.is_running():
        time.sleep(_POLL_SECONDS)
    raise DemoFailed(f"Local AWS ended by itself; the log is {local.folder.log}.")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run the demo; stays until Ctrl-C unless `--once` is given. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="leave after the checks")
    once = parser.parse_args().once
    console = Console()
    # Set here, since a shell starts what runs in the background with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    started = time.monotonic()
    try:
        console.print("[bold]$ decant local --fresh[/bold]")
        local = LocalAws.start(default_state_dir(), StartOptions(fresh=True))
        try:
            Demo(local, console).run()
            console.print(f"\nThe whole demo took {time.monotonic() - started:.0f} seconds.")
            if not once:
                _stay(local, console)
        finally:
            local.stop()
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 0 if not once else 130
    except DecantError as error:
        console.print(f"[red]The demo failed:[/red] {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
