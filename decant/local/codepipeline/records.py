"""What an execution leaves behind, and the shapes the API shows of it. Pure.

The views follow botocore's output shapes; times are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from decant.local.codepipeline.model import Action, Stage

IN_PROGRESS = "InProgress"
STOPPING = "Stopping"
STOPPED = "Stopped"
SUCCEEDED = "Succeeded"
FAILED = "Failed"
CANCELLED = "Cancelled"
SUPERSEDED = "Superseded"
ABANDONED = "Abandoned"

UNFINISHED = (IN_PROGRESS, STOPPING)


@dataclass(slots=True)
class ActionRun:
    """One run of one action. `inputs` and `outputs` are {"name", "s3location"} objects."""

    id: str
    stage: str
    action: str
    started: float
    updated: float
    configuration: dict[str, str]
    status: str = IN_PROGRESS
    resolved: dict[str, str] = field(default_factory=dict)
    inputs: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    external_id: str = ""
    summary: str = ""
    error_code: str = ""
    error_message: str = ""
    log_stream_arn: str = ""


@dataclass(slots=True)
class Execution:
    """One execution and the declaration it started with."""

    id: str
    pipeline: str
    version: int
    mode: str
    declaration: dict[str, Any]
    variables: dict[str, str]
    overrides: list[dict[str, str]]
    token: str
    started: float
    updated: float
    trigger_detail: str = ""
    status: str = IN_PROGRESS
    summary: str = ""
    stop_reason: str = ""
    abandoned: bool = False
    revisions: list[dict[str, Any]] = field(default_factory=list)
    stages: dict[str, str] = field(default_factory=dict)
    runs: list[ActionRun] = field(default_factory=list)

    @property
    def finished(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.status not in UNFINISHED

    def dump(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return asdict(self)

    @classmethod
    def load(cls, data: dict[str, Any]) -> Execution:
        """The execution that `dump` wrote."""
        runs = [ActionRun(**run) for run in data["runs"]]
        return cls(**{**data, "runs": runs})


def _trigger(execution: Execution) -> dict[str, str]:
    return {
        "triggerType": "StartPipelineExecution",
        "triggerDetail": execution.trigger_detail,
    }


def _common(execution: Execution) -> dict[str, Any]:
    view: dict[str, Any] = {
        "pipelineExecutionId": execution.id,
        "status": execution.status,
        "trigger": _trigger(execution),
        "executionMode": execution.mode,
        "executionType": "STANDARD",
    }
    if execution.summary:
        view["statusSummary"] = execution.summary
    return view


def execution_view(execution: Execution) -> dict[str, Any]:
    """PipelineExecution, as GetPipelineExecution answers."""
    return {
        **_common(execution),
        "pipelineName": execution.pipeline,
        "pipelineVersion": execution.version,
        "artifactRevisions": [
            {"name": r["artifact"], "revisionId": r["id"], "created": r["created"]}
            for r in execution.revisions
        ],
        "variables": [
            {"name": name, "resolvedValue": value} for name, value in execution.variables.items()
        ],
    }


def summary_view(execution: Execution) -> dict[str, Any]:
    """PipelineExecutionSummary, as ListPipelineExecutions answers."""
    view = {
        **_common(execution),
        "startTime": execution.started,
        "lastUpdateTime": execution.updated,
        "sourceRevisions": [
            {
                "actionName": r["action"],
                "revisionId": r["id"],
                "revisionSummary": f"Amazon S3 version id: {r['id']}",
            }
            for r in execution.revisions
        ],
    }
    if execution.stop_reason:
        view["stopTrigger"] = {"reason": execution.stop_reason}
    return view


def action_view(execution: Execution, run: ActionRun) -> dict[str, Any]:
    """ActionExecutionDetail, as ListActionExecutions answers."""
    declared = _declared_action(execution, run)
    result: dict[str, Any] = {}
    if run.external_id:
        result["externalExecutionId"] = run.external_id
    if run.summary:
        result["externalExecutionSummary"] = run.summary
    if run.log_stream_arn:
        result["logStreamARN"] = run.log_stream_arn
    if run.error_code:
        result["errorDetails"] = {"code": run.error_code, "message": run.error_message}
    source = {
        "actionTypeId": declared["actionTypeId"],
        "configuration": run.configuration,
        "resolvedConfiguration": run.resolved,
        "inputArtifacts": run.inputs,
    }
    for key in ("roleArn", "region", "namespace"):
        if key in declared:
            source[key] = declared[key]
    return {
        "pipelineExecutionId": execution.id,
        "actionExecutionId": run.id,
        "pipelineVersion": execution.version,
        "stageName": run.stage,
        "actionName": run.action,
        "startTime": run.started,
        "lastUpdateTime": run.updated,
        "status": run.status,
        "input": source,
        "output": {
            "outputArtifacts": run.outputs,
            "executionResult": result,
            "outputVariables": run.variables,
        },
    }


def _declared_action(execution: Execution, run: ActionRun) -> dict[str, Any]:
    for stage in execution.declaration["stages"]:
        for action in stage["actions"]:
            if (stage["name"], action["name"]) == (run.stage, run.action):
                return dict(action)
    raise KeyError(f"{run.stage}/{run.action}")


def state_view(stages: Sequence[Stage], executions: Sequence[Execution]) -> list[dict[str, Any]]:
    """The stageStates of GetPipelineState; `executions` are oldest first."""
    return [_stage_state(stage, executions) for stage in stages]


def _stage_state(stage: Stage, executions: Sequence[Execution]) -> dict[str, Any]:
    state: dict[str, Any] = {
        "stageName": stage.name,
        "inboundTransitionState": {"enabled": True},
        "inboundExecutions": [],
        "actionStates": [_action_state(stage, a, executions) for a in stage.actions],
    }
    seen = [e for e in executions if stage.name in e.stages]
    if seen:
        state["latestExecution"] = {
            "pipelineExecutionId": seen[-1].id,
            "status": seen[-1].stages[stage.name],
            "type": "STANDARD",
        }
    return state


def _action_state(stage: Stage, action: Action, executions: Sequence[Execution]) -> dict[str, Any]:
    runs = [
        run
        for execution in executions
        for run in execution.runs
        if (run.stage, run.action) == (stage.name, action.name)
    ]
    state: dict[str, Any] = {"actionName": action.name}
    if runs:
        run = runs[-1]
        latest: dict[str, Any] = {
            "actionExecutionId": run.id,
            "status": run.status,
            "lastStatusChange": run.updated,
        }
        if run.summary:
            latest["summary"] = run.summary
        if run.external_id:
            latest["externalExecutionId"] = run.external_id
        if run.log_stream_arn:
            latest["logStreamARN"] = run.log_stream_arn
        if run.error_code:
            latest["errorDetails"] = {"code": run.error_code, "message": run.error_message}
        state["latestExecution"] = latest
    return state
