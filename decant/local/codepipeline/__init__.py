"""CodePipeline for local AWS: the API, the CloudFormation type and the execution of pipelines.

model, variables, shapes, records, gates: pure data and rules.   store: the records, under one lock.
service: the API.   provisioner: CloudFormation.   executor, actions: what runs, as the role.
ministack_seams: the only module that reaches into the emulator.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from decant.local.codepipeline import ministack_seams as seams
from decant.local.codepipeline.errors import ApiError
from decant.local.codepipeline.executor import Executor
from decant.local.codepipeline.provisioner import RESOURCE_TYPE, Provisioner
from decant.local.codepipeline.roles import RoleSession
from decant.local.codepipeline.service import TARGET_PREFIX, CodePipeline
from decant.local.codepipeline.store import Scope, Store

SERVICE_PRINCIPAL = "codepipeline.amazonaws.com"


class MiniStackPlatform:
    """The executor's Platform on the emulator."""

    def assume(
        self, scope: Scope, role_arn: str, service: str, session_name: str, seconds: int
    ) -> RoleSession:
        """See Platform."""
        return seams.role_session(scope, role_arn, service, session_name, seconds)

    def publish(
        self,
        scope: Scope,
        *,
        source: str,
        detail_type: str,
        resource: str,
        detail: Mapping[str, object],
    ) -> None:
        """See Platform."""
        entry = {
            "Source": source,
            "DetailType": detail_type,
            "Resources": [resource],
            "Detail": json.dumps(detail),
            "EventBusName": "default",
        }
        seams.publish_event(scope, entry)


class CodePipelineModule:
    """The service in the shape of one of the emulator's service modules."""

    def __init__(self, service: CodePipeline, store: Store, executor: Executor) -> None:
        """Answer for `service`, whose records are in `store`."""
        self._service = service
        self._store = store
        self._executor = executor

    async def handle_request(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query_params: object
    ) -> seams.Response:
        """Answer one JSON 1.1 request; it only touches memory, so it may run on the loop."""
        del method, path, query_params
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            payload = json.loads(body or b"{}")
            answer = self._service.call(seams.request_scope(), operation, payload)
        except ApiError as error:
            return _respond(400, {"__type": error.code, "message": str(error)}, error.code)
        except ValueError as error:
            text = {"__type": "SerializationException", "message": str(error)}
            return _respond(400, text, "SerializationException")
        return _respond(200, answer)

    def get_state(self) -> dict[str, Any]:
        """What to keep across restarts."""
        return self._store.dump()

    def load_persisted_state(self, data: dict[str, Any]) -> None:
        """Take up what an earlier run kept."""
        self._store.load(data)

    def reset(self) -> None:
        """Forget all pipelines and end what they run."""
        self._executor.abandon_all()
        self._store.clear()


def _respond(status: int, answer: dict[str, Any], error: str = "") -> seams.Response:
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    if error:
        headers["x-amzn-errortype"] = error
    return status, headers, json.dumps(answer).encode()


def request_arn(headers: Mapping[str, str], body: bytes, region: str, account: str) -> str:
    """The ARN a CodePipeline request is authorised on."""
    del headers
    try:
        payload = json.loads(body or b"{}")
    except ValueError:
        payload = {}
    payload = payload if isinstance(payload, dict) else {}
    if "resourceArn" in payload:
        return str(payload["resourceArn"])
    declared = payload.get("pipeline")
    name = declared.get("name") if isinstance(declared, dict) else None
    name = name or payload.get("pipelineName") or payload.get("name") or "*"
    return f"arn:aws:codepipeline:{region}:{account}:{name}"


def install() -> None:
    """Add CodePipeline and CodeBuild to the emulator in this process, once, before it serves.

    Raises SeamMoved when the emulator is not the one this was written for.
    """
    from decant.local import codebuild  # it uses this package's modules

    seams.check()
    codebuild.install()
    store = Store()
    executor = Executor(store, MiniStackPlatform())
    service = CodePipeline(
        store,
        executor,
        lambda scope, role_arn: seams.role_problem(scope, role_arn, SERVICE_PRINCIPAL),
    )
    seams.register_service(CodePipelineModule(service, store, executor), TARGET_PREFIX)
    seams.authorise({seams.SERVICE: request_arn})
    provisioner = Provisioner(service, seams.request_scope, seams.physical_name)
    seams.register_resource(
        RESOURCE_TYPE,
        {
            "create": provisioner.create,
            "update": provisioner.update,
            "delete": provisioner.delete,
        },
    )
