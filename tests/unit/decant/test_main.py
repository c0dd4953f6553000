"""The one place where errors become exit codes and sentences."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from chalicelib import errors
from chalicelib.errors import (
    AccessDenied,
    AwsError,
    Conflict,
    DecantError,
    InvalidRequest,
    Missing,
    NotFound,
    UploadRefused,
)
from decant.__main__ import exit_code_of, main
from decant.cli.exit_codes import MEANINGS, ExitCode
from decant.cli.invocation import Stage, Toolbox
from decant.profiles import ProfileFolder, StageProfile


class OneStage(ProfileFolder):
    """Finds a profile whatever it is asked for."""

    def choose(self, stage: str | None) -> StageProfile:
        return StageProfile(stage=stage or "prod", region="us-east-1")


def _tools(error: BaseException) -> Toolbox:
    def connect(_profile: StageProfile) -> Stage:
        raise error

    return Toolbox(profiles=OneStage, connect=connect)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidRequest("Bad."), 2),
        (UploadRefused("Bad."), 3),
        (AccessDenied("Bad."), 5),
        (NotFound("Bad."), 1),
        (Conflict("Bad."), 1),
        (Missing("Bad."), 1),
        (AwsError("Bad."), 1),
        (DecantError("Bad."), 1),
    ],
)
def test_an_error_of_ours_is_its_sentence_and_a_code(
    error: DecantError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["versions"], _tools(error), {}) == code
    assert capsys.readouterr() == ("", "error: Bad.\n")


def test_with_json_an_error_is_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["versions", "--json"], _tools(AccessDenied("Bad [x].")), {}) == 5
    out, err = capsys.readouterr()
    assert err == ""
    assert out == (
        '{\n  "error": {\n    "type": "AccessDenied",\n    "message": "Bad [x].",\n'
        '    "exit_code": 5\n  }\n}\n'
    )


def test_an_unforeseen_error_is_a_sentence_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["versions"], _tools(KeyError("cursor")), {}) == 1
    assert capsys.readouterr().err == (
        "error: unexpected KeyError: 'cursor' (DECANT_DEBUG=1 shows where; please report it).\n"
    )


@pytest.mark.parametrize("error", [KeyError("x"), NotFound("Bad.")])
def test_the_traceback_is_shown_only_when_asked_for(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["versions"], _tools(error), {"DECANT_DEBUG": "1"}) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


@pytest.mark.parametrize("args", [["versions"], ["versions", "--json"]])
def test_ctrl_c_is_130(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(args, _tools(KeyboardInterrupt()), {}) == 130
    out, err = capsys.readouterr()
    assert ("interrupted." in err) != ("interrupted." in out)


@pytest.mark.parametrize(
    "kind",
    [kind for _, kind in inspect.getmembers(errors, inspect.isclass)],
    ids=lambda kind: str(kind.__name__),
)
def test_every_error_of_ours_has_a_code_that_the_help_explains(
    kind: Callable[[str], DecantError],
) -> None:
    assert exit_code_of(kind("Bad.")) in MEANINGS


def test_the_help_explains_every_code() -> None:
    assert set(MEANINGS) == set(ExitCode)
