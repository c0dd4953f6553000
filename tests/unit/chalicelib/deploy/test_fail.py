"""The sentence on a failed deployment's record."""

from __future__ import annotations

import json

import pytest

from chalicelib.deploy.fail import explain, not_told, told
from chalicelib.records import Deployment, DeploymentStatus, Source


def deployment(status: DeploymentStatus) -> Deployment:
    return Deployment("d1", "production", status, Source("b", "k", "v", 1), "o", "t", "t", 1)


def wrapped(kind: str, message: str) -> str:
    return json.dumps({"errorType": kind, "errorMessage": message, "stackTrace": ["secret"]})


def test_the_sentence_of_one_of_our_errors_is_passed_on() -> None:
    cause = wrapped("VersionCorrupt", "a.html is missing: upload it again.")
    assert told(cause) == "a.html is missing: upload it again."


@pytest.mark.parametrize(
    "cause",
    ["", "not json", "[]", wrapped("KeyError", "'password'"), wrapped("VersionCorrupt", "")],
)
def test_other_errors_are_not_passed_on(cause: str) -> None:
    assert told(cause) is None


def test_otherwise_it_says_where_the_deployment_ended_and_what_to_do() -> None:
    sentence = explain(deployment("copying"), "States.Timeout")
    assert sentence.startswith("The deployment ended while copying (States.Timeout)")
    assert "upload it again" in sentence


def test_a_failure_before_the_first_task_says_so() -> None:
    assert "before it began" in explain(deployment("queued"), "the pipeline failed")


def test_when_only_the_edge_was_not_told_it_says_how_to_tell_it() -> None:
    assert "decant switch v1 --alias production" in not_told(deployment("activating"), "why")
