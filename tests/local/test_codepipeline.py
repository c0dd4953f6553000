"""CodePipeline on a running local AWS that checks every signature and policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from decant.local.codepipeline import ministack_seams
from decant.local.process import LocalAws, StartOptions
from decant.local.seams import Relied, Seam
from tests.local.pipelines import (
    ACCOUNT,
    ARTIFACTS,
    MACHINE,
    PIPELINE_POLICY,
    PROJECT,
    REGION,
    UPLOADS,
    PipelineWorld,
    document,
    running_world,
    until,
)

RELEASE = "release"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PipelineWorld]:
    with running_world(tmp_path_factory.mktemp("codepipeline")) as made:
        make_stack(made)
        yield made


def template(**changes: Any) -> dict[str, Any]:
    """The release pipeline as CloudFormation."""
    source = {
        "Name": "Upload",
        "ActionTypeId": action_type("Source", "S3"),
        "Configuration": {
            "S3Bucket": UPLOADS,
            "S3ObjectKey": "none.zip",
            "AllowOverrideForS3ObjectKey": True,
            "PollForSourceChanges": False,
        },
        "OutputArtifacts": [{"Name": "Site"}],
        "Namespace": "Source",
    }
    machine_input = {
        "do": "#{variables.do}",
        "key": "#{Source.ObjectKey}",
        "version": "#{Source.VersionId}",
        "bucket": "#{Source.BucketName}",
        "execution": "#{codepipeline.PipelineExecutionId}",
    }
    deploy = {
        "Name": "Deploy",
        "ActionTypeId": action_type("Invoke", "StepFunctions"),
        "Configuration": {
            "StateMachineArn": MACHINE,
            "ExecutionNamePrefix": "release",
            "Input": json.dumps(machine_input),
        },
        "RunOrder": "1",
        "InputArtifacts": [{"Name": "Site"}],
    }
    properties = {
        "Name": RELEASE,
        "RoleArn": {"Ref": "RoleArn"},
        "PipelineType": "V2",
        "ExecutionMode": "PARALLEL",
        "ArtifactStore": {"Type": "S3", "Location": ARTIFACTS},
        "Variables": [{"Name": "do", "DefaultValue": "pass"}],
        "Stages": [
            {"Name": "Source", "Actions": [source]},
            {"Name": "Deploy", "Actions": [deploy]},
        ],
        "Tags": [{"Key": "team", "Value": "web"}],
        **changes,
    }
    return {
        "Parameters": {"RoleArn": {"Type": "String"}},
        "Resources": {
            "Pipeline": {"Type": "AWS::CodePipeline::Pipeline", "Properties": properties}
        },
        "Outputs": {
            "Name": {"Value": {"Ref": "Pipeline"}},
            "Version": {"Value": {"Fn::GetAtt": ["Pipeline", "Version"]}},
        },
    }


def action_type(category: str, provider: str) -> dict[str, str]:
    return {"Category": category, "Owner": "AWS", "Provider": provider, "Version": "1"}


def make_stack(world: PipelineWorld, name: str = "pipeline", **changes: Any) -> dict[str, str]:
    """Create or update a stack of one pipeline; its outputs."""
    cloudformation = world.client("cloudformation")
    request = {
        "StackName": name,
        "TemplateBody": json.dumps(template(**changes)),
        "Parameters": [{"ParameterKey": "RoleArn", "ParameterValue": world.pipeline_role}],
    }
    exists = any(
        s["StackName"] == name and s["StackStatus"] != "DELETE_COMPLETE"
        for s in cloudformation.list_stacks()["StackSummaries"]
    )
    (cloudformation.update_stack if exists else cloudformation.create_stack)(**request)
    stack = until(lambda: settled(cloudformation.describe_stacks(StackName=name)["Stacks"][0]))
    assert stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), stack
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def settled(stack: dict[str, Any]) -> dict[str, Any] | None:
    return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack


def revisions(key: str, version: str) -> list[dict[str, str]]:
    return [
        {"actionName": "Upload", "revisionType": "S3_OBJECT_KEY", "revisionValue": key},
        {"actionName": "Upload", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": version},
    ]


def start_release(world: PipelineWorld, do: str = "pass", **more: Any) -> str:
    version = world.upload("production/site.zip", {"index.html": "<p>hello"})
    return world.start(
        more.pop("name", RELEASE),
        sourceRevisions=revisions("production/site.zip", version),
        variables=[{"name": "do", "value": do}],
        **more,
    )


def test_a_release_runs_from_the_uploaded_version_to_the_state_machine(
    world: PipelineWorld,
) -> None:
    wanted = world.upload("blog/site.zip", {"index.html": "the wanted version"})
    world.upload("blog/site.zip", {"index.html": "a later one"})
    started = world.start(RELEASE, sourceRevisions=revisions("blog/site.zip", wanted))
    execution = world.finished(RELEASE, started)
    assert execution["status"] == "Succeeded"
    assert execution["artifactRevisions"][0]["revisionId"] == wanted
    actions = world.actions(RELEASE, started)
    artifact = actions["Upload"]["output"]["outputArtifacts"][0]["s3location"]
    assert (artifact["bucket"], artifact["key"].rpartition("/")[0]) == (ARTIFACTS, "release/Site")
    body = world.client("s3").get_object(Bucket=ARTIFACTS, Key=artifact["key"])["Body"].read()
    assert b"the wanted version" in body
    arn = actions["Deploy"]["output"]["outputVariables"]["ExecutionArn"]
    run = world.client("stepfunctions").describe_execution(executionArn=arn)
    assert run["name"].startswith("release-")
    assert json.loads(run["input"]) == {
        "do": "pass",
        "key": "blog/site.zip",
        "version": wanted,
        "bucket": UPLOADS,
        "execution": started,
    }
    states = world.client("codepipeline").get_pipeline_state(name=RELEASE)["stageStates"]
    assert [s["latestExecution"]["status"] for s in states] == ["Succeeded", "Succeeded"]


def test_a_repeated_client_request_token_starts_nothing(world: PipelineWorld) -> None:
    first = start_release(world, clientRequestToken="upload-1")
    assert start_release(world, clientRequestToken="upload-1") == first
    listed = world.client("codepipeline").list_pipeline_executions(pipelineName=RELEASE)
    ids = [e["pipelineExecutionId"] for e in listed["pipelineExecutionSummaries"]]
    assert ids.count(first) == 1


def test_a_failing_state_machine_fails_the_execution_with_its_reason(world: PipelineWorld) -> None:
    execution = world.finished(RELEASE, started := start_release(world, "fail"))
    assert execution["status"] == "Failed"
    result = world.actions(RELEASE, started)["Deploy"]["output"]["executionResult"]
    assert result["errorDetails"]["code"] == "JobFailed"
    assert "UploadRefused: The zip has no page." in result["errorDetails"]["message"]


@pytest.mark.parametrize(
    ("missing", "action", "said"),
    [
        ("s3:GetBucketVersioning", "Upload", "GetBucketVersioning"),
        ("s3:GetObjectVersion", "Upload", "GetObject"),
        ("s3:PutObject", "Upload", "PutObject"),
        ("states:DescribeStateMachine", "Deploy", "DescribeStateMachine"),
        ("states:StartExecution", "Deploy", "StartExecution"),
        ("states:DescribeExecution", "Deploy", "DescribeExecution"),
    ],
)
def test_a_role_that_lacks_a_permission_fails_the_execution(
    world: PipelineWorld, missing: str, action: str, said: str
) -> None:
    rest = [([a for a in actions if a != missing], where) for actions, where in PIPELINE_POLICY]
    policy = document([(actions, where) for actions, where in rest if actions])
    put = world.client("iam").put_role_policy
    put(RoleName="pipeline", PolicyName="own", PolicyDocument=json.dumps(policy))
    try:
        execution = world.finished(RELEASE, started := start_release(world))
    finally:
        whole = json.dumps(document(PIPELINE_POLICY))
        put(RoleName="pipeline", PolicyName="own", PolicyDocument=whole)
    assert execution["status"] == "Failed"
    assert said in execution["statusSummary"]
    result = world.actions(RELEASE, started)[action]["output"]["executionResult"]
    assert result["errorDetails"]["code"] == "PermissionError"


def test_a_role_that_does_not_trust_codepipeline_is_refused_at_creation(
    world: PipelineWorld,
) -> None:
    codepipeline = world.client("codepipeline")
    declared = codepipeline.get_pipeline(name=RELEASE)["pipeline"]
    wrong = {**declared, "name": "wrong", "roleArn": world.build_role}
    with pytest.raises(codepipeline.exceptions.InvalidStructureException, match="AssumeRole"):
        codepipeline.create_pipeline(pipeline=wrong)


def test_stopping_with_abandon_ends_a_waiting_execution_at_once(world: PipelineWorld) -> None:
    started = start_release(world, "wait")
    until(lambda: "Deploy" in world.actions(RELEASE, started))
    codepipeline = world.client("codepipeline")
    which = {"pipelineName": RELEASE, "pipelineExecutionId": started}
    codepipeline.stop_pipeline_execution(**which, abandon=True, reason="enough")
    assert world.finished(RELEASE, started)["status"] == "Stopped"
    assert world.actions(RELEASE, started)["Deploy"]["status"] == "Abandoned"
    with pytest.raises(codepipeline.exceptions.PipelineExecutionNotStoppableException):
        codepipeline.stop_pipeline_execution(**which)


def test_status_changes_reach_the_event_bus(world: PipelineWorld) -> None:
    sqs, events = world.client("sqs"), world.client("events")
    queue = sqs.create_queue(QueueName="states")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:states"
    pattern = {
        "source": ["aws.codepipeline"],
        "detail-type": ["CodePipeline Pipeline Execution State Change"],
        "detail": {"pipeline": [RELEASE]},
    }
    events.put_rule(Name="states", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="states", Targets=[{"Id": "q", "Arn": arn}])
    try:
        started = start_release(world)
        world.finished(RELEASE, started)
        found: list[dict[str, Any]] = []

        def both() -> bool:
            got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
            found.extend(json.loads(message["Body"]) for message in got)
            return len(found) >= 2

        until(both)
    finally:
        events.remove_targets(Rule="states", Ids=["q"])
        events.delete_rule(Name="states")
    assert {e["detail"]["state"] for e in found} == {"STARTED", "SUCCEEDED"}
    assert found[0]["detail"]["execution-id"] == started
    assert found[0]["resources"] == [f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:{RELEASE}"]


def test_requests_are_authorised_on_the_pipeline(world: PipelineWorld) -> None:
    iam = world.client("iam")
    iam.create_user(UserName="starter")
    own = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:{RELEASE}"
    policy = document([(["codepipeline:StartPipelineExecution"], [own])])
    iam.put_user_policy(UserName="starter", PolicyName="own", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="starter")["AccessKey"]
    starter = world.client_with("codepipeline", key["AccessKeyId"], key["SecretAccessKey"])
    assert starter.start_pipeline_execution(name=RELEASE)["pipelineExecutionId"]
    with pytest.raises(ClientError, match=r"AccessDenied.*codepipeline:GetPipeline"):
        starter.get_pipeline(name=RELEASE)
    with pytest.raises(ClientError, match="AccessDenied"):
        starter.start_pipeline_execution(name="another")


def test_cloudformation_updates_in_place_and_deletes(world: PipelineWorld) -> None:
    codepipeline = world.client("codepipeline")
    assert make_stack(world, "other", Name="other") == {"Name": "other", "Version": "1"}
    changed = make_stack(world, "other", Name="other", ExecutionMode="QUEUED", Tags=[])
    assert changed == {"Name": "other", "Version": "2"}
    found = codepipeline.get_pipeline(name="other")
    assert found["pipeline"]["executionMode"] == "QUEUED"
    tags = codepipeline.list_tags_for_resource(resourceArn=found["metadata"]["pipelineArn"])["tags"]
    assert "team" not in {tag["key"] for tag in tags}
    world.client("cloudformation").delete_stack(StackName="other")

    def gone() -> bool:
        return "other" not in {p["name"] for p in codepipeline.list_pipelines()["pipelines"]}

    until(gone)


def test_cloudformation_says_why_a_pipeline_is_refused(world: PipelineWorld) -> None:
    cloudformation = world.client("cloudformation")
    cloudformation.create_stack(
        StackName="broken",
        TemplateBody=json.dumps(template(Name="broken", PipelineType="V1")),
        Parameters=[{"ParameterKey": "RoleArn", "ParameterValue": world.pipeline_role}],
    )
    until(lambda: settled(cloudformation.describe_stacks(StackName="broken")["Stacks"][0]))
    events = cloudformation.describe_stack_events(StackName="broken")["StackEvents"]
    reasons = [e.get("ResourceStatusReason", "") for e in events]
    assert any("need a pipeline of type V2" in reason for reason in reasons)


BUILD_STAGE = {
    "Name": "Build",
    "Actions": [
        {
            "Name": "Build",
            "ActionTypeId": action_type("Build", "CodeBuild"),
            "Configuration": {
                "ProjectName": PROJECT,
                "EnvironmentVariables": json.dumps(
                    [{"name": "SITE", "value": "#{Source.ObjectKey}", "type": "PLAINTEXT"}]
                ),
            },
            "InputArtifacts": [{"Name": "Site"}],
            "OutputArtifacts": [{"Name": "Built"}],
            "Namespace": "Build",
        }
    ],
}


@pytest.fixture(scope="module")
def build_pipeline(world: PipelineWorld) -> str:
    stages = template()["Resources"]["Pipeline"]["Properties"]["Stages"]
    deploy = json.loads(json.dumps(stages[1]))
    deploy["Actions"][0]["Configuration"]["Input"] = json.dumps(
        {"do": "pass", "made": "#{Build.MADE}"}
    )
    make_stack(world, "build", Name="build", Stages=[stages[0], BUILD_STAGE, deploy])
    return "build"


def test_what_a_build_exports_reaches_the_next_action(
    world: PipelineWorld, build_pipeline: str
) -> None:
    world.project(
        """
version: 0.2
env:
  exported-variables: [MADE]
phases:
  build:
    commands:
      - mkdir dist && cp index.html dist/
      - MADE="$SITE by $CODEBUILD_INITIATOR"
artifacts:
  base-directory: dist
  files: ['**/*']
"""
    )
    execution = world.finished(build_pipeline, started := start_release(world, name="build"))
    assert execution["status"] == "Succeeded", execution
    actions = world.actions(build_pipeline, started)
    arn = actions["Deploy"]["output"]["outputVariables"]["ExecutionArn"]
    run = world.client("stepfunctions").describe_execution(executionArn=arn)
    assert json.loads(run["input"])["made"] == "production/site.zip by codepipeline/build"
    artifact = actions["Build"]["output"]["outputArtifacts"][0]["s3location"]
    assert world.client("s3").head_object(Bucket=ARTIFACTS, Key=artifact["key"])


def test_a_failing_build_fails_the_pipeline_with_its_reason(
    world: PipelineWorld, build_pipeline: str
) -> None:
    world.project("version: 0.2\nphases: {build: {commands: ['echo so bad; exit 3']}}\n")
    execution = world.finished(build_pipeline, started := start_release(world, name="build"))
    assert execution["status"] == "Failed"
    assert "Phase: BUILD, Code: COMMAND_EXECUTION_ERROR" in execution["statusSummary"]
    assert "exit status 3" in execution["statusSummary"]
    result = world.actions(build_pipeline, started)["Build"]["output"]["executionResult"]
    builds = world.client("codebuild").batch_get_builds(ids=[result["externalExecutionId"]])
    assert "so bad" in world.log(builds["builds"][0])


def test_pipelines_and_their_history_survive_a_restart(tmp_path: Path) -> None:
    options = StartOptions(persist=True)
    first = LocalAws.start(tmp_path, options)
    try:
        world = PipelineWorld(first)
        make_stack(world)
        done = start_release(world)
        world.finished(RELEASE, done)
        cut_off = start_release(world, "wait")
        until(lambda: "Deploy" in world.actions(RELEASE, cut_off))
    finally:
        first.stop()
    second = LocalAws.start(tmp_path, options)
    try:
        again = PipelineWorld(second, fresh=False)
        assert again.execution(RELEASE, done)["status"] == "Succeeded"
        assert again.execution(RELEASE, cut_off)["status"] == "Failed"
        assert again.finished(RELEASE, start_release(again))["status"] == "Succeeded"
    finally:
        second.stop()


@pytest.mark.parametrize("seam", ministack_seams.SEAMS, ids=lambda seam: seam.name)
def test_the_seam_is_where_it_was(seam: Seam) -> None:
    assert seam.moved() == []


def test_a_seam_that_moved_is_named() -> None:
    gone = Seam("x", "y", (Relied("ministack.services.codebuild", "_gone"),), lambda: None)
    assert gone.moved() == ["ministack.services.codebuild._gone is gone"]
