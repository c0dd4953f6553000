"""`decant status`: a stage at a glance, a deployment in detail, and going on watching one."""

from __future__ import annotations

import pytest

from tests.unit.decant.cli.world import World
from tests.unit.decant.samples import a_deployment, an_alias


def test_shows_aliases_and_recent_deployments(world: World) -> None:
    world.stage.api.known_aliases = (an_alias("production", 8, locked=True), an_alias("pr-1", 2))
    world.stage.api.recent = (
        a_deployment("failed", deployment_id="d9", reason="The build stopped.", version=None),
        a_deployment("live", deployment_id="d8"),
    )
    outcome = world.run("status")
    assert outcome.exit_code == 0
    lines = [line.split() for line in outcome.stdout.splitlines()]
    assert ["production", "v8", "locked", "2", "h", "ago"] in [line[:6] for line in lines]
    assert ["d9", "production", "failed", "2"] in [line[:4] for line in lines]
    assert "The build stopped." in outcome.stdout
    assert ["d8", "production", "live", "v7"] in [line[:4] for line in lines]


def test_says_which_canary_an_alias_has_and_that_it_needs_a_password(world: World) -> None:
    world.stage.api.known_aliases = (
        an_alias("production", 8, canary=(9, 10)),
        an_alias("staging", 9, password=True),
    )
    world.stage.api.recent = (a_deployment(),)
    lines = [line.split("  ") for line in world.run("status").stdout.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert ["production", "v8", "v9 for 10 % of viewers"] in [line[:3] for line in cells]
    assert ["staging", "v9", "needed"] in [line[:3] for line in cells]


def test_json_has_both_lists(world: World) -> None:
    world.stage.api.known_aliases = (an_alias(),)
    world.stage.api.recent = (a_deployment(),)
    document = world.run("status", "--json").document
    assert [alias["name"] for alias in document["aliases"]] == ["production"]
    assert [deployment["id"] for deployment in document["deployments"]] == ["d1"]


def test_says_how_to_begin_when_nothing_was_deployed(world: World) -> None:
    assert "`decant deploy FOLDER` begins" in world.run("status").stdout


def test_shows_one_deployment_with_its_reason_and_warnings(world: World) -> None:
    world.stage.api.looks = [
        a_deployment(
            "failed",
            reason="A file is damaged.",
            warnings=("odd", "odder"),
            shards=4,
            stored=(11, 2048),
            carried_files=5,
        )
    ]
    outcome = world.run("status", "d1")
    assert outcome.exit_code == 0  # the question was answered
    facts = dict(line.split("  ", 1) for line in outcome.stdout.splitlines()[2:])
    shown = {key: value.strip() for key, value in facts.items()}
    assert shown == shown | {
        "Status": "failed",
        "Reason": "A file is damaged.",
        "Version": "v7",
        "Files": "1,234",
        "Size": "3.0 MB",
        "New": "11 files, 2.0 KB",
        "Carried over": "5 files of earlier versions",
        "Copied": "0 of 4 shards",
        "Upload": "s3://source/production/site.zip (2.0 KB)",
        "Warning": "odder",
    }
    assert world.run("status", "d1", "--json").document["reason"] == "A file is damaged."


def test_leaves_out_of_a_deployment_what_is_not_known(world: World) -> None:
    world.stage.api.looks = [a_deployment("queued")]
    shown = world.run("status", "d1").stdout
    assert not any(line.startswith(("New", "Carried", "Copied")) for line in shown.splitlines())


def test_an_unknown_deployment_exits_1(world: World) -> None:
    world.stage.api.looks = [None]
    outcome = world.run("status", "d404")
    assert (outcome.exit_code, outcome.stderr) == (1, "error: There is no deployment d404.\n")


@pytest.mark.parametrize(("status", "exit_code"), [("live", 0), ("failed", 3)])
def test_goes_on_watching_a_deployment_to_its_end(
    status: str, exit_code: int, world: World
) -> None:
    end = a_deployment("live" if status == "live" else "failed")
    world.stage.api.looks = [a_deployment("copying"), a_deployment("finishing"), end]
    assert world.run("status", "d1", "--wait").exit_code == exit_code
    document = world.run("status", "d1", "--wait", "--json").document
    assert (document["outcome"], document["deployment"]["status"]) == (status, status)


def test_waiting_needs_a_deployment(world: World) -> None:
    outcome = world.run("status", "--wait")
    assert outcome.exit_code == 2
    assert "--wait needs the id of a deployment" in outcome.stderr
