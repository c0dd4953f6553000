"""What the operator sees: the only module that writes to the terminal.

Data goes to stdout, progress and errors to stderr. With `--json` stdout gets exactly one JSON
document (from `decant try` one on each line) and stderr nothing. Without a terminal (CI logs,
pipes) there are plain lines instead of bars and colours; Rich itself heeds NO_COLOR, FORCE_COLOR
and TERM.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Protocol, TextIO

from decant import wording

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.progress import Progress

    from decant.watch import Sight

_PLAIN_COLUMNS = 4000  # without a terminal no table is cut or folded; Rich uses what it needs


class Step(Protocol):
    """One event of a bootstrap."""

    @property
    def stack(self) -> str:
        """The stack's name, or `chalice deploy`."""

    @property
    def resource(self) -> str:
        """What of it: a resource's logical name, a line of `chalice deploy`."""

    @property
    def status(self) -> str:
        """How far it is: `CREATE_IN_PROGRESS`, `COMPLETE`."""

    @property
    def reason(self) -> str | None:
        """Why, when it failed."""


class Console:
    """Stdout and stderr of one command; by default this process's."""

    def __init__(
        self, *, as_json: bool, stdout: TextIO | None = None, stderr: TextIO | None = None
    ) -> None:
        self.as_json = as_json
        self._stdout = stdout or sys.stdout
        self._stderr = stderr or sys.stderr

    @cached_property
    def _out(self) -> RichConsole:
        return _rich_console(self._stdout)

    @cached_property
    def _err(self) -> RichConsole:
        return _rich_console(self._stderr)

    @property
    def live(self) -> bool:
        """Whether progress may be redrawn in place."""
        return not self.as_json and self._err.is_terminal and not self._err.is_dumb_terminal

    def document(self, content: Mapping[str, object]) -> None:
        """The one JSON document of `--json`; nothing otherwise."""
        if self.as_json:
            self._stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
            self._stdout.flush()  # the command may go on for long

    def line(self, content: Mapping[str, object]) -> None:
        """One of many JSON documents, on a line of its own and sent at once; nothing otherwise.

        In ASCII, since it may hold what is no text, such as half a surrogate pair.
        """
        if self.as_json:
            self._stdout.write(json.dumps(content) + "\n")
            self._stdout.flush()

    def say(self, text: str, style: str | None = None) -> None:
        """A line of the result, for a person."""
        if not self.as_json:
            self._out.print(text, style=style, soft_wrap=True)

    def note(self, text: str, style: str | None = None) -> None:
        """A line beside the result: progress, an explanation, a warning."""
        if not self.as_json:
            self._err.print(text, style=style, soft_wrap=True)

    def error(self, message: str) -> None:
        """`error: message`; in JSON mode whoever calls puts it into the document."""
        if not self.as_json:
            self._err.print("error:", style="bold red", end=" ")
            self._err.print(message, soft_wrap=True)

    def table(
        self, title: str, columns: Sequence[str], rows: Sequence[tuple[str | None, Sequence[str]]]
    ) -> None:
        """A table of the result. Each row is a style (None: plain) and a text for each column;
        columns whose name ends with `#` (not shown) are numbers, set to the right."""
        if self.as_json:
            return
        from rich.table import Table  # loaded when needed: keeps `--help` quick
        from rich.text import Text

        table = Table(
            title=title, title_justify="left", title_style="bold", box=None, pad_edge=False
        )
        for column in columns:
            justify: Literal["left", "right"] = "right" if column.endswith("#") else "left"
            # fold: what does not fit goes on in the next line; nobody can use half a path
            table.add_column(
                column.rstrip("#"), justify=justify, header_style="dim", overflow="fold"
            )
        for style, cells in rows:
            table.add_row(*(Text(cell) for cell in cells), style=style)
        self._out.print(table)

    @contextmanager
    def byte_bar(self, label: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
        """Progress of moving bytes; yields what to call with the bytes moved since the last call,
        from any thread. Without a terminal: a line when it begins."""
        if not self.live:
            self.note(f"{label} ({wording.size(total_bytes)})")
            yield lambda _count: None
            return
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._err) as progress:
            task = progress.add_task(label, total=total_bytes)
            yield lambda count: progress.advance(task, count)

    @contextmanager
    def deployment_progress(self) -> Iterator[Callable[[Sight], None]]:
        """Progress of a deployment; yields what to call with each sight of it."""
        if not self.live:
            yield self._plain_deployment()
            return
        with self._spinner() as progress:
            yield _live_deployment(progress)

    @contextmanager
    def counting(self, text: str, total: int | None = None) -> Iterator[Callable[[int, str], None]]:
        """Progress of counting to `total` (None: nobody knows how far), which begins with `text`;
        yields what to call with the count so far and a new text. Without a terminal: the texts."""
        if not self.live:
            yield self._plain_counting(text)
            return
        with self._spinner() as progress:
            task = progress.add_task(text, total=total)
            yield lambda count, new: progress.update(task, completed=count, description=new)

    @contextmanager
    def stack_progress(self) -> Iterator[Callable[[Step], None]]:
        """Progress of stacks, resource by resource; yields what to call with each event."""
        if not self.live:
            yield self._print_step
            return
        with self._err.status("asking CloudFormation") as status:

            def report(step: Step) -> None:
                if step.status.endswith("IN_PROGRESS"):
                    from rich.markup import escape

                    status.update(escape(f"{step.stack}: {step.resource} {step.status}"))
                else:
                    self._print_step(step)

            yield report

    def _spinner(self) -> Progress:
        """A text with a bar, which pulses while the total is None."""
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
        )
        # transient: the line that says how it ended follows
        return Progress(*columns, console=self._err, transient=True)

    def _print_step(self, step: Step) -> None:
        reason = f": {step.reason}" if step.reason else ""
        style = "red" if "FAILED" in step.status else None
        self.note(f"{step.stack}  {step.resource}  {step.status}{reason}", style)

    def _plain_counting(self, text: str) -> Callable[[int, str], None]:
        """One line for each text that is new."""
        self.note(text)
        last = text

        def report(_count: int, new: str) -> None:
            nonlocal last
            if new != last:
                last = new
                self.note(new)

        return report

    def _plain_deployment(self) -> Callable[[Sight], None]:
        """One line for each change, and while copying for each quarter."""
        last: tuple[str, int] | None = None

        def report(sight: Sight) -> None:
            nonlocal last
            deployment = sight.deployment
            status = deployment.status if deployment else ""
            quarter = 0
            if deployment and deployment.shards:
                quarter = 4 * deployment.shards_done // deployment.shards
            here = (status, quarter if status == "copying" else 0)
            if here != last:
                last = here
                self.note(
                    f"{wording.duration(sight.elapsed_seconds):>12}  {wording.stage_of(sight)}"
                )

        return report


def _live_deployment(progress: Progress) -> Callable[[Sight], None]:
    task = progress.add_task("waiting", total=None)

    def report(sight: Sight) -> None:
        deployment = sight.deployment
        copying = deployment is not None and deployment.status == "copying"
        shards = deployment.shards if deployment is not None and copying else None
        progress.update(
            task,
            description=wording.stage_of(sight),
            total=shards,
            completed=deployment.shards_done if deployment is not None and copying else 0,
        )

    return report


def _rich_console(stream: TextIO) -> RichConsole:
    """A console that prints text as it is: no markup, no guessing what to colour."""
    from rich.console import Console as RichConsole  # loaded when needed: keeps `--help` quick

    console = RichConsole(file=stream, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _PLAIN_COLUMNS
    return console
