"""`decant rollback`: from what it sees, to the version before."""

from __future__ import annotations

from decant.answers import ChangeAnswer
from tests.unit.decant.cli.world import World
from tests.unit.decant.samples import an_alias


def test_starts_from_the_version_that_it_sees_and_says_both(world: World) -> None:
    world.stage.api.known_aliases = (an_alias("staging", 9), an_alias("production", 8))
    world.stage.api.answer = ChangeAnswer(alias=an_alias("production", 7), changed=True)
    outcome = world.run("rollback")
    assert (outcome.exit_code, outcome.stdout) == (0, "production: v8 → v7\n")
    assert world.stage.api.calls == [("rollback", "production", 8)]


def test_json_says_from_and_to(world: World) -> None:
    world.stage.api.known_aliases = (an_alias("staging", 9),)
    world.stage.api.answer = ChangeAnswer(alias=an_alias("staging", 4), changed=True)
    document = world.run("rollback", "--alias", "staging", "--json").document
    assert (document["from"], document["to"], document["changed"]) == (9, 4, True)


def test_says_that_nothing_was_done(world: World) -> None:
    world.stage.api.known_aliases = (an_alias("production", 7),)
    world.stage.api.answer = ChangeAnswer(alias=an_alias("production", 7), changed=False)
    assert "points at v7 already; nothing was done" in world.run("rollback").stdout


def test_says_that_there_is_no_such_alias(world: World) -> None:
    outcome = world.run("rollback", "--alias", "pr-1")
    assert outcome.exit_code == 1
    assert "There is no alias 'pr-1' in the stage 'prod'" in outcome.stderr
    assert world.stage.api.calls == []
