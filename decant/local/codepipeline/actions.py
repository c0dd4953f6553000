"""The three kinds of action that run here: S3 source, CodeBuild, Step Functions.

Each is a function from a context to an outcome. All of AWS is reached through the context's role
session: ordinary signed calls, so the policy of the action's role decides. Sources: the user
guide's action reference pages.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from decant.local.codepipeline.errors import ActionFailed, ApiError
from decant.local.codepipeline.model import Action, build_variables
from decant.local.codepipeline.roles import RoleSession

MB = 1024 * 1024
MAX_INPUT_FILE_BYTES = 1 * MB
_COPY = TransferConfig(multipart_chunksize=8 * MB, use_threads=False)
_POLL_SECONDS = (0.2, 0.2, 0.5, 1.0, 2.0)  # the last one from then on


@dataclass(frozen=True, slots=True)
class Location:
    """Where an artifact lies."""

    bucket: str
    key: str

    def view(self, name: str) -> dict[str, Any]:
        """The artifact as API answers show it."""
        return {"name": name, "s3location": {"bucket": self.bucket, "key": self.key}}


@dataclass(frozen=True, slots=True)
class ActionContext:
    """What an action gets. `wait(seconds)` raises Abandoned when the action has to end.

    `report(external_id, summary)` shows progress; `overrides` maps a source revision type to its
    value; `configuration` is resolved.
    """

    action: Action
    action_execution_id: str
    pipeline: str
    configuration: Mapping[str, str]
    inputs: Mapping[str, Location]
    outputs: Mapping[str, Location]
    overrides: Mapping[str, str]
    role: RoleSession
    wait: Callable[[float], None]
    report: Callable[[str, str], None]

    def polls(self) -> Iterator[None]:
        """Yield after each pause, for as long as the caller asks."""
        count = 0
        while True:
            self.wait(_POLL_SECONDS[min(count, len(_POLL_SECONDS) - 1)])
            count += 1
            yield


@dataclass(frozen=True, slots=True)
class Outcome:
    """A success: output variables, the source revision if any, where the log is."""

    variables: Mapping[str, str] = field(default_factory=dict)
    revision: str = ""
    log_stream_arn: str = ""


def run(context: ActionContext) -> Outcome:
    """Run the action; raises ActionFailed with the reason, or Abandoned."""
    provider = _PROVIDERS.get(context.action.kind)
    if provider is None:
        raise ActionFailed(
            "ConfigurationError",
            f"Local AWS runs no {context.action.kind} actions, only {', '.join(_PROVIDERS)}.",
        )
    try:
        return provider(context)
    except ClientError as error:
        raise _failure(error) from error
    except BotoCoreError as error:
        raise ActionFailed("ConfigurationError", f"An AWS call could not be made: {error}") from (
            error
        )


def _failure(error: ClientError) -> ActionFailed:
    details = error.response.get("Error", {})
    code, message = details.get("Code", ""), details.get("Message", str(error))
    denied = code in ("AccessDenied", "AccessDeniedException", "403")
    return ActionFailed(
        "PermissionError" if denied else "ConfigurationError",
        f"{error.operation_name} was refused ({code}): {message}",
    )


def _s3_source(context: ActionContext) -> Outcome:
    bucket = context.configuration["S3Bucket"]
    key = context.overrides.get("S3_OBJECT_KEY", context.configuration["S3ObjectKey"])
    s3 = context.role.client("s3")
    if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
        raise ActionFailed(
            "ConfigurationError",
            f"The source bucket {bucket} is not versioned: turn versioning on.",
        )
    wanted = {"Bucket": bucket, "Key": key}
    if "S3_OBJECT_VERSION_ID" in context.overrides:
        wanted["VersionId"] = context.overrides["S3_OBJECT_VERSION_ID"]
    found = s3.get_object(**wanted)
    version = str(found["VersionId"])
    for target in context.outputs.values():
        s3.upload_fileobj(found["Body"], target.bucket, target.key, Config=_COPY)
    context.report(version, f"Amazon S3 version id: {version}")
    return Outcome(
        variables={
            "BucketName": bucket,
            "ETag": str(found["ETag"]).strip('"'),
            "ObjectKey": key,
            "VersionId": version,
        },
        revision=version,
    )


def _step_functions(context: ActionContext) -> Outcome:
    machine = context.configuration["StateMachineArn"]
    states = context.role.client("stepfunctions")
    express = states.describe_state_machine(stateMachineArn=machine).get("type") == "EXPRESS"
    prefix = context.configuration.get("ExecutionNamePrefix", "")
    started = states.start_execution(
        stateMachineArn=machine,
        name="-".join(part for part in (prefix, context.action_execution_id) if part),
        input=_machine_input(context),
    )
    arn = str(started["executionArn"])
    context.report(arn, "")
    variables = {"StateMachineArn": machine, "ExecutionArn": arn}
    if express:  # started and forgotten, as on AWS
        return Outcome(variables)
    for _ in context.polls():
        execution = states.describe_execution(executionArn=arn)
        if execution["status"] != "RUNNING":
            break
    if execution["status"] != "SUCCEEDED":
        why = ": ".join(str(execution[k]) for k in ("error", "cause") if execution.get(k))
        raise ActionFailed(
            "JobFailed",
            f"The state machine execution {arn} ended as {execution['status']}"
            + (f": {why}" if why else ""),
        )
    _put_zip(context, "output.json", str(execution.get("output", "")))
    return Outcome(variables)


def _machine_input(context: ActionContext) -> str:
    text = context.configuration.get("Input", "")
    if context.configuration.get("InputType", "Literal") == "FilePath":
        text = _read_member(context, text)
    if not text:
        return "{}"
    try:
        json.loads(text)
    except ValueError as error:
        raise ActionFailed(
            "ConfigurationError", f"The state machine's Input is not JSON ({error})."
        ) from error
    return text


def _read_member(context: ActionContext, path: str) -> str:
    if len(context.inputs) != 1:
        raise ActionFailed("ConfigurationError", "InputType FilePath needs one input artifact.")
    source = next(iter(context.inputs.values()))
    packed = io.BytesIO()
    s3 = context.role.client("s3")
    s3.download_fileobj(source.bucket, source.key, packed, Config=_COPY)
    try:
        with zipfile.ZipFile(packed) as archive, archive.open(path) as member:
            return member.read(MAX_INPUT_FILE_BYTES).decode()
    except (KeyError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise ActionFailed(
            "ConfigurationError", f"{path} cannot be read from the input artifact: {error}"
        ) from error


def _put_zip(context: ActionContext, name: str, text: str) -> None:
    for target in context.outputs.values():
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, text)
        packed.seek(0)
        context.role.client("s3").upload_fileobj(packed, target.bucket, target.key, Config=_COPY)


def _codebuild(context: ActionContext) -> Outcome:
    codebuild = context.role.client("codebuild")
    build = codebuild.start_build(**_build_request(context))["build"]
    context.report(str(build["id"]), "")
    for _ in context.polls():
        build = codebuild.batch_get_builds(ids=[build["id"]])["builds"][0]
        if build["buildStatus"] != "IN_PROGRESS":
            break
    if build["buildStatus"] != "SUCCEEDED":
        raise ActionFailed("JobFailed", _build_failure(build))
    exported = build.get("exportedEnvironmentVariables", [])
    return Outcome(
        {variable["name"]: variable["value"] for variable in exported},
        log_stream_arn=build.get("logs", {}).get("cloudWatchLogsArn", ""),
    )


def _build_request(context: ActionContext) -> dict[str, Any]:
    """What CodePipeline asks of CodeBuild; artifacts travel as "bucket/key" locations."""
    configuration = context.configuration
    try:
        variables = build_variables(
            configuration.get("EnvironmentVariables", "[]"), context.action.name
        )
    except ApiError as error:  # a resolved variable can spoil the JSON
        raise ActionFailed("ConfigurationError", str(error)) from error
    primary = configuration.get("PrimarySource") or next(iter(context.inputs))
    outputs = list(context.outputs.items())
    request: dict[str, Any] = {
        "projectName": configuration["ProjectName"],
        "sourceTypeOverride": "CODEPIPELINE",
        "sourceLocationOverride": _path(context.inputs[primary]),
        "secondarySourcesOverride": [
            {"type": "CODEPIPELINE", "location": _path(where), "sourceIdentifier": name}
            for name, where in context.inputs.items()
            if name != primary
        ],
        "artifactsOverride": {"type": "CODEPIPELINE"},
        "environmentVariablesOverride": [
            *variables,
            {"name": "CODEBUILD_INITIATOR", "value": f"codepipeline/{context.pipeline}"},
        ],
    }
    if len(outputs) == 1:
        request["artifactsOverride"]["location"] = _path(outputs[0][1])
    else:
        request["secondaryArtifactsOverride"] = [
            {"type": "CODEPIPELINE", "location": _path(where), "artifactIdentifier": name}
            for name, where in outputs
        ]
    for key, name in (
        ("BuildspecOverride", "buildspecOverride"),
        ("ServiceRoleArnOverride", "serviceRoleOverride"),
    ):
        if key in configuration:
            request[name] = configuration[key]
    return request


def _path(where: Location) -> str:
    return f"{where.bucket}/{where.key}"


def _build_failure(build: Mapping[str, Any]) -> str:
    said = f"Build terminated with state: {build['buildStatus']}"
    for phase in build.get("phases", []):
        for context in phase.get("contexts", []):
            if phase.get("phaseStatus") not in ("SUCCEEDED", None):
                return (
                    f"{said}. Phase: {phase['phaseType']}, Code: {context.get('statusCode', '')}, "
                    f"Message: {context.get('message', '')}"
                )
    return said


_PROVIDERS: dict[str, Callable[[ActionContext], Outcome]] = {
    "Source/S3": _s3_source,
    "Build/CodeBuild": _codebuild,
    "Invoke/StepFunctions": _step_functions,
}
