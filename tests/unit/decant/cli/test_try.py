"""`decant try`: one answer for each address, as a table or line by line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.decant.cli.world import Outcome, World


@pytest.fixture
def folder(site: Path) -> Path:
    """The site with a page, rules and a page for what is missing."""
    (site / "docs").mkdir()
    (site / "docs" / "index.html").write_text("docs")
    (site / "404.html").write_text("no")
    (site / "_redirects").write_text("/old /docs/ 301\n/who/:name /docs/?is=:name 302\n")
    (site / "_headers").write_text("/docs/\n  X-Docs: yes\n")
    return site


def lines(outcome: Outcome) -> list[dict[str, Any]]:
    assert outcome.stderr == ""
    return [json.loads(line) for line in outcome.stdout.splitlines()]


def test_a_table_says_where_each_address_leads(world: World, folder: Path) -> None:
    outcome = world.run("try", folder, "/docs/", "/old?a=b", "/nothing")
    assert outcome.exit_code == 0
    assert [line.split() for line in outcome.stdout.splitlines() if line.strip()] == [
        ["Path", "Status", "Where", "to", "File"],
        ["/docs/", "200", "docs/index.html"],
        ["/old?a=b", "301", "/docs/?a=b"],
        ["/nothing", "404", "404.html"],
    ]
    assert world.connected == []


def test_json_is_an_object_a_line_for_each_line_of_standard_input(
    world: World, folder: Path
) -> None:
    asked = b'/docs/\n/old?a=b\n\n/nothing\n/%zz\n{"path": "/old", "query": {"c": "d"}}\n'
    outcome = world.run("try", folder, "--json", stdin=asked)
    assert outcome.exit_code == 0
    told = lines(outcome)
    assert [list(line) for line in told] == [["path", "status", "location", "file", "headers"]] * 5
    assert [(t["path"], t["status"], t["location"], t["file"]) for t in told] == [
        ("/docs/", 200, None, "docs/index.html"),
        ("/old?a=b", 301, "/docs/?a=b", None),
        ("/nothing", 404, None, "404.html"),
        ("/%zz", 400, None, None),
        ("/old", 301, "/docs/?c=d", None),
    ]
    headers = told[0]["headers"]
    assert headers["x-docs"] == "yes"
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert all(name == name.lower() and isinstance(headers[name], str) for name in headers)
    assert not any(name.startswith("x-amz-") for name in headers)


def test_a_line_that_is_no_request_is_told_and_the_others_are_answered(
    world: World, folder: Path
) -> None:
    outcome = world.run("try", folder, "--json", stdin=b'/\nnothing\n{"path"\n\xff\n/docs/\n')
    assert outcome.exit_code == 1
    told = lines(outcome)
    assert [line["path"] for line in told] == ["/", "nothing", '{"path"', "\ufffd", "/docs/"]
    assert [list(line) for line in told[1:4]] == [["path", "error"]] * 3
    assert told[4]["status"] == 200


def test_headers_and_cookies_of_the_line_are_sent(world: World, folder: Path) -> None:
    asked = (
        b'{"path": "/app"}\n'
        b'{"path": "/app", "headers": {"Sec-Fetch-Mode": "cors"}}\n'
        b'{"path": "/", "cookies": {"decant": "pr-1"}}\n'
    )
    application = ("--not-found", "single-page-application")
    told = lines(world.run("try", folder, "--json", *application, stdin=asked))
    assert [(line["status"], line["file"]) for line in told] == [
        (200, "index.html"),
        (404, None),
        (404, None),
    ]


def test_paths_of_the_command_line_are_lines_as_well(world: World, folder: Path) -> None:
    outcome = world.run("try", folder, "/", "/old", "--json", stdin=b"/nothing\n")
    assert [line["path"] for line in lines(outcome)] == ["/", "/old"]


def test_what_is_half_a_character_is_answered(world: World, folder: Path) -> None:
    (told,) = lines(world.run("try", folder, "--json", stdin=b'{"path": "/\\ud800"}\n'))
    assert (told["path"], told["status"]) == ("/\ud800", 400)


@pytest.mark.parametrize(
    ("options", "status", "location"),
    [
        ((), 307, "/docs/"),
        (("--html-handling", "drop-trailing-slash"), 200, None),
        (("--html-handling", "none"), 404, None),
        (("--html-handling", "none", "--not-found", "none"), 404, None),
    ],
)
def test_options_win_over_the_sites_settings(
    options: tuple[str, ...], status: int, location: str | None, world: World, folder: Path
) -> None:
    (told,) = lines(world.run("try", folder, "--json", *options, stdin=b"/docs\n"))
    assert (told["status"], told["location"]) == (status, location)


def test_without_a_path_or_json_it_is_wrong_usage(world: World, folder: Path) -> None:
    outcome = world.run("try", folder)
    assert outcome.exit_code == 2
    assert "Name a path" in outcome.stderr


def test_a_path_that_is_none_is_told_beside_the_table(world: World, folder: Path) -> None:
    outcome = world.run("try", folder, "/", "docs")
    assert outcome.exit_code == 1
    assert "index.html" in outcome.stdout
    assert outcome.stderr.startswith("error: docs: The path does not begin with /")


def test_a_site_that_would_be_refused_is_refused(world: World, folder: Path) -> None:
    (folder / "decant.toml").write_text("no_such = 1")
    outcome = world.run("try", folder, "/")
    assert outcome.exit_code == 3
    assert "decant.toml, line 1" in outcome.stderr


def test_each_line_is_answered_before_the_next_is_read(folder: Path) -> None:
    command = [sys.executable, "-m", "decant", "try", str(folder), "--json"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for path in ("/", "/docs/", "/old"):
            process.stdin.write(f"{path}\n".encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["path"] == path
        process.stdin.close()
        assert process.wait(20) == 0
