"""What `chalice deploy` needs of a stage: its settings, and the run of the real command.

`.chalice/config.json` is made from `.chalice/base.json` (memory, timeouts: in Git) and the edge
stack's outputs (names, roles: of one account), so that a bare `chalice deploy --stage S` works.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from chalicelib.errors import DecantError

# Chalice's name of each function -> the edge stack's output with its role.
ROLES = {
    "api_handler": "ApiRoleArn",
    "on_upload": "OnUploadRoleArn",
    "plan": "PlanRoleArn",
    "copy": "CopyRoleArn",
    "finish": "FinishRoleArn",
    "activate": "ActivateRoleArn",
    "prune": "PruneRoleArn",
    "fail": "FailRoleArn",
}


# What would make Chalice sign as somebody else than the stacks were deployed by.
_IDENTITY = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    }
)


class ChaliceFailed(DecantError):
    """`chalice deploy` ended with an error; the message has its last lines."""


def stage_settings(
    base: Mapping[str, Any], stage: str, outputs: Mapping[str, str]
) -> dict[str, Any]:
    """The settings of one stage: environment of the functions, and a role for each."""
    functions = {
        name: {**settings, "iam_role_arn": outputs[ROLES[name]]}
        for name, settings in base["lambda_functions"].items()
    }
    return {
        "api_gateway_stage": base["api_gateway_stage"],
        "iam_role_arn": outputs["ApiRoleArn"],
        "environment_variables": {
            "DECANT_STAGE": stage,
            "DECANT_TABLE": outputs["Table"],
            "DECANT_SOURCE_BUCKET": outputs["SourceBucket"],
            "DECANT_ARTIFACT_BUCKET": outputs["ArtifactBucket"],
            "DECANT_HOSTING_BUCKET": outputs["HostingBucket"],
            "DECANT_STORE_ARN": outputs["StoreArn"],
            "DECANT_RELEASE_PIPELINE": f"decant-{stage}-release",
            "DECANT_PRUNE_FUNCTION": f"decant-{stage}-prune",
            "POWERTOOLS_SERVICE_NAME": "decant",
            "POWERTOOLS_METRICS_NAMESPACE": "Decant",
            "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        },
        "lambda_functions": functions,
    }


def write_config(project: Path, stage: str, outputs: Mapping[str, str]) -> None:
    """Put the stage into `.chalice/config.json`; other stages in it stay as they are."""
    folder = project / ".chalice"
    base = json.loads((folder / "base.json").read_text())
    path = folder / "config.json"
    present = json.loads(path.read_text()) if path.exists() else {}
    config = {key: value for key, value in base.items() if key != "lambda_functions"}
    config["stages"] = {
        **present.get("stages", {}),
        stage: stage_settings(base, stage, outputs),
    }
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(config, indent=2) + "\n")
    fresh.replace(path)


def deploy(
    project: Path, stage: str, environment: Mapping[str, str], say: Callable[[str], None]
) -> str:
    """Run `chalice deploy --stage S`; returns the address that it gives the admin API.

    `environment` says as whom and where (credentials, region, endpoint): nothing of that is taken
    from this process's own. `say` gets each line the command prints. Raises ChaliceFailed.
    """
    command = [str(Path(sys.executable).with_name("chalice")), "deploy", "--stage", stage]
    lines: list[str] = []
    with subprocess.Popen(
        command,
        cwd=project,
        env={**_inherited(), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        for line in run.stdout or ():
            lines.append(line.rstrip())
            say(line.rstrip())
    if run.returncode != 0:
        tail = "\n".join(lines[-12:])
        raise ChaliceFailed(f"`chalice deploy --stage {stage}` failed; its last lines:\n{tail}")
    return api_url(json.loads(deployed_path(project, stage).read_text()))


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _IDENTITY}


def deployed_path(project: Path, stage: str) -> Path:
    """Where Chalice keeps what it has deployed."""
    return project / ".chalice" / "deployed" / f"{stage}.json"


def api_url(deployed: Mapping[str, Any]) -> str:
    """The admin API's address in what Chalice has deployed, without a `/` at the end.

    Raises ChaliceFailed when there is none.
    """
    for resource in deployed["resources"]:
        if resource["resource_type"] == "rest_api":
            return str(resource["rest_api_url"]).rstrip("/")
    raise ChaliceFailed("`chalice deploy` made no API: look at what it printed.")


def fingerprint(project: Path, stage: str) -> str:
    """A digest (sha256, hex) of all that `chalice deploy` packs and applies for a stage."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {version('chalice')}".encode())
    config = json.loads((project / ".chalice" / "config.json").read_text())
    shared = {key: value for key, value in config.items() if key != "stages"}
    digest.update(json.dumps([shared, config["stages"][stage]], sort_keys=True).encode())
    sources = sorted((project / "chalicelib").rglob("*.py"))
    for path in [project / "app.py", project / "requirements.txt", *sources]:
        digest.update(str(path.relative_to(project)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
