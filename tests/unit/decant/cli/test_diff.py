"""`decant diff`: which versions are compared, and how what differs reads."""

from __future__ import annotations

import pytest

from tests.unit.decant.cli.world import World
from tests.unit.decant.samples import a_diff, a_file, an_alias

KB = 1024
CHANGES = a_diff(
    a_file("about/index.html", 1100, 1066),
    a_file("assets/app.50bde2c8.js", None, 3 * KB),
    a_file("assets/app.1111aaaa.js", 2 * KB, None),
    a_file("index.html", KB, KB),
)


@pytest.mark.parametrize(
    ("args", "compared", "title"),
    [
        (("41", "42"), (41, 42), "v41 → v42"),
        (("v41", "v42"), (41, 42), "v41 → v42"),
        (("production", "staging"), (7, 9), "v7 (production) → v9 (staging)"),
        (("staging", "v3"), (9, 3), "v9 (staging) → v3"),
        (("42",), (7, 42), "v7 (production) → v42"),
        (("staging",), (7, 9), "v7 (production) → v9 (staging)"),
    ],
)
def test_compares(
    args: tuple[str, ...], compared: tuple[int, int], title: str, world: World
) -> None:
    world.stage.api.known_aliases = (an_alias("production", 7), an_alias("staging", 9))
    world.stage.api.difference = CHANGES
    outcome = world.run("diff", *args)
    assert outcome.exit_code == 0
    assert [call[:3] for call in world.stage.api.calls] == [("diff", *compared)]
    assert outcome.stdout.splitlines()[0].strip() == title


def test_lists_each_file_with_its_mark_size_and_difference_and_the_totals(world: World) -> None:
    world.stage.api.difference = CHANGES
    outcome = world.run("diff", "41", "42")
    *listed, summary = outcome.stdout.splitlines()
    assert [line.split() for line in listed] == [
        ["v41", "→", "v42"],
        ["File", "Size", "Difference"],
        ["M", "about/index.html", "1.0", "KB", "-34", "B"],
        ["A", "assets/app.50bde2c8.js", "3.0", "KB", "+3.0", "KB"],
        ["D", "assets/app.1111aaaa.js", "-2.0", "KB"],
        ["M", "index.html", "1.0", "KB", "±0", "B"],
        [],
    ]
    assert summary == (
        "4 files differ: 1 added (3.0 KB), 2 changed (2.0 KB), 1 removed (2.0 KB); "
        "12 are the same (12.0 KB)."
    )


def test_one_of_each_is_told_in_the_singular(world: World) -> None:
    world.stage.api.difference = a_diff(a_file("a.html", None, 5), unchanged_files=1)
    assert world.run("diff", "41", "42").stdout.splitlines()[-1] == (
        "1 file differs: 1 added (5 B); 1 is the same (1.0 KB)."
    )


def test_marks_have_colours(world: World) -> None:
    world.stage.api.difference = CHANGES
    shown = world.run("diff", "41", "42", env={"FORCE_COLOR": "1", "TERM": "xterm"}).stdout
    colours = {line[:5]: line[5] for line in shown.splitlines() if line[:3] == "\x1b[3"}
    assert colours == {"\x1b[33m": "M", "\x1b[32m": "A", "\x1b[31m": "D"}


def test_says_that_no_file_differs(world: World) -> None:
    world.stage.api.known_aliases = (an_alias("production", 42),)
    assert world.run("diff", "41").stdout == (
        "No file differs between v42 (production) and v41: 12 files, 12.0 KB.\n"
    )


def test_shows_the_first_50_files_and_how_many_more_there_are(world: World) -> None:
    world.stage.api.difference = a_diff(*(a_file(f"{n:03}.html", None, 1) for n in range(51)))
    lines = world.run("diff", "41", "42").stdout.splitlines()
    assert world.stage.api.calls == [("diff", 41, 42, 50)]
    assert [line.split()[1] for line in lines[2:52]] == [f"{n:03}.html" for n in range(50)]
    assert lines[52] == "… and 1 more file: --all shows them."
    assert lines[-1].startswith("51 files differ: 51 added (51 B);")


def test_all_shows_every_file(world: World) -> None:
    world.stage.api.difference = a_diff(*(a_file(f"{n:03}.html", None, 1) for n in range(120)))
    shown = world.run("diff", "41", "42", "--all").stdout
    assert world.stage.api.calls == [("diff", 41, 42, None)]
    assert shown.count(".html") == 120
    assert "more file" not in shown


def test_json_is_one_document_with_every_file(world: World) -> None:
    world.stage.api.difference = a_diff(*(a_file(f"{n:03}.html", n, None) for n in range(120)))
    document = world.run("diff", "41", "42", "--json").document
    assert len(document.pop("files")) == 120
    assert document == {
        "from": 41,
        "to": 42,
        "added": {"files": 0, "bytes": 0},
        "changed": {"files": 0, "bytes": 0},
        "removed": {"files": 120, "bytes": 7140},
        "unchanged": {"files": 12, "bytes": 12 * KB},
    }


@pytest.mark.parametrize("name", ["", "V42", "4.2", "-", "a/b", "release_1", "a" * 64])
def test_refuses_what_names_neither_a_version_nor_an_alias(name: str, world: World) -> None:
    outcome = world.run("diff", "--", "41", name)
    assert outcome.exit_code == 2
    assert "is neither a version nor an alias: write it like v42, 42 or production" in (
        outcome.stderr
    )
    assert world.connected == []


@pytest.mark.parametrize(("args", "name"), [(("42",), "production"), (("41", "pr-1"), "pr-1")])
def test_says_that_there_is_no_such_alias(args: tuple[str, ...], name: str, world: World) -> None:
    outcome = world.run("diff", *args)
    assert outcome.exit_code == 1
    assert f"There is no alias {name!r} in the stage 'prod'" in outcome.stderr
    assert world.stage.api.calls == []
