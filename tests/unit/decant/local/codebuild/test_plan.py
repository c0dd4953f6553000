"""A project and a request, turned into a plan."""

from __future__ import annotations

from typing import Any

import pytest

from decant.local.codebuild.plan import Target, build_environment, make_plan, s3_key
from decant.local.codepipeline.errors import ApiError

PROJECT: dict[str, Any] = {
    "name": "sites",
    "serviceRole": "arn:aws:iam::000000000000:role/build",
    "source": {"type": "CODEPIPELINE", "buildspec": "version: 0.2\n"},
    "artifacts": {"type": "CODEPIPELINE"},
    "environment": {
        "image": "image",
        "environmentVariables": [
            {"name": "A", "value": "project", "type": "PLAINTEXT"},
            {"name": "B", "value": "project"},
        ],
    },
    "timeoutInMinutes": 5,
}
FROM_PIPELINE: dict[str, Any] = {
    "sourceTypeOverride": "CODEPIPELINE",
    "sourceLocationOverride": "artifacts/p/In/1",
    "environmentVariablesOverride": [
        {"name": "B", "value": "request"},
        {"name": "CODEBUILD_INITIATOR", "value": "codepipeline/p"},
    ],
}


def test_the_request_wins_over_the_project() -> None:
    plan = make_plan(PROJECT, FROM_PIPELINE, "sites:1", "root")
    assert plan.variables == {"A": "project", "B": "request"}
    assert plan.initiator == "codepipeline/p"
    assert plan.timeout_seconds == 300
    longer = make_plan(PROJECT, {**FROM_PIPELINE, "timeoutInMinutesOverride": 7}, "sites:1", "root")
    assert longer.timeout_seconds == 420


def test_reads_the_buildspec_of_the_source_when_none_is_given() -> None:
    project = {**PROJECT, "source": {"type": "NO_SOURCE"}}
    assert make_plan(project, {}, "sites:1", "root").buildspec == "buildspec.yml"


def test_refuses_sources_and_variables_it_cannot_get() -> None:
    git = {"sourceTypeOverride": "GITHUB", "sourceLocationOverride": "https://example.com/a.git"}
    with pytest.raises(ApiError, match="not GITHUB"):
        make_plan(PROJECT, git, "sites:1", "root")
    with pytest.raises(ApiError, match="start its pipeline"):
        make_plan(PROJECT, {}, "sites:1", "root")
    secret = {
        **FROM_PIPELINE,
        "environmentVariablesOverride": [{"name": "A", "value": "/a", "type": "PARAMETER_STORE"}],
    }
    with pytest.raises(ApiError, match="PARAMETER_STORE"):
        make_plan(PROJECT, secret, "sites:1", "root")


@pytest.mark.parametrize(
    ("target", "key"),
    [
        (Target("S3", "b", name="site.zip"), "site.zip"),
        (Target("S3", "b", path="/out/", name="site.zip"), "out/site.zip"),
        (Target("S3", "b", path="out", namespace="BUILD_ID"), "out/uuid/from-spec"),
        (Target("S3", "b", name="/"), ""),
    ],
)
def test_an_s3_key_is_path_build_and_name(target: Target, key: str) -> None:
    assert s3_key(target, "uuid", "from-spec") == key


def test_tells_the_build_about_itself() -> None:
    plan = make_plan(PROJECT, FROM_PIPELINE, "sites:1234", "root")
    environment = build_environment(
        plan,
        number=7,
        arn="arn:build",
        started_seconds=1.5,
        source_folder="/src",
        secondary_folders={"Extra": "/extra"},
    )
    assert environment["CODEBUILD_BUILD_ID"] == "sites:1234"
    assert environment["CODEBUILD_SOURCE_VERSION"] == "arn:aws:s3:::artifacts/p/In/1"
    assert environment["CODEBUILD_START_TIME"] == "1500"
    assert environment["CODEBUILD_SRC_DIR_Extra"] == "/extra"
