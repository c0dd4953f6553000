"""`decant password`: where the password goes, and where it does not."""

from __future__ import annotations

import re

import pytest

from chalicelib.errors import InvalidRequest
from decant.answers import ChangeAnswer
from decant.cli.invocation import Toolbox
from tests.unit.decant.cli.world import NEW_PASSWORD, World
from tests.unit.decant.samples import an_alias

TYPED = "typed-by-a-person"


@pytest.fixture
def asking(world: World) -> World:
    """A world whose alias asks for a password from now on."""
    world.typed = TYPED
    world.stage.api.answer = ChangeAnswer(alias=an_alias("staging", password=True), changed=True)
    return world


def test_a_password_is_made_up_set_and_printed_alone_on_stdout(asking: World) -> None:
    outcome = asking.run("password", "staging")
    assert (outcome.exit_code, outcome.stdout) == (0, f"{NEW_PASSWORD}\n")
    assert outcome.stderr == "The password of staging, which is not shown again:\n"
    assert asking.stage.api.calls == [("set password", "staging", NEW_PASSWORD)]
    assert asking.asked == []


def test_json_has_the_password_that_was_made_up(asking: World) -> None:
    document = asking.run("password", "staging", "--json").document
    assert document["generated_password"] == NEW_PASSWORD
    assert (document["alias"]["password"], document["changed"]) == (True, True)


@pytest.mark.parametrize(
    ("changed", "said"),
    [(True, "staging needs a password now\n"), (False, "staging had this password already\n")],
)
def test_a_password_that_is_typed_is_set_and_not_shown(
    changed: bool, said: str, asking: World
) -> None:
    asking.stage.api.answer = asking.stage.api.answer.model_copy(update={"changed": changed})
    outcome = asking.run("password", "staging", "--ask")
    assert (outcome.stdout, outcome.stderr) == (said, "")
    assert asking.asked == ["Password for staging"]
    assert asking.stage.api.calls == [("set password", "staging", TYPED)]
    assert TYPED not in asking.run("password", "staging", "--ask", "--json").stdout


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (True, "staging needs no password\n"),
        (False, "staging needs no password; nothing was done\n"),
    ],
)
def test_a_password_is_removed(changed: bool, said: str, world: World) -> None:
    world.stage.api.answer = ChangeAnswer(alias=an_alias("staging"), changed=changed)
    assert world.run("password", "staging", "--off").stdout == said
    assert world.stage.api.calls == [("remove password", "staging")]
    document = world.run("password", "staging", "--off", "--json").document
    assert document["alias"]["password"] is False
    assert "generated_password" not in document


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("staging", "--ask", "--off"), "Choose one of --ask and --off."),
        ((), "Missing argument 'ALIAS'"),
        (("Staging",), "cannot name an alias"),
    ],
)
def test_wrong_usage_is_said_and_asks_for_nothing(
    args: tuple[str, ...], said: str, world: World
) -> None:
    outcome = world.run("password", *args)
    assert outcome.exit_code == 2
    assert said in outcome.stderr
    assert (world.stage.api.calls, world.asked) == ([], [])


def test_a_password_that_is_refused_is_not_shown(world: World) -> None:
    world.stage.error = InvalidRequest("The password cannot be used: take another.")
    outcome = world.run("password", "staging")
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert outcome.stderr == "error: The password cannot be used: take another.\n"


def test_what_this_machine_makes_up_has_24_characters_and_is_never_the_same() -> None:
    made = {Toolbox().new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{24}", one) for one in made)
