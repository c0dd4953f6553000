"""The pipeline stack's template with the state machine in it: a pure function of the files here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stacks.model import Stack, load_yaml

HERE = Path(__file__).parent
# CodePipeline names the folder of a pipeline's artifacts after the start of the pipeline's name.
ARTIFACT_FOLDER_CHARACTERS = 20

# Errors that the same input brings again are not retried; everything else may be passing.
RETRY = [
    {
        "ErrorEquals": ["UploadRefused", "VersionCorrupt", "InvalidRequest", "NotFound", "Missing"],
        "MaxAttempts": 0,
    },
    {
        # A new account runs some 10 functions at once: wait for a turn as long as it takes.
        "ErrorEquals": ["Lambda.TooManyRequestsException"],
        "IntervalSeconds": 2,
        "BackoffRate": 1.5,
        "MaxAttempts": 50,
        "MaxDelaySeconds": 60,
        "JitterStrategy": "FULL",
    },
    {
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": 2,
        "BackoffRate": 2,
        "MaxAttempts": 5,
        "MaxDelaySeconds": 30,
        "JitterStrategy": "FULL",
    },
]
CATCH = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Fail"}]


def state_machine() -> dict[str, Any]:
    """The definition: deploy.asl.json with retries on every task and a way to Fail."""
    definition: dict[str, Any] = json.loads((HERE / "deploy.asl.json").read_text())
    _add_retries(definition["States"])
    for name, state in definition["States"].items():
        if state["Type"] in ("Task", "Map") and name != "Fail":
            state.setdefault("Catch", CATCH)
    return definition


def _add_retries(states: dict[str, Any]) -> None:
    for state in states.values():
        if state["Type"] == "Task":
            state["Retry"] = RETRY
        if state["Type"] == "Map":
            _add_retries(state["ItemProcessor"]["States"])


def pipeline_template() -> dict[str, Any]:
    """The whole template."""
    template = load_yaml((HERE / "template.yaml").read_text())
    template["Resources"]["StateMachine"]["Properties"]["Definition"] = state_machine()
    return template


def pipeline_stack(stage: str, *, source_bucket: str, artifact_bucket: str, api_url: str) -> Stack:
    """The pipeline stack of `stage`."""
    return Stack(
        f"decant-{stage}-pipeline",
        pipeline_template(),
        {
            "Stage": stage,
            "SourceBucket": source_bucket,
            "ArtifactBucket": artifact_bucket,
            "ArtifactFolder": f"decant-{stage}-release"[:ARTIFACT_FOLDER_CHARACTERS],
            "ApiUrl": api_url,
        },
    )
