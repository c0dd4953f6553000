"""`decant repair`: round after round, what was repaired, and what breaks it off."""

from __future__ import annotations

import pytest

from chalicelib.errors import AccessDenied, AwsError
from decant.answers import Repaired
from tests.unit.decant.cli.world import World
from tests.unit.decant.samples import a_repair

PROBLEMS = (
    Repaired(key="a/production", problem="differs"),
    Repaired(key="a/staging", problem="missing"),
    Repaired(key="a/pr-1", problem="superfluous"),
)


def test_says_that_the_store_agreed_already(world: World) -> None:
    world.stage.api.repairs = [a_repair(checked=1234)]
    outcome = world.run("repair")
    assert outcome.exit_code == 0
    assert outcome.stdout == (
        "The edge's store agreed with the record already: 1,234 entries checked.\n"
    )
    assert world.stage.api.calls == [("repair",)]


def test_asks_until_there_is_no_more_and_lists_what_was_repaired(world: World) -> None:
    first, second, third = PROBLEMS
    world.stage.api.repairs = [a_repair(first, second, more=True), a_repair(third, checked=12)]
    outcome = world.run("repair")
    assert outcome.exit_code == 0
    assert world.stage.api.calls == [("repair",)] * 2
    title, head, *rows, _, summary = outcome.stdout.splitlines()
    assert (title.strip(), head.split()) == ("Repaired", ["Entry", "Problem"])
    assert [tuple(row.split(maxsplit=1)) for row in map(str.strip, rows)] == [
        ("a/production", "differed from the record"),
        ("a/staging", "was missing"),
        ("a/pr-1", "stood for nothing on record"),
    ]
    assert summary == (
        "3 entries repaired, 12 entries checked: the edge's store agrees with the record."
    )


def test_without_a_terminal_each_round_is_a_line(world: World) -> None:
    world.stage.api.repairs = [a_repair(PROBLEMS[0], checked=5, more=True), a_repair(checked=1)]
    assert world.run("repair").stderr.splitlines() == [
        "Comparing the edge's store with the record",
        "5 entries checked, 1 repaired",
        "1 entry checked, 1 repaired",
    ]


def test_lists_the_first_50_and_says_how_many_more_there_are(world: World) -> None:
    many = [Repaired(key=f"a/pr-{number}", problem="missing") for number in range(1050)]
    world.stage.api.repairs = [a_repair(*many)]
    shown = world.run("repair").stdout
    assert shown.count("was missing") == 50
    assert "… and 1,000 more: --json lists them all." in shown
    world.stage.api.repairs = [a_repair(*many)]
    assert len(world.run("repair", "--json").document["repaired"]) == 1050


def test_json_is_one_document_about_all_rounds(world: World) -> None:
    world.stage.api.repairs = [a_repair(PROBLEMS[0], more=True), a_repair(PROBLEMS[2], checked=12)]
    assert world.run("repair", "--json").document == {
        "repaired": [
            {"key": "a/production", "problem": "differs"},
            {"key": "a/pr-1", "problem": "superfluous"},
        ],
        "checked": 12,
    }


def test_a_repair_that_makes_no_progress_exits_1(world: World) -> None:
    world.stage.api.repairs = [a_repair(more=True)]
    outcome = world.run("repair")
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert "error: The repair makes no progress" in outcome.stderr
    assert len(world.stage.api.calls) == 4
    assert world.seconds == 3  # waited between the tries
    assert world.run("repair", "--json").document["error"]["exit_code"] == 1


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [(AwsError("The API is down."), 1), (AccessDenied("No."), 5), (KeyboardInterrupt(), 130)],
)
def test_one_that_breaks_off_says_what_was_repaired_before(
    error: BaseException, exit_code: int, world: World
) -> None:
    world.stage.api.repairs = [a_repair(PROBLEMS[0], more=True), error]
    outcome = world.run("repair")
    assert outcome.exit_code == exit_code
    assert "differed from the record" in outcome.stdout
    assert "1 entry repaired before it broke off." in outcome.stderr
