"""The command line as a whole: options that all commands share, help, and a quick start."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from decant.cli.exit_codes import MEANINGS, ExitCode
from tests.unit.decant.cli.world import World

COMMANDS = (
    "local",
    "bootstrap",
    "check",
    "try",
    "serve",
    "deploy",
    "versions",
    "diff",
    "switch",
    "rollback",
    "canary",
    "preview",
    "password",
    "status",
    "prune",
    "repair",
)


@pytest.mark.parametrize(
    ("args", "variable", "reached"),
    [
        (("versions",), None, None),
        (("--stage", "prod", "versions"), None, "prod"),
        (("versions", "--stage", "prod"), None, "prod"),
        (("versions", "--stage=prod"), None, "prod"),
        (("--stage", "qa", "versions", "--stage", "prod"), None, "prod"),
        (("versions",), "qa", "qa"),
        (("--stage", "prod", "versions"), "qa", "prod"),
        (("versions", "--stage", "prod"), "qa", "prod"),
    ],
)
def test_the_stage_is_the_one_named_last_then_that_of_the_environment(
    args: tuple[str, ...], variable: str | None, reached: str | None, world: World
) -> None:
    world.has_stage("qa")
    outcome = world.run(*args, env={"DECANT_STAGE": variable})
    assert world.connected == ([reached] if reached else [])
    assert outcome.exit_code == (0 if reached else 2)
    if reached is None:
        assert "several stages (prod, qa): choose one with --stage" in outcome.stderr


def test_the_only_stage_needs_no_name(world: World) -> None:
    assert world.run("versions").exit_code == 0
    assert world.connected == ["prod"]


@pytest.mark.parametrize("args", [("--json", "versions"), ("versions", "--json")])
def test_json_may_stand_before_and_after_the_command(args: tuple[str, ...], world: World) -> None:
    assert world.run(*args).document == {"versions": []}


@pytest.mark.parametrize("args", [("--version",), ("deploy", "--version"), ("status", "--version")])
def test_version_may_stand_anywhere(args: tuple[str, ...], world: World) -> None:
    outcome = world.run(*args)
    assert outcome.exit_code == 0
    assert re.fullmatch(r"decant \d+\.\d+\.\d+\n", outcome.stdout)
    assert list(world.run(*args, "--json").document) == ["version"]


def test_an_argument_after_two_hyphens_is_no_option(world: World) -> None:
    outcome = world.run("deploy", "--", "--version")
    assert outcome.exit_code == 2
    assert "There is no folder --version" in outcome.stderr
    assert world.run("deploy", "--", "--json").stdout == ""


def test_without_a_command_the_help_goes_to_stderr_and_the_code_is_2(world: World) -> None:
    outcome = world.run()
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert "Commands:" in outcome.stderr


def test_the_help_lists_every_command_and_every_exit_code(world: World) -> None:
    text = world.run("--help").stdout
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", text, re.MULTILINE)
    for code in ExitCode:
        assert re.search(rf"^ +{code.value}  {re.escape(MEANINGS[code])}$", text, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_has_examples_on_lines_of_their_own(
    command: str, world: World
) -> None:
    outcome = world.run(command, "--help")
    assert outcome.exit_code == 0
    assert re.search(rf"Examples:\n\n    decant {command}\b", outcome.stdout)
    assert "--stage" in outcome.stdout
    assert "--json" in outcome.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("deplyo",), "No such command 'deplyo'. Did you mean 'deploy'? Try `decant --help`."),
        (("deploy",), "Missing argument 'FOLDER|ZIP'. Try `decant deploy --help`."),
        (("versions", "--colour"), "Try `decant versions --help`."),
    ],
)
def test_wrong_usage_is_one_sentence_and_where_to_read_on(
    args: tuple[str, ...], said: str, world: World
) -> None:
    outcome = world.run(*args)
    assert outcome.exit_code == 2
    assert outcome.stderr.startswith("error: ")
    assert outcome.stderr.endswith(f"{said}\n")
    assert len(outcome.stderr.splitlines()) == 1


def test_help_loads_neither_aws_nor_pydantic_models_nor_the_local_aws() -> None:
    script = (
        "import sys\n"
        "from decant.__main__ import main\n"
        "main(['deploy', '--help'])\n"
        "slow = {'boto3', 'botocore', 'ministack', 'decant.answers', 'decant.profiles', 'rich'}\n"
        "sys.stderr.write(', '.join(sorted(slow & set(sys.modules))))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
