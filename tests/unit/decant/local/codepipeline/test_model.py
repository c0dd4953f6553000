"""Which declarations make a pipeline, and why others are refused."""

from __future__ import annotations

from typing import Any

import pytest

from decant.local.codepipeline.errors import ApiError
from decant.local.codepipeline.model import parse
from tests.unit.decant.local.codepipeline.declarations import build, deploy, pipeline, source

REGION = "us-east-1"


def refused(declaration: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(ApiError) as caught:
        parse(declaration, REGION)
    return caught.value.code, str(caught.value)


def test_reads_the_release_pipeline() -> None:
    parsed = parse(pipeline(), REGION)
    assert [a.kind for s in parsed.stages for a in s.actions] == [
        "Source/S3",
        "Invoke/StepFunctions",
    ]
    assert (parsed.artifact_bucket, parsed.mode) == ("artifacts", "PARALLEL")


def test_groups_actions_of_one_run_order() -> None:
    actions = [deploy("C", runOrder=2), deploy("A", runOrder=1), deploy("B", runOrder=1)]
    stage = parse(pipeline([source()], actions), REGION).stages[1]
    assert [[a.name for a in group] for group in stage.groups()] == [["A", "B"], ["C"]]


def test_takes_the_artifact_store_of_its_own_region() -> None:
    stores = {"us-east-1": {"type": "S3", "location": "near"}, "eu-west-1": {"location": "far"}}
    declaration = pipeline(artifactStores=stores)
    del declaration["artifactStore"]
    assert parse(declaration, REGION).artifact_bucket == "near"
    with pytest.raises(ApiError, match="no artifact store"):
        parse(declaration, "us-west-2")


def test_needs_two_stages() -> None:
    assert refused(pipeline([source()]))[0] == "InvalidStructureException"
    assert parse(pipeline([source()], [deploy()]), REGION)


def test_source_actions_belong_into_the_first_stage_and_only_they() -> None:
    assert "source actions" in refused(pipeline([deploy()], [deploy()]))[1]
    assert "source actions" in refused(pipeline([source()], [source("Again")]))[1]


def test_an_input_artifact_has_to_come_from_an_earlier_action() -> None:
    late = [build("One", runOrder=1, inputArtifacts=[{"name": "Built"}])]
    early = [build("Two", runOrder=2, outputArtifacts=[{"name": "Built"}])]
    assert "Built in action One" in refused(pipeline([source()], [*late, *early]))[1]


def test_an_artifact_is_made_once() -> None:
    twice = [build("One", outputArtifacts=[{"name": "Site"}])]
    assert "must be unique" in refused(pipeline([source()], twice))[1]


def test_refuses_two_actions_or_stages_of_one_name() -> None:
    assert "same name" in refused(pipeline([source()], [deploy(), deploy()]))[1]
    declaration = pipeline()
    declaration["stages"][1]["name"] = "Stage1"
    assert refused(declaration)[0] == "InvalidStageDeclarationException"


def test_refuses_a_reference_to_a_namespace_that_no_earlier_action_has() -> None:
    code, message = refused(pipeline([source()], [deploy(text='{"k": "#{Build.KEY}"}')]))
    assert code == "InvalidActionDeclarationException"
    assert "namespace that does not exist: Build" in message


def test_refuses_a_reference_to_the_action_itself() -> None:
    own = deploy(text="#{Deploy.ExecutionArn}", namespace="Deploy")
    assert "does not exist: Deploy" in refused(pipeline([source()], [own]))[1]


def test_refuses_a_reference_without_a_key() -> None:
    assert "separated by a period" in refused(pipeline([source()], [deploy(text="#{Source}")]))[1]


def test_refuses_a_pipeline_variable_that_is_not_declared() -> None:
    stages = ([source()], [deploy(text="#{variables.site}")])
    assert "not declared" in refused(pipeline(*stages))[1]
    assert parse(pipeline(*stages, variables=[{"name": "site"}]), REGION).variables == {
        "site": None
    }


def test_refuses_pipeline_variables_in_source_actions() -> None:
    bad = source(configuration={"S3Bucket": "b", "S3ObjectKey": "#{variables.key}"})
    declaration = pipeline([bad], [deploy()], variables=[{"name": "key", "defaultValue": "k"}])
    assert "source actions" in refused(declaration)[1]


@pytest.mark.parametrize(
    "more", [{"executionMode": "QUEUED"}, {"variables": [{"name": "x", "defaultValue": "1"}]}]
)
def test_version_1_pipelines_have_neither_modes_nor_variables(more: dict[str, Any]) -> None:
    old = {"pipelineType": "V1", "executionMode": "SUPERSEDED"}
    assert refused(pipeline(**{**old, **more}))[0] == "ValidationException"
    assert parse(pipeline(**old), REGION).mode == "SUPERSEDED"


@pytest.mark.parametrize("text", ["nope", "{}[", '[{"value": "1"}]', "[1]"])
def test_refuses_environment_variables_that_are_no_list_of_pairs(text: str) -> None:
    bad = build(configuration={"ProjectName": "sites", "EnvironmentVariables": text})
    assert "EnvironmentVariables" in refused(pipeline([source()], [bad]))[1]


def test_names_the_configuration_that_is_missing() -> None:
    assert "'ProjectName'" in refused(pipeline([source()], [build(configuration={})]))[1]
