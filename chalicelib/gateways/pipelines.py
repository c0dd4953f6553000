"""CodePipeline: starts the release pipeline for one object version, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.gateways.translate import translated
from chalicelib.records import Source

if TYPE_CHECKING:
    from mypy_boto3_codepipeline import CodePipelineClient
    from mypy_boto3_codepipeline.type_defs import ActionExecutionDetailTypeDef

SOURCE_ACTION = "Source"  # the name of the source action in pipeline/template.yaml
DEPLOYMENT_VARIABLE = "deployment_id"  # the variable the pipeline hands to the state machine


class Pipelines:
    """Starts and looks up executions."""

    def __init__(self, client: CodePipelineClient) -> None:
        self._client = client

    def start(self, pipeline: str, deployment_id: str, source: Source) -> str:
        """Start `pipeline` for `source`; returns the execution id.

        The deployment id is the request token: starting the same deployment again starts nothing
        new and returns the same id. Raises AwsError and its kinds.
        """
        with translated(f"the pipeline {pipeline}"):
            answer = self._client.start_pipeline_execution(
                name=pipeline,
                clientRequestToken=deployment_id,
                variables=[{"name": DEPLOYMENT_VARIABLE, "value": deployment_id}],
                sourceRevisions=[
                    {
                        "actionName": SOURCE_ACTION,
                        "revisionType": "S3_OBJECT_KEY",
                        "revisionValue": source.key,
                    },
                    {
                        "actionName": SOURCE_ACTION,
                        "revisionType": "S3_OBJECT_VERSION_ID",
                        "revisionValue": source.version_id,
                    },
                ],
            )
        return answer["pipelineExecutionId"]

    def deployment_of(self, pipeline: str, execution_id: str) -> str | None:
        """The deployment id that the execution was started with, if any."""
        with translated(f"the execution {execution_id} of {pipeline}"):
            answer = self._client.get_pipeline_execution(
                pipelineName=pipeline, pipelineExecutionId=execution_id
            )
        for variable in answer["pipelineExecution"].get("variables", []):
            if variable.get("name") == DEPLOYMENT_VARIABLE:
                return variable.get("resolvedValue")
        return None

    def failure_of(self, pipeline: str, execution_id: str) -> str:
        """Which action of the execution failed and why, as far as CodePipeline knows."""
        pages = self._client.get_paginator("list_action_executions").paginate(
            pipelineName=pipeline, filter={"pipelineExecutionId": execution_id}
        )
        with translated(f"the execution {execution_id} of {pipeline}"):
            for page in pages:
                for action in page["actionExecutionDetails"]:
                    if action.get("status") == "Failed":
                        return _failure(action)
        return f"the pipeline's execution {execution_id} was stopped"


def _failure(action: ActionExecutionDetailTypeDef) -> str:
    result = action.get("output", {}).get("executionResult", {})
    told = result.get("errorDetails", {}).get("message") or result.get("externalExecutionSummary")
    why = (told or "CodePipeline does not say why").rstrip(".")
    return f"the pipeline's action {action.get('actionName')} failed: {why}"
