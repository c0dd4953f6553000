"""`decant local`: which profile it writes when local AWS runs, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from decant.local.errors import LocalAwsFailed
from decant.local.process import LocalAws
from decant.local.state import LocalRecord, StateFolder
from decant.profiles import StageProfile
from tests.unit.decant.cli.world import World


@pytest.fixture
def asked(world: World, tmp_path: Path) -> list[bool]:
    """What `--fresh` was each time; the server is there at once and stops at once."""
    seen: list[bool] = []

    def serve(fresh: bool, started: Callable[[LocalAws], None]) -> None:
        seen.append(fresh)
        record = LocalRecord(pid=1, port=4566, site_port=8080, region="us-east-1", persist=True)
        started(LocalAws(StateFolder.at(tmp_path / "local"), record))

    world.serve_local = serve
    return seen


@pytest.mark.parametrize(("args", "fresh"), [((), False), (("--fresh",), True)])
def test_starts_afresh_only_when_asked_to(
    args: tuple[str, ...], fresh: bool, world: World, asked: list[bool]
) -> None:
    assert world.run("local", *args).exit_code == 0
    assert asked == [fresh]


@pytest.mark.usefixtures("asked")
def test_writes_the_stage_profile_with_which_other_commands_reach_it(world: World) -> None:
    outcome = world.run("local")
    assert world.profiles.read("local") == StageProfile(
        stage="local",
        region="us-east-1",
        endpoint_url="http://localhost:4566",
        access_key_id="test",
        secret_access_key="test",
        site_url="http://localhost:8080/",
    )
    assert "http://localhost:8080/" in outcome.stdout
    assert "decant bootstrap --stage local" in outcome.stdout


@pytest.mark.usefixtures("asked")
def test_writes_it_under_another_name_when_told_to(world: World) -> None:
    assert world.run("local", "--stage", "mine", "--json").document["stage"] == "mine"
    assert world.profiles.names() == ("mine", "prod")


def test_a_start_that_fails_exits_1_with_the_reason(world: World) -> None:
    def fail(_fresh: bool, _started: Callable[[LocalAws], None]) -> None:
        raise LocalAwsFailed("Local AWS did not start; its log says: port taken.")

    world.serve_local = fail
    outcome = world.run("local")
    assert outcome.exit_code == 1
    assert outcome.stderr == "error: Local AWS did not start; its log says: port taken.\n"
