"""`decant switch`: what is asked of the API, and how its answer reads."""

from __future__ import annotations

import pytest

from chalicelib.errors import Conflict, NotFound
from decant.answers import ChangeAnswer
from tests.unit.decant.cli.world import World
from tests.unit.decant.samples import an_alias


@pytest.mark.parametrize(
    ("args", "call"),
    [
        (("v3",), ("switch", "production", 3, None)),
        (("3", "--alias", "staging"), ("switch", "staging", 3, None)),
        (("v12", "--lock"), ("switch", "production", 12, True)),
        (("--unlock", "v12"), ("switch", "production", 12, False)),
    ],
)
def test_asks_for(args: tuple[str, ...], call: tuple[object, ...], world: World) -> None:
    assert world.run("switch", *args).exit_code == 0
    assert world.stage.api.calls == [call]


@pytest.mark.parametrize(
    ("changed", "locked", "said"),
    [
        (True, False, "production points at v7\n"),
        (True, True, "production points at v7, locked: uploads leave it there\n"),
        (False, False, "production pointed there already: at v7\n"),
    ],
)
def test_says_what_is_so_now(changed: bool, locked: bool, said: str, world: World) -> None:
    world.stage.api.answer = ChangeAnswer(alias=an_alias(locked=locked), changed=changed)
    assert world.run("switch", "v7").stdout == said
    document = world.run("switch", "v7", "--json").document
    assert (document["changed"], document["alias"]["locked"]) == (changed, locked)


@pytest.mark.parametrize("version", ["v", "0", "v0", "-1", "1.5", "latest", "V3", "3 ", "9" * 11])
def test_refuses_what_is_no_version(version: str, world: World) -> None:
    outcome = world.run("switch", "--", version)
    assert outcome.exit_code == 2
    assert "is no version" in outcome.stderr
    assert world.stage.api.calls == []


@pytest.mark.parametrize("error", [NotFound("There is no version 9."), Conflict("v9 is pruned.")])
def test_what_the_api_refuses_exits_1(error: Exception, world: World) -> None:
    world.stage.error = error
    outcome = world.run("switch", "v9")
    assert (outcome.exit_code, outcome.stderr) == (1, f"error: {error}\n")
