"""The executor on a fake platform: no emulator, no network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from decant.local.codepipeline.errors import ApiError
from decant.local.codepipeline.executor import Executor
from decant.local.codepipeline.roles import Credentials, RoleSession
from decant.local.codepipeline.service import CodePipeline
from decant.local.codepipeline.store import Scope, Store
from tests.unit.decant.local.codepipeline.declarations import deploy, pipeline, source

HERE = Scope("000000000000", "us-east-1")
LIMIT_SECONDS = 10


class FakeStates:
    """Step Functions whose executions end when the test says so."""

    def __init__(self) -> None:
        self.started: list[dict[str, str]] = []
        self.ends = threading.Event()
        self.seen = threading.Condition()
        self.result: dict[str, str] = {"status": "SUCCEEDED", "output": "{}"}

    def describe_state_machine(self, **_: str) -> dict[str, str]:
        return {"type": "STANDARD"}

    def start_execution(self, **request: str) -> dict[str, str]:
        with self.seen:
            self.started.append(request)
            self.seen.notify_all()
        return {"executionArn": f"arn:{request['name']}"}

    def describe_execution(self, **_: str) -> dict[str, str]:
        return self.result if self.ends.is_set() else {"status": "RUNNING"}

    def wait_for(self, count: int) -> None:
        with self.seen:
            assert self.seen.wait_for(lambda: len(self.started) >= count, LIMIT_SECONDS)


class FakeS3:
    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []

    def get_bucket_versioning(self, **_: str) -> dict[str, str]:
        return {"Status": "Enabled"}

    def get_object(self, **request: str) -> dict[str, Any]:
        self.asked.append(request)
        return {"Body": b"", "VersionId": request.get("VersionId", "latest"), "ETag": '"e"'}

    def upload_fileobj(self, *_: object, **__: object) -> None:
        pass


class FakeSession(RoleSession):
    def __init__(self, clients: Mapping[str, object]) -> None:
        super().__init__(Credentials("", "", ""), "", "us-east-1", lambda: None)
        self._fakes = clients

    def client(self, service: str) -> Any:
        return self._fakes[service]


class FakePlatform:
    def __init__(self) -> None:
        self.states = FakeStates()
        self.s3 = FakeS3()
        self.refusal: str | None = None
        self.events: list[tuple[str, str]] = []
        self.changed = threading.Condition()

    def assume(self, *_: object) -> RoleSession:
        if self.refusal:
            raise ApiError("InvalidStructureException", self.refusal)
        return FakeSession({"stepfunctions": self.states, "s3": self.s3})

    def publish(self, *_: object, detail: Mapping[str, object], **__: object) -> None:
        with self.changed:
            self.events.append((str(detail["execution-id"]), str(detail["state"])))
            self.changed.notify_all()

    def wait_for(self, execution_id: str, state: str) -> None:
        with self.changed:
            assert self.changed.wait_for(
                lambda: (execution_id, state) in self.events, LIMIT_SECONDS
            ), self.events

    def states_of(self, execution_id: str) -> list[str]:
        return [state for who, state in self.events if who == execution_id]


class World:
    """A service with one pipeline called release."""

    def __init__(self) -> None:
        self.platform = FakePlatform()
        store = Store()
        self.executor = Executor(store, self.platform)
        self.service = CodePipeline(store, self.executor, lambda _scope, _role: None)

    def call(self, operation: str, **payload: Any) -> dict[str, Any]:
        return self.service.call(HERE, operation, payload)

    def create(self, **more: Any) -> None:
        self.call("CreatePipeline", pipeline=pipeline(**more))

    def start(self, **more: Any) -> str:
        started = self.call("StartPipelineExecution", name="release", **more)
        return str(started["pipelineExecutionId"])

    def execution(self, execution_id: str) -> dict[str, Any]:
        answer = self.call(
            "GetPipelineExecution", pipelineName="release", pipelineExecutionId=execution_id
        )
        return dict(answer["pipelineExecution"])

    def actions(self, execution_id: str) -> dict[str, dict[str, Any]]:
        details = self.call(
            "ListActionExecutions",
            pipelineName="release",
            filter={"pipelineExecutionId": execution_id},
        )["actionExecutionDetails"]
        return {detail["actionName"]: detail for detail in details}

    def latest_in(self, stage: str) -> object:
        states = self.call("GetPipelineState", name="release")["stageStates"]
        return next(s.get("latestExecution") for s in states if s["stageName"] == stage)

    def stop(self, execution_id: str, **more: Any) -> None:
        self.call(
            "StopPipelineExecution",
            pipelineName="release",
            pipelineExecutionId=execution_id,
            **more,
        )


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.platform.states.ends.set()
    made.executor.abandon_all()


def until(reached: Callable[[], bool]) -> None:
    """Wait for what no event tells of, 10 seconds at most."""
    pause = threading.Event()
    for _ in range(1000):
        if reached():
            return
        pause.wait(0.01)
    raise AssertionError("It never came to that.")


def refused(world: World, operation: str, **payload: Any) -> str:
    with pytest.raises(ApiError) as caught:
        world.call(operation, **payload)
    return caught.value.code


def test_walks_stages_and_hands_source_variables_on(world: World) -> None:
    stages = [
        {"name": "Source", "actions": [source()]},
        {
            "name": "Deploy",
            "actions": [deploy(text='{"key":"#{Source.ObjectKey}","site":"#{variables.site}"}')],
        },
    ]
    world.create(stages=stages, variables=[{"name": "site", "defaultValue": "www"}])
    world.platform.states.ends.set()
    started = world.start(
        sourceRevisions=[
            {"actionName": "Upload", "revisionType": "S3_OBJECT_KEY", "revisionValue": "b/c.zip"},
            {"actionName": "Upload", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": "v7"},
        ]
    )
    world.platform.wait_for(started, "SUCCEEDED")
    assert world.platform.s3.asked == [{"Bucket": "uploads", "Key": "b/c.zip", "VersionId": "v7"}]
    assert world.platform.states.started[0]["input"] == '{"key":"b/c.zip","site":"www"}'
    assert world.platform.states_of(started) == ["STARTED", "SUCCEEDED"]
    assert world.execution(started)["artifactRevisions"][0]["revisionId"] == "v7"


def test_a_failed_state_machine_fails_the_execution_with_error_and_cause(world: World) -> None:
    world.create()
    world.platform.states.result = {"status": "FAILED", "error": "UploadRefused", "cause": "no zip"}
    world.platform.states.ends.set()
    started = world.start()
    world.platform.wait_for(started, "FAILED")
    details = world.actions(started)["Deploy"]["output"]["executionResult"]["errorDetails"]
    assert details["code"] == "JobFailed"
    assert details["message"].endswith("ended as FAILED: UploadRefused: no zip")
    assert "UploadRefused: no zip" in world.execution(started)["statusSummary"]


def test_an_unresolvable_variable_fails_the_action(world: World) -> None:
    stages = [
        {"name": "Source", "actions": [source()]},
        {"name": "Deploy", "actions": [deploy(text="#{Source.Nothing}")]},
    ]
    world.create(stages=stages)
    started = world.start()
    world.platform.wait_for(started, "FAILED")
    assert "#{Source.Nothing}" in world.execution(started)["statusSummary"]
    assert world.platform.states.started == []


def test_a_role_that_cannot_be_assumed_fails_the_execution(world: World) -> None:
    world.create()
    world.platform.refusal = "there is no such role."
    started = world.start()
    world.platform.wait_for(started, "FAILED")
    details = world.actions(started)["Upload"]["output"]["executionResult"]["errorDetails"]
    assert details == {"code": "PermissionError", "message": "there is no such role."}


def test_a_repeated_token_is_the_same_execution(world: World) -> None:
    world.create()
    assert world.start(clientRequestToken="t-1") == world.start(clientRequestToken="t-1")
    assert world.start(clientRequestToken="t-2") != world.start(clientRequestToken="t-1")


def test_stop_waits_for_the_running_action(world: World) -> None:
    last = {"name": "Last", "actions": [deploy("Last")]}
    world.create(stages=[*pipeline()["stages"], last])
    started = world.start()
    world.platform.states.wait_for(1)
    world.stop(started, reason="not now")
    assert world.execution(started)["status"] == "Stopping"
    world.platform.states.ends.set()
    world.platform.wait_for(started, "STOPPED")
    actions = world.actions(started)
    assert actions["Deploy"]["status"] == "Succeeded"
    assert "Last" not in actions
    listed = world.call("ListPipelineExecutions", pipelineName="release")
    assert listed["pipelineExecutionSummaries"][0]["stopTrigger"] == {"reason": "not now"}


def test_stop_with_abandon_does_not_wait(world: World) -> None:
    world.create()
    started = world.start()
    world.platform.states.wait_for(1)
    world.stop(started, abandon=True)
    world.platform.wait_for(started, "STOPPED")
    assert world.actions(started)["Deploy"]["status"] == "Abandoned"


def test_a_second_stop_may_only_go_further(world: World) -> None:
    world.create()
    started = world.start()
    world.platform.states.wait_for(1)
    world.stop(started)
    which = {"pipelineName": "release", "pipelineExecutionId": started}
    assert refused(world, "StopPipelineExecution", **which) == "DuplicatedStopRequestException"
    world.stop(started, abandon=True)
    world.platform.wait_for(started, "STOPPED")
    assert (
        refused(world, "StopPipelineExecution", **which) == "PipelineExecutionNotStoppableException"
    )


def test_queued_executions_enter_a_stage_one_after_the_other(world: World) -> None:
    world.create(executionMode="QUEUED")
    first = world.start()
    world.platform.states.wait_for(1)
    second = world.start()
    assert len(world.platform.states.started) == 1
    world.platform.states.ends.set()
    world.platform.wait_for(second, "SUCCEEDED")
    finished = [who for who, state in world.platform.events if state == "SUCCEEDED"]
    assert finished == [first, second]


def test_a_newer_execution_supersedes_one_that_waits(world: World) -> None:
    world.create(executionMode="SUPERSEDED")
    world.start()
    world.platform.states.wait_for(1)
    overtaken = world.start()
    world.platform.wait_for(overtaken, "STARTED")
    before_deploy = {"pipelineExecutionId": overtaken, "status": "Succeeded", "type": "STANDARD"}
    until(lambda: world.latest_in("Stage1") == before_deploy)
    newest = world.start()
    world.platform.wait_for(overtaken, "SUPERSEDED")
    world.platform.states.ends.set()
    world.platform.wait_for(newest, "SUCCEEDED")


def test_an_update_cancels_what_runs_unless_all_is_parallel(world: World) -> None:
    world.create()
    kept = world.start()
    world.platform.states.wait_for(1)
    world.call("UpdatePipeline", pipeline=pipeline())
    assert world.execution(kept)["status"] == "InProgress"
    world.call("UpdatePipeline", pipeline=pipeline(executionMode="QUEUED"))
    world.platform.wait_for(kept, "CANCELED")
    assert world.execution(kept)["status"] == "Cancelled"


def test_fifty_executions_at_a_time_are_the_limit(world: World) -> None:
    world.create()
    for _ in range(50):
        world.start()
    code = refused(world, "StartPipelineExecution", name="release")
    assert code == "ConcurrentPipelineExecutionsLimitExceededException"


def test_actions_of_one_run_order_run_at_the_same_time(world: World) -> None:
    together = {"name": "Deploy", "actions": [deploy("A"), deploy("B"), deploy("C", runOrder=2)]}
    world.create(stages=[pipeline()["stages"][0], together])
    started = world.start()
    world.platform.states.wait_for(2)
    assert set(world.actions(started)) == {"Upload", "A", "B"}
    world.platform.states.ends.set()
    world.platform.wait_for(started, "SUCCEEDED")
    assert set(world.actions(started)) == {"Upload", "A", "B", "C"}


def test_an_action_of_another_provider_fails_with_what_runs_here(world: World) -> None:
    git = source(
        actionTypeId={
            "category": "Source",
            "owner": "AWS",
            "provider": "CodeStarSourceConnection",
            "version": "1",
        },
        configuration={"ConnectionArn": "arn", "FullRepositoryId": "a/b", "BranchName": "main"},
    )
    world.create(stages=[{"name": "Source", "actions": [git]}, pipeline()["stages"][1]])
    started = world.start()
    world.platform.wait_for(started, "FAILED")
    assert "Source/CodeStarSourceConnection" in world.execution(started)["statusSummary"]
