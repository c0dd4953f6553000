"""CodePipeline: starts the release pipeline for one object version, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.gateways.translate import translated
from chalicelib.records import Source

if TYPE_CHECKING:
    from mypy_boto3_codepipeline import CodePipelineClient

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
