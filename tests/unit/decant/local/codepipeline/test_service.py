"""The API's answers and refusals, without the emulator."""

from __future__ import annotations

from typing import Any

import pytest

from decant.local.codepipeline.errors import ApiError
from decant.local.codepipeline.executor import Executor
from decant.local.codepipeline.service import CodePipeline
from decant.local.codepipeline.store import Scope, Store
from tests.unit.decant.local.codepipeline.declarations import deploy, pipeline, source
from tests.unit.decant.local.codepipeline.test_executor import FakePlatform

HERE = Scope("000000000000", "us-east-1")
EXECUTION_ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
ARN = "arn:aws:codepipeline:us-east-1:000000000000:release"


class Api:
    def __init__(self) -> None:
        self.role_problem: str | None = None
        store = Store()
        self._service = CodePipeline(
            store, Executor(store, FakePlatform()), lambda _scope, _role: self.role_problem
        )

    def call(self, operation: str, **payload: Any) -> dict[str, Any]:
        return self._service.call(HERE, operation, payload)

    def refusal(self, operation: str, **payload: Any) -> ApiError:
        with pytest.raises(ApiError) as caught:
            self.call(operation, **payload)
        return caught.value


@pytest.fixture
def api() -> Api:
    return Api()


def test_versions_count_updates(api: Api) -> None:
    assert api.call("CreatePipeline", pipeline=pipeline())["pipeline"]["version"] == 1
    assert api.call("UpdatePipeline", pipeline=pipeline())["pipeline"]["version"] == 2
    found = api.call("GetPipeline", name="release")
    assert (found["pipeline"]["version"], found["metadata"]["pipelineArn"]) == (2, ARN)
    assert api.refusal("GetPipeline", name="release", version=1).code == (
        "PipelineVersionNotFoundException"
    )


def test_a_name_is_given_once(api: Api) -> None:
    api.call("CreatePipeline", pipeline=pipeline())
    assert api.refusal("CreatePipeline", pipeline=pipeline()).code == "PipelineNameInUseException"


def test_deleting_twice_is_as_good_as_once(api: Api) -> None:
    api.call("CreatePipeline", pipeline=pipeline())
    api.call("DeletePipeline", name="release")
    api.call("DeletePipeline", name="release")
    assert api.refusal("GetPipeline", name="release").code == "PipelineNotFoundException"


def test_a_role_that_does_not_trust_codepipeline_is_refused(api: Api) -> None:
    api.role_problem = "not authorized to perform AssumeRole"
    refusal = api.refusal("CreatePipeline", pipeline=pipeline())
    assert refusal.code == "InvalidStructureException"
    assert "AssumeRole" in str(refusal)


def test_lists_in_pages(api: Api) -> None:
    for name in ("a", "b", "c"):
        api.call("CreatePipeline", pipeline=pipeline(name=name))
    first = api.call("ListPipelines", maxResults=2)
    second = api.call("ListPipelines", maxResults=2, nextToken=first["nextToken"])
    assert [p["name"] for p in first["pipelines"] + second["pipelines"]] == ["a", "b", "c"]
    assert "nextToken" not in second
    assert api.refusal("ListPipelines", nextToken="x").code == "InvalidNextTokenException"


def test_says_which_operation_is_not_there(api: Api) -> None:
    assert "RetryStageExecution" in str(api.refusal("RetryStageExecution"))


def test_tags_come_and_go(api: Api) -> None:
    api.call("CreatePipeline", pipeline=pipeline(), tags=[{"key": "a", "value": "1"}])
    api.call("TagResource", resourceArn=ARN, tags=[{"key": "b", "value": "2"}])
    api.call("UntagResource", resourceArn=ARN, tagKeys=["a"])
    tags = api.call("ListTagsForResource", resourceArn=ARN)["tags"]
    assert tags == [{"key": "b", "value": "2"}]
    other = ARN.replace("release", "nothing")
    assert api.refusal("ListTagsForResource", resourceArn=other).code == "ResourceNotFoundException"


def start_refusal(api: Api, **more: Any) -> str:
    refusal = api.refusal("StartPipelineExecution", name="release", **more)
    assert refusal.code == "ValidationException"
    return str(refusal)


def override(kind: str, action: str = "Upload") -> list[dict[str, str]]:
    return [{"actionName": action, "revisionType": kind, "revisionValue": "v"}]


def test_an_override_has_to_fit_a_source_action(api: Api) -> None:
    api.call("CreatePipeline", pipeline=pipeline())
    said = start_refusal(api, sourceRevisions=override("S3_OBJECT_KEY", "Deploy"))
    assert "no source action named Deploy" in said
    assert "does not fit" in start_refusal(api, sourceRevisions=override("COMMIT_ID"))


def test_another_object_key_has_to_be_allowed(api: Api) -> None:
    fixed = source(configuration={"S3Bucket": "uploads", "S3ObjectKey": "site.zip"})
    api.call("CreatePipeline", pipeline=pipeline([fixed], [deploy()]))
    said = start_refusal(api, sourceRevisions=override("S3_OBJECT_KEY"))
    assert "AllowOverrideForS3ObjectKey" in said
    api.call(
        "StartPipelineExecution",
        name="release",
        sourceRevisions=override("S3_OBJECT_VERSION_ID"),
    )


def test_a_variable_without_default_needs_a_value_and_only_declared_ones_have_one(
    api: Api,
) -> None:
    api.call("CreatePipeline", pipeline=pipeline(variables=[{"name": "site"}]))
    assert "site have no default" in start_refusal(api)
    other = [{"name": "site", "value": "a"}, {"name": "other", "value": "b"}]
    assert "no variable named other" in start_refusal(api, variables=other)
    api.call("StartPipelineExecution", name="release", variables=other[:1])


@pytest.mark.parametrize(
    ("operation", "payload"),
    [
        ("StartPipelineExecution", {"name": "x"}),
        ("GetPipelineState", {"name": "x"}),
        ("ListPipelineExecutions", {"pipelineName": "x"}),
        ("ListActionExecutions", {"pipelineName": "x"}),
        ("GetPipelineExecution", {"pipelineName": "x", "pipelineExecutionId": EXECUTION_ID}),
        ("StopPipelineExecution", {"pipelineName": "x", "pipelineExecutionId": EXECUTION_ID}),
        ("UpdatePipeline", {"pipeline": pipeline(name="x")}),
    ],
)
def test_says_that_a_pipeline_does_not_exist(
    api: Api, operation: str, payload: dict[str, Any]
) -> None:
    assert api.refusal(operation, **payload).code == "PipelineNotFoundException"
