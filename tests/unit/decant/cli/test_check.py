"""`decant check`: the picture of a site, and what its exit code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.decant.cli.world import World


@pytest.fixture
def folder(site: Path) -> Path:
    """The site with something to tell of each kind."""
    (site / ".env").write_text("S=1")
    (site / "index.html").write_text('<a href="/nothing">x</a>\n<a href="/assets/app.js">y</a>')
    (site / "decant.toml").write_text('[retention]\nversions = 1\ndays = 2\n[cache]\n"/a" = "x"\n')
    (site / "_redirects").write_text("/old /assets/app.js 301\n/a\n")
    (site / "_headers").write_text("/index.html\n  X-A: 1\n")
    (site / "netlify.toml").write_text("")
    return site


def test_the_picture_has_settings_numbers_routes_findings_and_links(
    world: World, folder: Path
) -> None:
    outcome = world.run("check", folder, "--html-handling", "force-trailing-slash")
    assert outcome.exit_code == 0
    text = [" ".join(line.split()) for line in outcome.stdout.splitlines()]
    for line in (
        "html_handling force-trailing-slash this command",
        "not_found none the site's files",
        "dialect cloudflare default",
        "cache /a x decant.toml",
        "retention 1 version, 2 days decant.toml",
        "Files 3 files, 56 B",
        "Left out .env",
        "/ index.html",
        "1 /old /assets/app.js 301",
        "index.html 1 /nothing",
        "It can be deployed: 2 warnings, 1 broken link.",
    ):
        assert line in text, (line, text)
    assert text.index("_headers") < text.index("_redirects") < text.index("netlify.toml")
    assert any(line.startswith("1 warning No file is served at /index.html") for line in text)
    assert any(line.startswith("2 warning") for line in text)
    assert world.connected == []


def test_json_has_all_of_it_in_one_document(world: World, folder: Path) -> None:
    outcome = world.run("check", folder, "--json")
    assert outcome.exit_code == 0
    told = outcome.document
    assert told["settings"] == {
        "html_handling": "auto-trailing-slash",
        "not_found": "none",
        "dialect": "cloudflare",
        "cache": [["/a", "x"]],
        "retention": {"versions": 1, "days": 2},
    }
    counts = told["counts"]
    assert (counts["files"], counts["left_out"], counts["redirects"]) == (3, 1, 1)
    assert (counts["errors"], counts["warnings"], counts["notes"]) == (0, 2, 1)
    assert told["left_out"] == [".env"]
    assert told["pages"] == [{"address": "/", "file": "index.html"}]
    assert told["redirects"] == [{"line": 1, "from": "/old", "to": "/assets/app.js", "status": 301}]
    assert [(one["file"], one["line"], one["severity"]) for one in told["findings"]] == [
        ("_headers", 1, "warning"),
        ("_redirects", 2, "warning"),
        ("netlify.toml", 0, "note"),
    ]
    assert told["links"] == {
        "checked": 2,
        "broken": 1,
        "first": [{"page": "index.html", "line": 1, "link": "/nothing"}],
    }


def test_a_site_that_is_well_is_called_so(world: World, site: Path) -> None:
    outcome = world.run("check", site)
    assert outcome.exit_code == 0
    assert outcome.stdout.splitlines()[-1] == "It can be deployed, and all is well."


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_error_of_the_rules_exits_1(options: tuple[str, ...], world: World, site: Path) -> None:
    (site / "decant.toml").write_text("\nno_such = 1\n")
    outcome = world.run("check", site, *options)
    assert outcome.exit_code == 1
    assert "no_such" in outcome.stdout
    if options:
        (one,) = outcome.document["findings"]
        assert (one["file"], one["line"], one["severity"]) == ("decant.toml", 2, "error")
    else:
        assert outcome.stdout.splitlines()[-1] == "1 error: a deployment would be refused."


def test_what_the_zip_would_be_refused_for_exits_1(world: World, site: Path) -> None:
    (site / "index.html").unlink()
    assert world.run("check", site).exit_code == 1
    told = world.run("check", site, "--json").document
    assert (told["settings"], told["counts"]["errors"]) == (None, 1)
    assert "has no index.html" in told["findings"][0]["text"]


def test_a_folder_that_is_not_there_is_wrong_usage(world: World, tmp_path: Path) -> None:
    outcome = world.run("check", tmp_path / "nothing")
    assert outcome.exit_code == 2
    assert "There is no folder" in outcome.stderr


def test_a_setting_that_is_none_is_wrong_usage(world: World, site: Path) -> None:
    outcome = world.run("check", site, "--dialect", "vercel")
    assert outcome.exit_code == 2
    assert "'cloudflare', 'netlify'" in outcome.stderr


def test_of_many_findings_some_are_shown_errors_above_all_and_json_has_them_all(
    world: World, site: Path
) -> None:
    lines = "".join(f"/no/{n}\n  a: {'z' * 200}\n" for n in range(60))
    big = "/index.html\n" + "".join(f"  x-{n}: {'y' * 400}\n" for n in range(6))
    (site / "_headers").write_text(lines + big)
    outcome = world.run("check", site, "--html-handling", "none")
    assert outcome.exit_code == 1
    text = outcome.stdout.splitlines()
    assert sum(" warning " in line for line in text) == 49
    assert sum(" error " in line for line in text) == 1
    assert "… and 11 more: --json lists them all." in text
    told = world.run("check", site, "--html-handling", "none", "--json").document
    assert len(told["findings"]) == 61
