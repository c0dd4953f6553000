"""The record of a build, as BatchGetBuilds answers. Pure.

A record is never changed, only replaced: requests read it from other threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from decant.local.codebuild.plan import BuildPlan, Source, Target

Record = dict[str, Any]

IN_PROGRESS = "IN_PROGRESS"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
FAULT = "FAULT"  # local AWS itself broke down
STOPPED = "STOPPED"
TIMED_OUT = "TIMED_OUT"


def new_record(
    plan: BuildPlan, project: Mapping[str, Any], *, arn: str, number: int, now: float
) -> Record:
    """The record of a build that has just been asked for; times are seconds since 1970."""
    region, account = arn.split(":")[3:5]
    group = f"arn:aws:logs:{region}:{account}:log-group:{plan.log_group}"
    return {
        "id": plan.build_id,
        "arn": arn,
        "buildNumber": number,
        "startTime": now,
        "currentPhase": "QUEUED",
        "buildStatus": IN_PROGRESS,
        "buildComplete": False,
        "projectName": plan.project,
        "phases": [
            {
                "phaseType": "SUBMITTED",
                "phaseStatus": SUCCEEDED,
                "startTime": now,
                "endTime": now,
                "durationInSeconds": 0,
            },
            {"phaseType": "QUEUED", "startTime": now},
        ],
        "source": _source(plan.source, plan.buildspec),
        "secondarySources": [
            {**_source(source, ""), "sourceIdentifier": source.identifier}
            for source in plan.secondary_sources
        ],
        "artifacts": _artifacts(plan.target),
        "environment": {
            **project.get("environment", {}),
            "environmentVariables": [
                {"name": name, "value": value, "type": "PLAINTEXT"}
                for name, value in plan.variables.items()
            ],
        },
        "serviceRole": plan.role_arn,
        "logs": {
            "groupName": plan.log_group,
            "streamName": plan.uuid,
            "cloudWatchLogsArn": f"{group}:log-stream:{plan.uuid}",
        },
        "timeoutInMinutes": plan.timeout_seconds // 60,
        "initiator": plan.initiator,
        "encryptionKey": project.get("encryptionKey", ""),
        "exportedEnvironmentVariables": [],
    }


def _source(source: Source, buildspec: str) -> dict[str, str]:
    shown = {"type": source.kind}
    if source.kind == "S3":
        shown["location"] = source.location
    return {**shown, "buildspec": buildspec} if buildspec else shown


def _artifacts(target: Target) -> dict[str, str]:
    location = f"arn:aws:s3:::{target.location}" if target.location else ""
    return {"location": location}


def begin_phase(record: Record, phase: str, now: float) -> Record:
    """`record` with `phase` begun; a phase that was open has succeeded."""
    closed = record if "endTime" in record["phases"][-1] else end_phase(record, SUCCEEDED, now)
    return {
        **closed,
        "currentPhase": phase,
        "phases": [*closed["phases"], {"phaseType": phase, "startTime": now}],
    }


def end_phase(record: Record, status: str, now: float, code: str = "", message: str = "") -> Record:
    """`record` with its last phase ended, with `code` and `message` as the reason."""
    last = dict(record["phases"][-1])
    last |= {
        "phaseStatus": status,
        "endTime": now,
        "durationInSeconds": int(now - last["startTime"]),
    }
    if code:
        last["contexts"] = [{"statusCode": code, "message": message}]
    return {**record, "phases": [*record["phases"][:-1], last]}


def complete(record: Record, status: str, now: float) -> Record:
    """`record` as the record of a finished build."""
    final = {"phaseType": "COMPLETED", "startTime": now}
    return {
        **record,
        "phases": [*record["phases"], final],
        "currentPhase": "COMPLETED",
        "buildStatus": status,
        "buildComplete": True,
        "endTime": now,
    }


def with_exports(record: Record, values: Mapping[str, str]) -> Record:
    """`record` with the exported variables."""
    exported = [{"name": name, "value": value} for name, value in values.items()]
    return {**record, "exportedEnvironmentVariables": exported}
