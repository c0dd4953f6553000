"""What reaches the terminal: streams, JSON, and progress that is redrawn in place."""

from __future__ import annotations

import io

import pytest

from decant.console import Console
from decant.watch import Sight
from tests.unit.decant.cli.test_bootstrap import Event
from tests.unit.decant.samples import a_deployment


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """For stdout and stderr: one terminal of 100 columns."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    return Terminal()


def _console(terminal: Terminal, *, as_json: bool = False) -> Console:
    return Console(as_json=as_json, stdout=terminal, stderr=terminal)


def test_colours_a_terminal(terminal: Terminal) -> None:
    _console(terminal).say("v7 is live", "bold green")
    assert terminal.getvalue() == "\x1b[1;32mv7 is live\x1b[0m\n"


def test_no_color_leaves_the_text(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    _console(terminal).say("v7 is live", "green")
    assert terminal.getvalue() == "v7 is live\n"


def test_text_is_never_read_as_markup(terminal: Terminal) -> None:
    console = _console(terminal)
    console.say("[bold]x[/bold] :smile:")
    console.error("no [/] such file")
    console.table("[red]t", ("a",), [(None, ("[dim]cell",))])
    for text in ("[bold]x[/bold] :smile:", "no [/] such file", "[red]t", "[dim]cell"):
        assert text in terminal.getvalue()


def test_a_long_sentence_is_not_broken_into_lines(terminal: Terminal) -> None:
    _console(terminal).note("word " * 50)
    assert terminal.getvalue().count("\n") == 1


def test_what_does_not_fit_a_table_s_column_goes_on_in_the_next_line(terminal: Terminal) -> None:
    path = "assets/" + "a-long-name-" * 20 + ".js"
    _console(terminal).table("Files", ("File", "Size#"), [(None, (path, "1.0 KB"))])
    shown = terminal.getvalue()
    assert "…" not in shown
    assert path in "".join(shown.split()).replace("1.0KB", "")


def test_a_terminal_gets_a_bar_for_bytes(terminal: Terminal) -> None:
    with _console(terminal).byte_bar("Uploading", 2048) as moved:
        moved(1024)
        moved(1024)
    assert "━" in terminal.getvalue()
    assert "2.0/2.0 KiB" in terminal.getvalue()


def test_a_terminal_gets_the_stage_of_a_deployment(terminal: Terminal) -> None:
    with _console(terminal).deployment_progress() as report:
        report(Sight(None, 0))
        report(Sight(a_deployment("copying", shards=12, shards_done=3), 1))
    assert "copying 3/12" in terminal.getvalue()


def test_a_terminal_gets_a_text_that_counts(terminal: Terminal) -> None:
    with _console(terminal).counting("Deleting [3] versions", 3) as show:
        show(2, "2 of 3 versions deleted")
    assert "Deleting [3] versions" in terminal.getvalue()
    assert "2 of 3 versions deleted" in terminal.getvalue()


def test_a_dumb_terminal_gets_each_text_once(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with _console(terminal).counting("none yet") as show:
        for count, text in enumerate(["none yet", "one", "one", "two"]):
            show(count, text)
    assert terminal.getvalue() == "none yet\none\ntwo\n"


def test_a_terminal_keeps_only_the_steps_that_are_done(terminal: Terminal) -> None:
    with _console(terminal).stack_progress() as report:
        report(Event("decant-prod-edge", "Table", "CREATE_IN_PROGRESS"))
        report(Event("decant-prod-edge", "Table", "CREATE_COMPLETE"))
    kept = [line for line in terminal.getvalue().splitlines() if "CREATE_" in line]
    assert any("decant-prod-edge  Table  CREATE_COMPLETE" in line for line in kept)


def test_a_dumb_terminal_gets_plain_lines(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with _console(terminal).byte_bar("Uploading", 2048) as moved:
        moved(2048)
    assert terminal.getvalue() == "Uploading (2.0 KB)\n"


def test_in_json_mode_even_a_terminal_gets_only_the_document(terminal: Terminal) -> None:
    console = _console(terminal, as_json=True)
    console.say("x")
    console.note("x")
    console.error("x")
    console.table("x", ("x",), [(None, ("x",))])
    with console.byte_bar("x", 1) as moved, console.deployment_progress() as report:
        moved(1)
        report(Sight(None, 0))
    with console.counting("x") as show:
        show(1, "y")
    with console.stack_progress() as step:
        step(Event("x", "x", "CREATE_FAILED"))
    console.document({"name": "größe"})
    assert terminal.getvalue() == '{\n  "name": "größe"\n}\n'
