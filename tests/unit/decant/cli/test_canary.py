"""`decant canary`: what is asked of the API, and how its answer reads."""

from __future__ import annotations

import pytest

from chalicelib.errors import Conflict
from decant.answers import ChangeAnswer
from tests.unit.decant.cli.world import World
from tests.unit.decant.samples import an_alias


@pytest.mark.parametrize(
    ("args", "call"),
    [
        (("v43", "--percent", "10"), ("start canary", "production", 43, 10)),
        (("--percent=1", "43"), ("start canary", "production", 43, 1)),
        (("v43", "--percent", "99", "--alias", "pr-1"), ("start canary", "pr-1", 43, 99)),
        (("--off",), ("end canary", "production")),
        (("--off", "--alias", "staging"), ("end canary", "staging")),
    ],
)
def test_asks_for(args: tuple[str, ...], call: tuple[object, ...], world: World) -> None:
    assert world.run("canary", *args).exit_code == 0
    assert world.stage.api.calls == [call]


@pytest.mark.parametrize(
    ("args", "canary", "changed", "said"),
    [
        (
            ("v43", "--percent", "10"),
            (43, 10),
            True,
            "10 % of viewers of production get v43, all others v7\n",
        ),
        (
            ("v43", "--percent", "10"),
            (43, 10),
            False,
            "10 % of viewers of production already get v43, all others v7\n",
        ),
        (("--off",), None, True, "production has no canary: all viewers get v7\n"),
        (
            ("--off",),
            None,
            False,
            "production has no canary; nothing was done: all viewers get v7\n",
        ),
    ],
)
def test_says_what_is_so_now(
    args: tuple[str, ...],
    canary: tuple[int, int] | None,
    changed: bool,
    said: str,
    world: World,
) -> None:
    world.stage.api.answer = ChangeAnswer(alias=an_alias(canary=canary), changed=changed)
    assert world.run("canary", *args).stdout == said
    document = world.run("canary", *args, "--json").document
    shown = {"version": canary[0], "percent": canary[1]} if canary else None
    assert (document["changed"], document["alias"]["canary"]) == (changed, shown)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "Name a version, or end the canary with --off."),
        (("v43",), "Say how many viewers get it, like --percent 10."),
        (("--percent", "10"), "Name a version"),
        (("--off", "v43"), "leave VERSION and --percent out"),
        (("--off", "--percent", "10"), "leave VERSION and --percent out"),
        (("v43", "--percent", "0"), "Input should be"),
        (("v43", "--percent", "100"), "Input should be"),
        (("v43", "--percent", "ten"), "Input should be a valid integer"),
        (("latest", "--percent", "10"), "is no version"),
        (("v43", "--percent", "10", "--alias", "Prod"), "cannot name an alias"),
    ],
)
def test_wrong_usage_is_said_and_asks_for_nothing(
    args: tuple[str, ...], said: str, world: World
) -> None:
    outcome = world.run("canary", *args)
    assert outcome.exit_code == 2
    assert said in outcome.stderr
    assert world.stage.api.calls == []
    assert world.run("canary", *args, "--json").document["error"]["exit_code"] == 2


def test_what_the_api_refuses_exits_1(world: World) -> None:
    world.stage.error = Conflict("v43 cannot be a canary, because it is pruned.")
    outcome = world.run("canary", "v43", "--percent", "10")
    assert (outcome.exit_code, outcome.stderr) == (1, f"error: {world.stage.error}\n")
