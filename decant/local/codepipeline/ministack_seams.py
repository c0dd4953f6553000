"""Every place where CodePipeline and CodeBuild reach into MiniStack 1.5.33.

One small function per reach; `SEAMS` at the end says what each relies on, and `check` (at every
start) and tests/local/test_codepipeline.py name the seam that moved when the emulator is upgraded.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import secrets
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from decant.local.codepipeline.errors import ApiError
from decant.local.codepipeline.roles import Credentials, RoleSession
from decant.local.codepipeline.store import Scope
from decant.local.errors import SeamMoved
from decant.local.seams import Relied, Seam, check_version

SERVICE = "codepipeline"

Response = tuple[int, dict[str, str], bytes]
ArnOf = Callable[[Mapping[str, str], bytes, str, str], str | None]


def _module(name: str) -> Any:
    """A module of the emulator; imported late, for it reads its environment when it is imported."""
    return importlib.import_module(f"ministack.{name}")


class ServiceModule(Protocol):
    """What the emulator expects of a service's module."""

    async def handle_request(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query_params: object
    ) -> Response:
        """Answer one request."""

    def get_state(self) -> dict[str, Any]:
        """What to keep across restarts, JSON values."""

    def load_persisted_state(self, data: dict[str, Any]) -> None:
        """Take up what an earlier run kept."""

    def reset(self) -> None:
        """Forget everything."""


def register_service(service: ServiceModule, target_prefix: str) -> None:
    """Answer requests whose X-Amz-Target starts with `target_prefix`, and keep their state."""
    app = _module("app")
    router = _module("core.router")
    app.SERVICE_REGISTRY[SERVICE] = {"module": SERVICE}
    app.SERVICE_HANDLERS[SERVICE] = app._lazy_handler(SERVICE)
    app._state_map[SERVICE] = SERVICE
    app._loaded_modules[SERVICE] = service
    router.SERVICE_PATTERNS[SERVICE] = {
        "target_prefixes": [target_prefix],
        "host_patterns": [r"codepipeline\."],
        "credential_scope": SERVICE,
    }


def authorise(services: Mapping[str, ArnOf]) -> None:
    """Have requests of these services checked against the ARN that the given function names.

    The function gets headers, body, region and account; None leaves the emulator's own answer.
    """
    iam = _module("core.iam_actions")
    iam.SERVICE_TO_IAM_NAMESPACE[SERVICE] = SERVICE
    original = iam.extract_resource_arn

    def extract_resource_arn(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, Any],
        region: str,
        account_id: str,
    ) -> str:
        arn = services[service](headers, body, region, account_id) if service in services else None
        return arn or str(
            original(service, method, path, headers, body, query_params, region, account_id)
        )

    iam.extract_resource_arn = extract_resource_arn


def register_resource(resource_type: str, handlers: Mapping[str, Callable[..., Any]]) -> None:
    """Let CloudFormation make resources of this type; a changed Name replaces them."""
    cfn = _module("services.cloudformation.provisioners")
    cfn._RESOURCE_HANDLERS[resource_type] = dict(handlers)
    cfn._STACK_TAG_PROPERTY[resource_type] = ("Tags", "list")
    cfn._REPLACING_PROPERTIES[resource_type] = ("Name",)


def physical_name(stack_name: str, logical_id: str) -> str:
    """CloudFormation's name for a resource without one."""
    cfn = _module("services.cloudformation.provisioners")
    return str(cfn._physical_name(stack_name, logical_id, max_len=100))


def request_scope() -> Scope:
    """The account and region of the present request."""
    responses = _module("core.responses")
    return Scope(responses.get_account_id(), responses.get_region())


def endpoint_url() -> str:
    """Where this server listens, for clients inside it."""
    return f"http://127.0.0.1:{_module('app')._resolve_port()}"


def on_server_loop(scope: Scope, action: Callable[[], Any]) -> Any:
    """Run `action` as requests are run: on the event loop, for this account and region."""
    responses = _module("core.responses")
    app = _module("app")

    def scoped() -> Any:
        with responses.request_scope(*scope):
            return action()

    async def handler(*_: object) -> Any:
        return scoped()

    if _on_a_loop():
        return scoped()
    return app.call_service_handler_sync(handler, "", "", {}, b"", {}, timeout=30)


def _on_a_loop() -> bool:
    """Whether this is a request handler, which runs on the server's loop already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def publish_event(scope: Scope, entry: Mapping[str, Any]) -> None:
    """Put an event of an `aws.*` source on a bus."""
    events = _module("services.eventbridge")
    on_server_loop(scope, lambda: events._put_events({"Entries": [entry]}, allow_aws_source=True))


def role_problem(scope: Scope, role_arn: str, service: str) -> str | None:
    """Why `service` ("codepipeline.amazonaws.com") cannot act as the role, or None."""
    roles = _module("services.iam")._roles
    evaluator = _module("core.iam_evaluator")
    role = roles.get_scoped(scope.account, None, role_arn.rsplit("/", 1)[-1])
    refusal = f"{service} is not authorized to perform AssumeRole on role {role_arn}"
    if role is None or f":{scope.account}:" not in role_arn:
        return f"{refusal}: there is no such role."
    document = role.get("AssumeRolePolicyDocument") or "{}"
    trust = json.loads(document) if isinstance(document, str) else document
    statements = trust.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        trusted = evaluator._service_principal_matches(statement.get("Principal"), service)
        if statement.get("Effect") == "Allow" and trusted:
            return None
    return f"{refusal}: its trust policy does not name the service."


def role_session(
    scope: Scope, role_arn: str, service: str, session_name: str, seconds: int
) -> RoleSession:
    """Act as a role, as an AWS service does: no caller of ours needs permission to assume it.

    The credentials live for `seconds` or until the session is closed.
    Raises ApiError(InvalidStructureException) when the role is missing or does not trust `service`.
    """
    problem = role_problem(scope, role_arn, service)
    if problem:
        raise ApiError("InvalidStructureException", problem)
    sts = _module("services.sts")
    credentials = Credentials(
        f"ASIA{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30), secrets.token_urlsafe(60)
    )
    role_name = role_arn.rsplit("/", 1)[-1]
    session = {
        "Arn": f"arn:aws:sts::{scope.account}:assumed-role/{role_name}/{session_name}",
        "UserId": f"AROA{uuid.uuid5(uuid.NAMESPACE_URL, role_arn).hex[:17].upper()}:{session_name}",
        "AccountId": scope.account,
        "PrincipalType": "AssumedRole",
        "SecretAccessKey": credentials.secret_access_key,
        "SessionToken": credentials.session_token,
        "Expiration": time.time() + seconds,
    }
    key = credentials.access_key_id
    on_server_loop(scope, lambda: sts.register_session(key, session))
    return RoleSession(
        credentials, endpoint_url(), scope.region, lambda: sts._sessions.pop(key, None)
    )


def replace_build_operations(
    start: Callable[[dict[str, Any]], Response], stop: Callable[[dict[str, Any]], Response]
) -> None:
    """Answer StartBuild and StopBuild ourselves."""
    codebuild = _module("services.codebuild")
    codebuild._start_build = start
    codebuild._stop_build = stop


def build_project(scope: Scope, name: str) -> dict[str, Any] | None:
    """A CodeBuild project in the API's spelling."""
    project = _module("services.codebuild")._projects.get_scoped(*scope, name)
    return dict(project) if project else None


def build_records(scope: Scope) -> dict[str, dict[str, Any]]:
    """The scope's build records by id."""
    return dict(_module("services.codebuild")._builds.items_scoped(*scope))


def put_build_record(scope: Scope, record: dict[str, Any]) -> None:
    """Show this record of a build from now on; it must not be changed after."""
    builds = _module("services.codebuild")._builds
    builds.set_scoped(*scope, record["id"], record)


def scratch_root() -> str:
    """The folder below which builds run: DECANT_LOCAL_STATE, else the server's TMPDIR."""
    names = ("DECANT_LOCAL_STATE", "TMPDIR")
    return next((os.environ[n] for n in names if os.environ.get(n)), tempfile.gettempdir())


def check() -> None:
    """Raises SeamMoved when the installed emulator differs from what SEAMS were written for."""
    check_version()
    for seam in SEAMS:
        if differences := seam.moved():
            raise SeamMoved(
                f"MiniStack's seam '{seam.name}' moved ({'; '.join(differences)}): adapt "
                "decant/local/codepipeline/ministack_seams.py, which needs it to "
                f"{seam.purpose}."
            )


def _nothing() -> None:
    """These seams are used by the functions above, not installed by themselves."""


_APP = "ministack.app"
_ROUTER = "ministack.core.router"
_IAM_ACTIONS = "ministack.core.iam_actions"
_IAM_EVALUATOR = "ministack.core.iam_evaluator"
_RESPONSES = "ministack.core.responses"
_PROVISIONERS = "ministack.services.cloudformation.provisioners"
_EVENTBRIDGE = "ministack.services.eventbridge"
_IAM = "ministack.services.iam"
_STS = "ministack.services.sts"
_CODEBUILD = "ministack.services.codebuild"

SEAMS = (
    Seam(
        "pipelines' API",
        "answer for CodePipeline",
        (
            Relied(_APP, "SERVICE_REGISTRY"),
            Relied(_APP, "SERVICE_HANDLERS"),
            Relied(_APP, "_state_map"),
            Relied(_APP, "_loaded_modules"),
            Relied(_APP, "_lazy_handler", "module_name"),
            Relied(_ROUTER, "SERVICE_PATTERNS"),
        ),
        _nothing,
    ),
    Seam(
        "authorisation",
        "check requests against the ARN that AWS checks",
        (
            Relied(_IAM_ACTIONS, "SERVICE_TO_IAM_NAMESPACE"),
            Relied(
                _IAM_ACTIONS,
                "extract_resource_arn",
                "service, method, path, headers, body, query_params, region, account_id",
            ),
        ),
        _nothing,
    ),
    Seam(
        "pipelines in CloudFormation",
        "provision AWS::CodePipeline::Pipeline",
        (
            Relied(_PROVISIONERS, "_RESOURCE_HANDLERS"),
            Relied(_PROVISIONERS, "_STACK_TAG_PROPERTY"),
            Relied(_PROVISIONERS, "_REPLACING_PROPERTIES"),
            Relied(
                _PROVISIONERS,
                "_physical_name",
                "stack_name, logical_id, lowercase, max_len, seeded",
            ),
        ),
        _nothing,
    ),
    Seam(
        "request scope",
        "know whose pipeline a request means",
        (
            Relied(_RESPONSES, "get_account_id", ""),
            Relied(_RESPONSES, "get_region", ""),
            Relied(_RESPONSES, "request_scope", "account_id, region"),
        ),
        _nothing,
    ),
    Seam(
        "server loop",
        "reach the emulator's state from a thread",
        (
            Relied(_APP, "_resolve_port", ""),
            Relied(
                _APP,
                "call_service_handler_sync",
                "handler, method, path, headers, body, query_params, timeout",
            ),
        ),
        _nothing,
    ),
    Seam(
        "events",
        "publish state changes",
        (Relied(_EVENTBRIDGE, "_put_events", "data, allow_aws_source"),),
        _nothing,
    ),
    Seam(
        "role sessions",
        "act as a service's role",
        (
            Relied(_IAM, "_roles"),
            Relied(_STS, "_sessions"),
            Relied(_STS, "register_session", "access_key, session"),
            Relied(_IAM_EVALUATOR, "_service_principal_matches", "principal, service"),
        ),
        _nothing,
    ),
    Seam(
        "builds",
        "run CodeBuild's builds",
        (
            Relied(_CODEBUILD, "_projects"),
            Relied(_CODEBUILD, "_builds"),
            Relied(_CODEBUILD, "_start_build", "data"),
            Relied(_CODEBUILD, "_stop_build", "data"),
        ),
        _nothing,
    ),
)
