"""Pipeline declarations that tests start from."""

from __future__ import annotations

from typing import Any

from decant.local.codepipeline.model import with_defaults

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:deploy"
ROLE = "arn:aws:iam::000000000000:role/pipeline"


def source(name: str = "Upload", **more: Any) -> dict[str, Any]:
    configuration = {
        "S3Bucket": "uploads",
        "S3ObjectKey": "site.zip",
        "AllowOverrideForS3ObjectKey": "true",
    }
    return {
        "name": name,
        "actionTypeId": _type("Source", "S3"),
        "configuration": configuration,
        "outputArtifacts": [{"name": "Site"}],
        "namespace": "Source",
        **more,
    }


def build(name: str = "Build", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "actionTypeId": _type("Build", "CodeBuild"),
        "configuration": {"ProjectName": "sites"},
        "inputArtifacts": [{"name": "Site"}],
        **more,
    }


def deploy(name: str = "Deploy", text: str = "{}", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "actionTypeId": _type("Invoke", "StepFunctions"),
        "configuration": {"StateMachineArn": MACHINE, "Input": text},
        **more,
    }


def pipeline(*stages: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A declaration with defaults; without stages, the release pipeline's."""
    named = [
        {"name": f"Stage{number}", "actions": actions}
        for number, actions in enumerate(stages or ([source()], [deploy()]), start=1)
    ]
    return with_defaults(
        {
            "name": "release",
            "roleArn": ROLE,
            "artifactStore": {"type": "S3", "location": "artifacts"},
            "stages": named,
            "pipelineType": "V2",
            "executionMode": "PARALLEL",
            "version": 1,
            **more,
        }
    )


def _type(category: str, provider: str) -> dict[str, str]:
    return {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
