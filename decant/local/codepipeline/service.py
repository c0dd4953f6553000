"""The JSON 1.1 API `CodePipeline_20150709`: one function per operation.

Parses and checks a request, reads or changes the store, starts or stops executions. What differs
from AWS: creating a pipeline does not start it, and only S3, CodeBuild and Step Functions actions
run (a pipeline with others can be declared; such an action fails when it is reached).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

from decant.local.codepipeline import records
from decant.local.codepipeline.errors import ApiError
from decant.local.codepipeline.executor import MAX_CONCURRENT_EXECUTIONS, Executor
from decant.local.codepipeline.model import Pipeline, parse, with_defaults
from decant.local.codepipeline.records import Execution
from decant.local.codepipeline.requests import (
    Payload,
    checked_overrides,
    page,
    pipeline_arn,
    resolved_variables,
    tag_list,
    tag_map,
)
from decant.local.codepipeline.shapes import check_request
from decant.local.codepipeline.store import PipelineRecord, Scope, Store

TARGET_PREFIX = "CodePipeline_20150709"
MAX_PIPELINES = 1_000
MAX_TAGS = 50

# role ARN -> why CodePipeline cannot act as it, or None
RoleCheck = Callable[[Scope, str], str | None]


class CodePipeline:
    """The service; `call` is the one way in."""

    def __init__(
        self,
        store: Store,
        executor: Executor,
        check_role: RoleCheck,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` gives seconds since 1970."""
        self._store = store
        self._executor = executor
        self._check_role = check_role
        self._clock = clock
        self._operations: dict[str, Callable[[Scope, Payload], Payload]] = {
            "CreatePipeline": self._create,
            "UpdatePipeline": self._update,
            "GetPipeline": self._get,
            "DeletePipeline": self._delete,
            "ListPipelines": self._list,
            "StartPipelineExecution": self._start,
            "StopPipelineExecution": self._stop,
            "GetPipelineExecution": self._get_execution,
            "ListPipelineExecutions": self._list_executions,
            "ListActionExecutions": self._list_actions,
            "GetPipelineState": self._get_state,
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": self._list_tags,
        }

    def call(self, scope: Scope, operation: str, payload: Payload) -> Payload:
        """Answer one request; raises ApiError for all that AWS would refuse."""
        handler = self._operations.get(operation)
        if handler is None:
            raise ApiError("InvalidAction", f"Local AWS has no CodePipeline operation {operation}.")
        check_request(operation, payload)
        with self._store.lock:
            return handler(scope, payload)

    # -- pipelines ----------------------------------------------------------------------------

    def _create(self, scope: Scope, payload: Payload) -> Payload:
        name = payload["pipeline"]["name"]
        if self._store.has(scope, name):
            raise ApiError(
                "PipelineNameInUseException", f"A pipeline with the name '{name}' exists already."
            )
        if len(self._store.names(scope)) >= MAX_PIPELINES:
            raise ApiError(
                "LimitExceededException", f"There are {MAX_PIPELINES} pipelines already."
            )
        declaration = {**with_defaults(payload["pipeline"]), "version": 1}
        self._validate(scope, declaration)
        tags = tag_map(payload.get("tags", []))
        now = self._clock()
        self._store.put(scope, name, PipelineRecord(declaration, now, now, tags))
        return {"pipeline": declaration, "tags": tag_list(tags)}

    def _update(self, scope: Scope, payload: Payload) -> Payload:
        name = payload["pipeline"]["name"]
        record = self._store.pipeline(scope, name)
        version = record.declaration["version"] + 1
        declaration = {**with_defaults(payload["pipeline"]), "version": version}
        self._validate(scope, declaration)
        modes = {record.declaration["executionMode"], declaration["executionMode"]}
        if modes != {"PARALLEL"}:
            self._cancel_all(scope, name, "The pipeline's definition was updated.")
        record.declaration, record.updated = declaration, self._clock()
        return {"pipeline": declaration}

    def _validate(self, scope: Scope, declaration: Payload) -> Pipeline:
        pipeline = parse(declaration, scope.region)
        problem = self._check_role(scope, pipeline.role_arn)
        if problem:
            raise ApiError("InvalidStructureException", problem)
        return pipeline

    def _cancel_all(self, scope: Scope, name: str, reason: str) -> None:
        for execution in self._store.executions(scope, name):
            self._executor.cancel(execution, reason)

    def _get(self, scope: Scope, payload: Payload) -> Payload:
        record = self._store.pipeline(scope, payload["name"])
        version = payload.get("version", record.declaration["version"])
        if version != record.declaration["version"]:
            raise ApiError(
                "PipelineVersionNotFoundException",
                f"Version {version} of pipeline '{payload['name']}' is not kept here.",
            )
        return {
            "pipeline": record.declaration,
            "metadata": {
                "pipelineArn": pipeline_arn(scope, payload["name"]),
                "created": record.created,
                "updated": record.updated,
            },
        }

    def _delete(self, scope: Scope, payload: Payload) -> Payload:
        self._cancel_all(scope, payload["name"], "The pipeline was deleted.")
        self._store.remove(scope, payload["name"])
        return {}

    def _list(self, scope: Scope, payload: Payload) -> Payload:
        items = []
        for name in self._store.names(scope):
            record = self._store.pipeline(scope, name)
            shown = {k: record.declaration[k] for k in ("version", "pipelineType", "executionMode")}
            items.append(
                {"name": name, **shown, "created": record.created, "updated": record.updated}
            )
        return page(items, payload, "pipelines")

    # -- executions ---------------------------------------------------------------------------

    def _start(self, scope: Scope, payload: Payload) -> Payload:
        name = payload["name"]
        record = self._store.pipeline(scope, name)
        pipeline = parse(record.declaration, scope.region)
        token = payload.get("clientRequestToken", "")
        history = self._store.executions(scope, name)
        known = next((e for e in history if token and e.token == token), None)
        if known:
            return {"pipelineExecutionId": known.id}
        overrides = checked_overrides(pipeline, payload.get("sourceRevisions", []))
        running = sum(1 for execution in history if not execution.finished)
        if pipeline.mode != "SUPERSEDED" and running >= MAX_CONCURRENT_EXECUTIONS:
            raise ApiError(
                "ConcurrentPipelineExecutionsLimitExceededException",
                f"Pipeline '{name}' has {running} executions in progress, "
                f"the limit is {MAX_CONCURRENT_EXECUTIONS}.",
            )
        now = self._clock()
        execution = Execution(
            id=str(uuid.uuid4()),
            pipeline=name,
            version=record.declaration["version"],
            mode=pipeline.mode,
            declaration=record.declaration,
            variables=resolved_variables(pipeline, payload.get("variables", [])),
            overrides=overrides,
            token=token,
            started=now,
            updated=now,
        )
        self._executor.start(scope, execution)
        return {"pipelineExecutionId": execution.id}

    def _stop(self, scope: Scope, payload: Payload) -> Payload:
        name = payload["pipelineName"]
        self._store.pipeline(scope, name)
        try:
            execution = self._store.execution(scope, name, payload["pipelineExecutionId"])
        except ApiError as error:  # the operation does not declare "execution not found"
            raise ApiError("PipelineExecutionNotStoppableException", str(error)) from error
        abandon = bool(payload.get("abandon", False))
        if execution.finished:
            raise ApiError(
                "PipelineExecutionNotStoppableException",
                f"Execution {execution.id} has ended already: {execution.status}.",
            )
        if execution.status == records.STOPPING and (execution.abandoned or not abandon):
            raise ApiError(
                "DuplicatedStopRequestException", f"Execution {execution.id} is stopping already."
            )
        self._executor.stop(execution, abandon=abandon, reason=payload.get("reason", ""))
        return {"pipelineExecutionId": execution.id}

    def _get_execution(self, scope: Scope, payload: Payload) -> Payload:
        self._store.pipeline(scope, payload["pipelineName"])
        execution = self._store.execution(
            scope, payload["pipelineName"], payload["pipelineExecutionId"]
        )
        return {"pipelineExecution": records.execution_view(execution)}

    def _list_executions(self, scope: Scope, payload: Payload) -> Payload:
        name = payload["pipelineName"]
        self._store.pipeline(scope, name)
        stage = payload.get("filter", {}).get("succeededInStage", {}).get("stageName")
        newest_first = reversed(self._store.executions(scope, name))
        found = [
            records.summary_view(execution)
            for execution in newest_first
            if stage is None or execution.stages.get(stage) == records.SUCCEEDED
        ]
        return page(found, payload, "pipelineExecutionSummaries")

    def _list_actions(self, scope: Scope, payload: Payload) -> Payload:
        name = payload["pipelineName"]
        self._store.pipeline(scope, name)
        wanted = payload.get("filter", {})
        wanted_id = wanted.get("pipelineExecutionId") or wanted.get(
            "latestInPipelineExecution", {}
        ).get("pipelineExecutionId")
        executions = self._store.executions(scope, name)
        if wanted_id:
            executions = [self._store.execution(scope, name, wanted_id)]
        found = [
            records.action_view(execution, run)
            for execution in reversed(executions)
            for run in reversed(execution.runs)
        ]
        return page(found, payload, "actionExecutionDetails")

    def _get_state(self, scope: Scope, payload: Payload) -> Payload:
        name = payload["name"]
        record = self._store.pipeline(scope, name)
        pipeline = parse(record.declaration, scope.region)
        return {
            "pipelineName": name,
            "pipelineVersion": record.declaration["version"],
            "stageStates": records.state_view(pipeline.stages, self._store.executions(scope, name)),
            "created": record.created,
            "updated": record.updated,
        }

    # -- tags ---------------------------------------------------------------------------------

    def _tagged(self, scope: Scope, payload: Payload) -> PipelineRecord:
        name = payload["resourceArn"].rsplit(":", 1)[-1]
        if payload["resourceArn"] != pipeline_arn(scope, name) or not self._store.has(scope, name):
            raise ApiError(
                "ResourceNotFoundException", f"There is no pipeline {payload['resourceArn']}."
            )
        return self._store.pipeline(scope, name)

    def _tag(self, scope: Scope, payload: Payload) -> Payload:
        record = self._tagged(scope, payload)
        merged = {**record.tags, **tag_map(payload["tags"])}
        if len(merged) > MAX_TAGS:
            raise ApiError("TooManyTagsException", f"A pipeline has at most {MAX_TAGS} tags.")
        record.tags = merged
        return {}

    def _untag(self, scope: Scope, payload: Payload) -> Payload:
        record = self._tagged(scope, payload)
        record.tags = {k: v for k, v in record.tags.items() if k not in payload["tagKeys"]}
        return {}

    def _list_tags(self, scope: Scope, payload: Payload) -> Payload:
        return page(tag_list(self._tagged(scope, payload).tags), payload, "tags")
