"""CodeBuild for local AWS: builds run on this machine, in bash, as their service role.

buildspec, plan, record: pure.   shell: one bash process.   artifacts: files in and out.
logs: CloudWatch Logs.   runner: one build.   service: StartBuild and StopBuild.
The emulator is reached through decant/local/codepipeline/ministack_seams.py only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from decant.local.codebuild.service import Builds
from decant.local.codepipeline import ministack_seams as seams


def build_arn(headers: Mapping[str, str], body: bytes, region: str, account: str) -> str | None:
    """The project whose build a request names: what AWS authorises build operations on."""
    del headers
    try:
        payload = json.loads(body or b"{}")
    except ValueError:
        return None
    payload = payload if isinstance(payload, dict) else {}
    identifier = payload.get("id") or next(iter(payload.get("ids") or []), None)
    if not isinstance(identifier, str):
        return None
    project = identifier.rpartition("/")[2].partition(":")[0]
    return f"arn:aws:codebuild:{region}:{account}:project/{project}"


def log_stream_arn(
    headers: Mapping[str, str], body: bytes, region: str, account: str
) -> str | None:
    """The stream a request writes to, so that the usual `log-group:<name>:*` covers it."""
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if operation not in ("CreateLogStream", "PutLogEvents"):
        return None
    try:
        payload = json.loads(body or b"{}")
        group, stream = payload["logGroupName"], payload["logStreamName"]
    except (ValueError, KeyError, TypeError):
        return None
    return f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}"


def install() -> None:
    """Have the emulator in this process run builds; called by codepipeline.install."""
    builds = Builds()
    seams.replace_build_operations(builds.start, builds.stop)
    seams.authorise({"codebuild": build_arn, "logs": log_stream_arn})
