"""Requests against AWS's service model."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.model import Shape

from decant.local.codepipeline.errors import ApiError
from decant.local.codepipeline.service import TARGET_PREFIX
from decant.local.codepipeline.shapes import check_request, service_model
from tests.unit.decant.local.codepipeline.declarations import pipeline


def problem(operation: str, payload: dict[str, Any]) -> str:
    with pytest.raises(ApiError) as caught:
        check_request(operation, payload)
    assert caught.value.code == "ValidationException"
    return str(caught.value)


def test_accepts_a_whole_declaration() -> None:
    check_request("CreatePipeline", {"pipeline": pipeline()})


def test_every_pattern_of_the_service_model_is_one_that_python_reads() -> None:
    model = service_model()
    shapes: list[Shape] = [model.shape_for(name) for name in model.shape_names]
    for shape in shapes:
        if "pattern" in shape.metadata:
            re.compile(str(shape.metadata["pattern"]))


def test_answers_under_the_target_of_the_service_model() -> None:
    assert service_model().metadata["targetPrefix"] == TARGET_PREFIX


def test_names_a_missing_member() -> None:
    assert "Value null at 'name'" in problem("StartPipelineExecution", {})


@pytest.mark.parametrize(("length", "fits"), [(1, True), (128, True), (129, False)])
def test_a_client_request_token_has_1_to_128_characters(length: int, fits: bool) -> None:
    payload = {"name": "p", "clientRequestToken": "a" * length}
    if fits:
        check_request("StartPipelineExecution", payload)
    else:
        assert "less than or equal to 128" in problem("StartPipelineExecution", payload)


def test_a_client_request_token_is_of_letters_digits_and_hyphens() -> None:
    payload = {"name": "p", "clientRequestToken": "a_b"}
    assert "pattern" in problem("StartPipelineExecution", payload)


@pytest.mark.parametrize(("value", "fits"), [("x", True), ("x" * 1000, True), ("x" * 1001, False)])
def test_a_pipeline_variable_has_1_to_1000_characters(value: str, fits: bool) -> None:
    payload = {"name": "p", "variables": [{"name": "site", "value": value}]}
    if fits:
        check_request("StartPipelineExecution", payload)
    else:
        assert "variables.1.member.value" in problem("StartPipelineExecution", payload)


def test_refuses_a_word_that_is_not_in_the_list() -> None:
    revision = {"actionName": "a", "revisionType": "S3_KEY", "revisionValue": "k"}
    payload = {"name": "p", "sourceRevisions": [revision]}
    assert "enum value set" in problem("StartPipelineExecution", payload)


@pytest.mark.parametrize("version", [True, "1", 1.5])
def test_refuses_a_value_of_the_wrong_type(version: object) -> None:
    assert "type integer" in problem("GetPipeline", {"name": "p", "version": version})
