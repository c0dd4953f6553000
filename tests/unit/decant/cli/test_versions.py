"""`decant versions`: what can be switched to, and what is live."""

from __future__ import annotations

import pytest

from decant.answers import CanaryOf
from tests.unit.decant.cli.world import World
from tests.unit.decant.samples import a_version


def test_lists_the_versions_and_marks_those_that_an_alias_points_at(world: World) -> None:
    world.stage.api.known_versions = (
        a_version(12, "production", "staging"),
        a_version(11, status="pending", files=None),
        a_version(3, files=1234),
    )
    outcome = world.run("versions")
    assert outcome.exit_code == 0
    title, head, live, pending, old = (line.split() for line in outcome.stdout.splitlines())
    assert title == ["Versions"]
    assert head == ["Version", "Status", "Files", "Size", "Uploaded", "for", "When", "Aliases"]
    assert live[:6] == ["●", "v12", "ready", "12", "4.0", "KB"]
    assert live[-2:] == ["production,", "staging"]
    assert "2 h ago" in " ".join(live)
    assert pending[:3] == ["v11", "pending", "production"]
    assert old[:3] == ["v3", "ready", "1,234"]


def test_says_whose_canary_a_version_is(world: World) -> None:
    canaries = (CanaryOf(alias="staging", percent=5),)
    world.stage.api.known_versions = (a_version(12, "production", canaries=canaries),)
    assert "production, canary of staging for 5 % of viewers\n" in world.run("versions").stdout
    (version,) = world.run("versions", "--json").document["versions"]
    assert version["canaries"] == [{"alias": "staging", "percent": 5}]


def test_json_has_every_field(world: World) -> None:
    world.stage.api.known_versions = (a_version(12, "production"),)
    (version,) = world.run("versions", "--json").document["versions"]
    assert version["number"] == 12
    assert version["aliases"] == ["production"]
    assert version["ready_at"] is None


@pytest.mark.parametrize(("args", "limit"), [((), 20), (("--limit", "150"), 150)])
def test_asks_for_as_many_as_wanted(args: tuple[str, ...], limit: int, world: World) -> None:
    world.run("versions", *args)
    assert world.stage.api.calls == [("versions", limit)]


def test_says_how_to_begin_when_there_are_none(world: World) -> None:
    assert "`decant deploy FOLDER` makes the first" in world.run("versions").stdout
    assert world.run("versions", "--json").document == {"versions": []}


def test_refuses_a_limit_of_none(world: World) -> None:
    assert world.run("versions", "--limit", "0").exit_code == 2


def test_no_column_is_cut_off_when_the_output_goes_to_a_file(world: World) -> None:
    names = tuple(f"preview-of-a-long-branch-{n}" for n in range(6))
    world.stage.api.known_versions = (a_version(1, *names),)
    assert ", ".join(names) in world.run("versions", env={"COLUMNS": "40"}).stdout
