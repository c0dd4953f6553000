"""`decant deploy`: what is stored, what is said, and what the exit code means."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from chalicelib.errors import AccessDenied, AwsError, DecantError, Missing
from chalicelib.ids import deployment_id
from tests.unit.decant.cli.world import World
from tests.unit.decant.samples import a_deployment

KEY = "production/dist.zip"
ID = deployment_id("source", KEY, "version-1")


def test_zips_and_stores_a_folder_and_waits_until_it_is_live(world: World, site: Path) -> None:
    stages = [a_deployment("queued"), a_deployment("planning", version=None)]
    world.stage.api.looks = [None, *stages, a_deployment("live")]
    outcome = world.run("deploy", site)
    assert outcome.exit_code == 0
    with zipfile.ZipFile(io.BytesIO(world.stage.sender.stored[KEY])) as content:
        assert content.namelist() == ["assets/app.js", "index.html"]
    assert outcome.stdout.splitlines() == [
        "v7 is live on production: 1,234 files, 3.0 MB, in 1.5 s",
        "https://site.example",
    ]
    assert world.stage.api.calls == [("deployment", ID)] * 4


def test_says_what_was_new_and_what_was_carried_over(world: World, site: Path) -> None:
    live = a_deployment("live", stored=(11, 40 * 1024), carried_files=5)
    world.stage.api.looks = [live]
    assert world.run("deploy", site).stdout.splitlines() == [
        "v7 is live on production: 1,234 files, 3.0 MB; 11 files of 40.0 KB were new, in 0.0 s",
        "Still reachable, for pages that are open: 5 files of earlier versions.",
        "https://site.example",
    ]
    told = world.run("deploy", site, "--json").document["deployment"]
    assert (told["stored_files"], told["stored_bytes"], told["carried_files"]) == (11, 40960, 5)


def test_without_a_terminal_progress_is_one_plain_line_for_each_change(
    world: World, site: Path
) -> None:
    copying = [a_deployment("copying", shards=8, shards_done=done) for done in range(9)]
    world.stage.api.looks = [None, None, *copying, a_deployment("live")]
    outcome = world.run("deploy", site)
    assert "\x1b" not in outcome.stderr + outcome.stdout
    lines = [line.split("  ")[-1] for line in outcome.stderr.splitlines()]
    assert lines == [
        "Zipping 2 files (15 B)",
        f"Uploading ({len(world.stage.sender.stored[KEY])} B)",
        "waiting for the deployment to begin",
        "copying 0/8",
        "copying 2/8",
        "copying 4/8",
        "copying 6/8",
        "copying 8/8",
        "live",
    ]


def test_stores_a_zip_as_it_is(world: World, tmp_path: Path) -> None:
    archive = tmp_path / "My Site.zip"
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("index.html", "x")
    assert world.run("deploy", archive, "--alias", "pr-12").exit_code == 0
    assert world.stage.sender.stored == {"pr-12/My-Site.zip": archive.read_bytes()}


def test_stores_the_same_bytes_for_the_same_tree_whoever_made_it_and_when(
    world: World, tmp_path: Path
) -> None:
    tree = {"index.html": "<h1>Hello</h1>", "b/app.js": "1", "a/logo.svg": "<svg/>"}
    trees = (
        _tree(tmp_path / "one" / "dist", tree, mode=0o644, moment=1_000_000_000),
        _tree(tmp_path / "two" / "dist", dict(reversed(tree.items())), mode=0o500, moment=0),
    )
    stored = []
    for folder in trees:
        assert world.run("deploy", folder).exit_code == 0
        stored.append(world.stage.sender.stored.pop(KEY))
    assert stored[0] == stored[1]


def _tree(root: Path, files: dict[str, str], *, mode: int, moment: int) -> Path:
    """`files` below `root`, made in their order, with `mode`, changed at `moment` (Unix time)."""
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        os.utime(file, (moment, moment))
    return root


def test_json_is_one_document_and_nothing_else(world: World, site: Path) -> None:
    document = world.run("deploy", site, "--json").document
    assert (document["outcome"], document["error"]) == ("live", None)
    assert document["deployment_id"] == ID
    assert document["source"] == {
        "bucket": "source",
        "key": KEY,
        "version_id": "version-1",
        "size_bytes": len(world.stage.sender.stored[KEY]),
    }
    assert document["deployment"]["version"] == 7
    assert document["deployment"]["created_at"] == "2026-11-23T12:00:00Z"
    assert document["site_url"] == "https://site.example"
    assert document["seconds"] == 0.0


@pytest.mark.parametrize("status", ["refused", "failed"])
def test_a_refused_or_failed_deployment_exits_3_with_the_reason(
    status: str, world: World, site: Path
) -> None:
    reason = "The zip has no index.html: zip the folder that holds it."
    world.stage.api.looks = [
        a_deployment("refused" if status == "refused" else "failed", reason=reason)
    ]
    outcome = world.run("deploy", site)
    assert outcome.exit_code == 3
    assert outcome.stdout == ""
    assert outcome.stderr.splitlines()[-1].startswith("error: The deployment d1 ")
    assert reason in outcome.stderr
    document = world.run("deploy", site, "--json").document
    assert (document["outcome"], document["deployment"]["reason"]) == (status, reason)
    assert document["error"]["exit_code"] == 3
    assert reason in document["error"]["message"]


@pytest.mark.parametrize(
    ("status", "cause"),
    [("ready", "production is locked"), ("superseded", "a newer decision for production")],
)
def test_a_complete_version_that_is_not_live_exits_0_and_says_why(
    status: str, cause: str, world: World, site: Path
) -> None:
    world.stage.api.looks = [
        a_deployment("ready" if status == "ready" else "superseded", stored=(2, 3))
    ]
    outcome = world.run("deploy", site)
    assert outcome.exit_code == 0
    assert cause in outcome.stdout
    assert "(1,234 files, 3.0 MB; 2 files of 3 B were new)" in outcome.stdout
    assert "decant switch v7 --alias production" in outcome.stdout
    assert world.run("deploy", site, "--json").document["outcome"] == status


def test_a_timeout_exits_4_and_says_how_to_go_on_watching(world: World, site: Path) -> None:
    world.stage.api.looks = [a_deployment("copying", shards=12, shards_done=3)]
    outcome = world.run("deploy", site, "--timeout", "90")
    assert outcome.exit_code == 4
    assert world.seconds == 90
    assert "after 1 min 30 s (copying 3/12)" in outcome.stderr
    assert f"`decant status {ID} --wait --stage prod`" in outcome.stderr
    document = world.run("deploy", site, "--timeout", "90", "--json").document
    assert (document["outcome"], document["deployment"]["status"]) == ("timed_out", "copying")
    assert (document["error"]["type"], document["error"]["exit_code"]) == ("TimedOut", 4)


def test_a_deployment_that_never_begins_exits_4_and_says_where_to_look(
    world: World, site: Path
) -> None:
    world.stage.api.looks = [None]
    outcome = world.run("deploy", site)
    assert outcome.exit_code == 4
    assert world.seconds == 60
    assert "The upload is stored" in outcome.stderr
    assert "decant-prod-on_upload" in outcome.stderr
    document = world.run("deploy", site, "--json").document
    assert (document["outcome"], document["deployment"]) == ("never_appeared", None)


def test_no_wait_returns_when_the_upload_is_stored(world: World, site: Path) -> None:
    outcome = world.run("deploy", site, "--no-wait")
    assert outcome.exit_code == 0
    assert f"decant status {ID} --wait --stage prod" in outcome.stdout
    assert world.stage.api.calls == []
    document = world.run("deploy", site, "--no-wait", "--json").document
    assert (document["outcome"], document["deployment_id"]) == ("uploaded", ID)


def test_warnings_are_told_beside_the_result(world: World, site: Path) -> None:
    world.stage.api.looks = [a_deployment("live", warnings=("_headers line 3 is ignored.",))]
    outcome = world.run("deploy", site)
    assert "warning: _headers line 3 is ignored." in outcome.stderr
    assert "warning" not in outcome.stdout


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (AwsError("The API is down."), 1),
        (AccessDenied("No permission."), 5),
        (KeyboardInterrupt(), 130),
    ],
)
def test_a_watch_that_breaks_off_says_that_the_deployment_goes_on(
    error: BaseException, exit_code: int, world: World, site: Path
) -> None:
    world.stage.api.looks = [a_deployment("queued"), error]
    outcome = world.run("deploy", site)
    assert outcome.exit_code == exit_code
    assert f"goes on without this command: `decant status {ID}`" in outcome.stderr


@pytest.mark.parametrize(
    ("error", "exit_code"), [(AccessDenied("No permission."), 5), (Missing("No stack."), 1)]
)
def test_what_cannot_be_reached_is_said_before_anything_is_stored(
    error: DecantError, exit_code: int, world: World, site: Path
) -> None:
    world.stage.error = error
    outcome = world.run("deploy", site)
    assert (outcome.exit_code, outcome.stdout) == (exit_code, "")
    assert outcome.stderr.splitlines()[-1] == f"error: {error}"
    assert world.stage.sender.stored == {}


def test_an_interrupted_upload_exits_130(world: World, site: Path) -> None:
    world.stage.sender.error = KeyboardInterrupt()
    outcome = world.run("deploy", site, "--json")
    assert outcome.exit_code == 130
    assert outcome.document["error"]["type"] == "Interrupted"


def test_a_missing_folder_exits_2(world: World, tmp_path: Path) -> None:
    outcome = world.run("deploy", tmp_path / "absent")
    assert outcome.exit_code == 2
    assert "error: There is no folder" in outcome.stderr


def test_a_file_that_is_no_zip_exits_2(world: World, site: Path) -> None:
    outcome = world.run("deploy", site / "index.html")
    assert outcome.exit_code == 2
    assert "neither a folder nor a zip" in outcome.stderr


def test_a_link_that_leads_outside_is_a_refusal(world: World, site: Path) -> None:
    (site / "passwd").symlink_to("/etc/passwd")
    outcome = world.run("deploy", site)
    assert outcome.exit_code == 3
    assert "link passwd leads outside" in outcome.stderr
    assert world.stage.sender.stored == {}


@pytest.mark.parametrize("alias", ["a", "0", "a" * 63, "pr-12"])
def test_takes_an_alias(alias: str, world: World, site: Path) -> None:
    assert world.run("deploy", site, "--alias", alias).exit_code == 0
    assert list(world.stage.sender.stored) == [f"{alias}/dist.zip"]


@pytest.mark.parametrize("alias", ["", "-a", "A", "a" * 64, "a/b", "../x", "a_b"])
def test_refuses_what_cannot_name_an_alias(alias: str, world: World, site: Path) -> None:
    outcome = world.run("deploy", site, f"--alias={alias}")
    assert outcome.exit_code == 2
    assert "cannot name an alias" in outcome.stderr
    assert world.connected == []


@pytest.mark.parametrize("timeout", ["0", "-1", "soon"])
def test_refuses_an_impossible_timeout(timeout: str, world: World, site: Path) -> None:
    assert world.run("deploy", site, f"--timeout={timeout}").exit_code == 2


def test_rules_with_errors_stop_before_anything_is_uploaded(world: World, site: Path) -> None:
    (site / "decant.toml").write_text("no_such = 1\ndialect = 7\n")
    outcome = world.run("deploy", site)
    assert outcome.exit_code == 3
    errors = outcome.stderr.splitlines()
    assert [line[:27] for line in errors] == [
        "error: decant.toml, line 1:",
        "error: decant.toml, line 2:",
    ]
    document = world.run("deploy", site, "--json").document
    assert (document["outcome"], document["error"]["exit_code"]) == ("refused", 3)
    assert world.stage.sender.stored == {}


def test_a_folder_that_would_be_refused_is_not_uploaded(world: World, site: Path) -> None:
    (site / "index.html").unlink()
    outcome = world.run("deploy", site)
    assert outcome.exit_code == 3
    assert "has no index.html" in outcome.stderr
    assert world.stage.sender.stored == {}


def test_what_is_ignored_in_the_rules_is_said_once(world: World, site: Path) -> None:
    (site / "_redirects").write_text("/a\n")
    assert world.run("deploy", site, "--no-wait").exit_code == 0
    said = world.run("deploy", site).stderr.splitlines()[0]
    assert said.startswith("warning: _redirects, line 1: ")
    warning = said.removeprefix("warning: ")
    world.stage.api.looks = [a_deployment("live", warnings=(warning, "Another one."))]
    told = [line for line in world.run("deploy", site).stderr.splitlines() if "warning:" in line]
    assert told == [f"warning: {warning}", "warning: Another one."]
