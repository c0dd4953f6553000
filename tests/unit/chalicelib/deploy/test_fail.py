"""The sentence on a failed deployment's record."""

from __future__ import annotations

import json

import pytest

from chalicelib.deploy.fail import explain
from chalicelib.records import Deployment, DeploymentStatus, Source


def deployment(status: DeploymentStatus) -> Deployment:
    return Deployment("d1", "production", status, Source("b", "k", "v", 1), "o", "t", "t", 1)


def wrapped(kind: str, message: str) -> str:
    return json.dumps({"errorType": kind, "errorMessage": message, "stackTrace": ["secret"]})


def test_the_sentence_of_one_of_our_errors_is_passed_on() -> None:
    cause = wrapped("VersionCorrupt", "a.html is missing: upload it again.")
    assert explain(deployment("finishing"), "VersionCorrupt", cause) == (
        "a.html is missing: upload it again."
    )


@pytest.mark.parametrize(
    "cause",
    ["", "not json", "[]", wrapped("KeyError", "'password'"), wrapped("VersionCorrupt", "")],
)
def test_other_errors_are_told_without_their_inner_words(cause: str) -> None:
    told = explain(deployment("copying"), "States.Timeout", cause)
    assert told.startswith("The deployment ended while copying (States.Timeout)")
    assert "password" not in told
    assert "secret" not in told


def test_a_failure_before_the_first_task_says_so() -> None:
    assert "before it began" in explain(deployment("queued"), "the pipeline failed", "")
