"""`decant prune`: what would go, what went, and what is left when time is up."""

from __future__ import annotations

import pytest

from chalicelib.errors import AccessDenied, AwsError
from tests.unit.decant.cli.world import World
from tests.unit.decant.samples import a_prune


def test_a_dry_run_lists_what_would_go_and_begins_nothing(world: World) -> None:
    world.stage.api.prunables = [a_prune(3, 1200)]
    outcome = world.run("prune", "--dry-run")
    assert outcome.exit_code == 0
    assert world.stage.api.calls == [("prunable",)]
    title, head, first, second, _, totals = outcome.stdout.splitlines()
    assert title.strip() == "Versions that nothing needs"
    assert head.split() == ["Version", "Status", "Files", "Size", "Uploaded", "for", "When"]
    assert first.split()[:6] == ["v3", "ready", "3", "3.0", "KB", "production"]
    assert second.split()[:6] == ["v1200", "ready", "1,200", "1.2", "MB", "production"]
    assert "2 h ago" in first
    assert totals == "Would be deleted: 2 versions with 1,203 files, 1.2 MB."


@pytest.mark.parametrize("args", [("--dry-run",), ()])
def test_nothing_to_delete_is_said_and_nothing_is_begun(
    args: tuple[str, ...], world: World
) -> None:
    outcome = world.run("prune", *args)
    assert outcome.exit_code == 0
    assert outcome.stdout.startswith("There is nothing to delete")
    assert world.stage.api.calls == [("prunable",)]
    assert world.run("prune", *args, "--json").document == {
        "outcome": "nothing_to_delete",
        "error": None,
        "versions": [],
        "left": [],
    }


def test_begins_and_waits_until_all_of_the_list_is_gone(world: World) -> None:
    # The last one could not be pruned yet when this began: it is not waited for.
    looks = [a_prune(3, 4), a_prune(3, 4), a_prune(4), a_prune(4), a_prune(9)]
    world.stage.api.prunables = [a_prune(3, 4), *looks]
    outcome = world.run("prune")
    assert outcome.exit_code == 0
    assert world.stage.api.calls == [("prunable",), ("prune",), *[("prunable",)] * 4]
    assert outcome.stdout.splitlines()[-1] == "Deleted: 2 versions with 7 files, 7.0 KB, in 4.0 s."
    assert outcome.stderr.splitlines() == [
        "Deleting 2 versions",
        "0 of 2 versions deleted",
        "1 of 2 versions deleted",
        "2 of 2 versions deleted",
    ]


def test_what_is_gone_before_it_begins_is_nothing_to_delete(world: World) -> None:
    world.stage.api.prunables = [a_prune(3), a_prune()]
    assert world.run("prune").stdout.startswith("There is nothing to delete")
    assert world.stage.api.calls == [("prunable",), ("prune",)]


def test_a_timeout_exits_4_and_says_how_to_go_on(world: World) -> None:
    world.stage.api.prunables = [a_prune(3, 4), a_prune(3, 4), a_prune(4)]
    outcome = world.run("prune", "--timeout", "90")
    assert outcome.exit_code == 4
    assert world.seconds == 90
    assert outcome.stderr.splitlines()[-1] == (
        "error: Not all was deleted within 1 min 30 s: 1 of 2 versions left; "
        "`decant prune --dry-run --stage prod` shows them, and "
        "`decant prune --stage prod` begins again."
    )


def test_json_says_what_went_and_what_is_left(world: World) -> None:
    world.stage.api.prunables = [a_prune(3, 4), a_prune(3, 4), a_prune(4)]
    document = world.run("prune", "--timeout", "5", "--json").document
    assert (document["outcome"], document["left"]) == ("timed_out", [4])
    assert (document["error"]["type"], document["error"]["exit_code"]) == ("TimedOut", 4)
    assert document["versions"][0] == {
        "number": 3,
        "alias": "production",
        "status": "ready",
        "files": 3,
        "bytes": 3072,
        "created_at": "2026-11-23T12:00:00Z",
    }
    world.stage.api.prunables = [a_prune(3), a_prune(3), a_prune()]
    document = world.run("prune", "--json").document
    assert (document["outcome"], document["error"], document["left"]) == ("deleted", None, [])
    world.stage.api.prunables = [a_prune(3)]
    document = world.run("prune", "--dry-run", "--json").document
    assert (document["outcome"], document["versions"][0]["number"]) == ("dry_run", 3)
    assert document["left"] == [3]


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [(AwsError("The API is down."), 1), (AccessDenied("No."), 5), (KeyboardInterrupt(), 130)],
)
def test_a_wait_that_breaks_off_says_that_the_deletion_goes_on(
    error: BaseException, exit_code: int, world: World
) -> None:
    world.stage.api.prunables = [a_prune(3), a_prune(3), a_prune(3), error]
    outcome = world.run("prune")
    assert outcome.exit_code == exit_code
    assert "The deletion goes on without this command: `decant prune --dry-run`" in outcome.stderr


def test_one_that_cannot_begin_says_only_why(world: World) -> None:
    world.stage.api.prunables = [a_prune(3), AccessDenied("No permission.")]
    outcome = world.run("prune")
    assert (outcome.exit_code, outcome.stdout) == (5, "")
    assert outcome.stderr == "error: No permission.\n"
