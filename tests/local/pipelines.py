"""A local AWS with what a pipeline needs: buckets, roles, a state machine, a build project."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from decant.local.process import LocalAws

REGION = "us-east-1"
ACCOUNT = "000000000000"
UPLOADS = "test-uploads"
ARTIFACTS = "test-artifacts"
PROJECT = "sites"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:deploy"

Statement = tuple[Sequence[str], Sequence[str]]

# What the pipeline's role needs, and no more.
PIPELINE_POLICY: list[Statement] = [
    (["s3:GetBucketVersioning"], [f"arn:aws:s3:::{UPLOADS}"]),
    (["s3:GetObject", "s3:GetObjectVersion"], [f"arn:aws:s3:::{UPLOADS}/*"]),
    (["s3:GetObject", "s3:PutObject"], [f"arn:aws:s3:::{ARTIFACTS}/*"]),
    (["states:DescribeStateMachine", "states:StartExecution"], [MACHINE]),
    (["states:DescribeExecution"], [MACHINE.replace("stateMachine", "execution") + ":*"]),
    (
        ["codebuild:StartBuild", "codebuild:BatchGetBuilds"],
        [f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{PROJECT}"],
    ),
]
_LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/codebuild/{PROJECT}"
BUILD_POLICY: list[Statement] = [
    (["s3:GetObject", "s3:PutObject"], [f"arn:aws:s3:::{ARTIFACTS}/*"]),
    (["logs:CreateLogGroup"], [_LOGS]),
    (["logs:CreateLogStream", "logs:PutLogEvents"], [f"{_LOGS}:*"]),
]

# Passes its input on, waits when told to, or fails when told to.
_DEFINITION = {
    "StartAt": "Choose",
    "States": {
        "Choose": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.do", "StringEquals": "fail", "Next": "Refuse"},
                {"Variable": "$.do", "StringEquals": "wait", "Next": "Wait"},
            ],
            "Default": "Done",
        },
        "Refuse": {"Type": "Fail", "Error": "UploadRefused", "Cause": "The zip has no page."},
        "Wait": {"Type": "Wait", "Seconds": 60, "Next": "Done"},
        "Done": {"Type": "Pass", "End": True},
    },
}


def until(reached: Callable[[], Any], limit_seconds: int = 30) -> Any:
    """What `reached` gives as soon as that is true."""
    pause = threading.Event()
    for _ in range(limit_seconds * 20):
        found = reached()
        if found:
            return found
        pause.wait(0.05)
    raise AssertionError(f"It did not come to that in {limit_seconds} seconds.")


def packed(files: Mapping[str, str]) -> bytes:
    """A zip of these files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return target.getvalue()


class PipelineWorld:
    """The operator's view: root clients and shorthands."""

    def __init__(self, local: LocalAws, *, fresh: bool = True) -> None:
        self.local = local
        self._clients: dict[str, Any] = {}
        if fresh:
            self._fill()

    def _fill(self) -> None:
        s3 = self.client("s3")
        for bucket in (UPLOADS, ARTIFACTS):
            s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=UPLOADS, VersioningConfiguration={"Status": "Enabled"})
        self.pipeline_role = self.role("pipeline", "codepipeline", PIPELINE_POLICY)
        self.build_role = self.role("build", "codebuild", BUILD_POLICY)
        machine_role = self.role("machine", "states", [(["s3:ListBucket"], ["*"])])
        self.client("stepfunctions").create_state_machine(
            name="deploy", roleArn=machine_role, definition=json.dumps(_DEFINITION)
        )

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self.client_with(service, "test", "test")
        return self._clients[service]

    def client_with(self, service: str, key: str, secret: str) -> Any:
        make: Any = boto3.client  # the name is no literal, so no overload fits
        return make(
            service,
            region_name=REGION,
            endpoint_url=self.local.endpoint_url.replace("localhost", "127.0.0.1"),
            aws_access_key_id=key,
            aws_secret_access_key=secret,
        )

    def role(self, name: str, service: str, policy: Sequence[Statement]) -> str:
        trust = [
            {
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ]
        iam = self.client("iam")
        made = iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}),
        )
        iam.put_role_policy(
            RoleName=name, PolicyName="own", PolicyDocument=json.dumps(document(policy))
        )
        return str(made["Role"]["Arn"])

    def upload(self, key: str, files: Mapping[str, str]) -> str:
        """The version id of a new zip in the uploads bucket."""
        put = self.client("s3").put_object(Bucket=UPLOADS, Key=key, Body=packed(files))
        return str(put["VersionId"])

    def start(self, name: str, **more: Any) -> str:
        started = self.client("codepipeline").start_pipeline_execution(name=name, **more)
        return str(started["pipelineExecutionId"])

    def execution(self, name: str, execution_id: str) -> dict[str, Any]:
        found = self.client("codepipeline").get_pipeline_execution(
            pipelineName=name, pipelineExecutionId=execution_id
        )
        return dict(found["pipelineExecution"])

    def finished(self, name: str, execution_id: str) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            found = self.execution(name, execution_id)
            return None if found["status"] in ("InProgress", "Stopping") else found

        return dict(until(ended))

    def actions(self, name: str, execution_id: str) -> dict[str, dict[str, Any]]:
        details = self.client("codepipeline").list_action_executions(
            pipelineName=name, filter={"pipelineExecutionId": execution_id}
        )["actionExecutionDetails"]
        return {detail["actionName"]: detail for detail in details}

    def project(self, buildspec: str, **more: Any) -> None:
        """Make the build project anew with this buildspec."""
        codebuild = self.client("codebuild")
        settings = {
            "name": PROJECT,
            "source": {"type": "CODEPIPELINE", "buildspec": buildspec},
            "artifacts": {"type": "CODEPIPELINE"},
            "environment": {
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            "serviceRole": self.build_role,
            **more,
        }
        if codebuild.batch_get_projects(names=[PROJECT])["projects"]:
            codebuild.delete_project(name=PROJECT)
        codebuild.create_project(**settings)

    def log(self, build: Mapping[str, Any]) -> list[str]:
        where = build["logs"]
        events = self.client("logs").get_log_events(
            logGroupName=where["groupName"], logStreamName=where["streamName"], startFromHead=True
        )["events"]
        return [event["message"] for event in events]


def document(policy: Sequence[Statement]) -> dict[str, Any]:
    """A policy document that allows these actions on these resources."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
            for actions, resources in policy
        ],
    }


@contextmanager
def running_world(folder: Path) -> Iterator[PipelineWorld]:
    """A local AWS of its own, for as long as the context lasts."""
    local = LocalAws.start(folder)
    try:
        yield PipelineWorld(local)
    finally:
        local.stop()
