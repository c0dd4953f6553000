"""The record of a build through its phases."""

from __future__ import annotations

from decant.local.codebuild.plan import make_plan
from decant.local.codebuild.record import (
    FAILED,
    Record,
    begin_phase,
    complete,
    end_phase,
    new_record,
    with_exports,
)
from tests.unit.decant.local.codebuild.test_plan import FROM_PIPELINE, PROJECT

ARN = "arn:aws:codebuild:us-east-1:000000000000:build/sites:1"


def fresh() -> Record:
    plan = make_plan(PROJECT, FROM_PIPELINE, "sites:1", "root")
    return new_record(plan, PROJECT, arn=ARN, number=1, now=100.0)


def test_a_new_build_waits_in_the_queue() -> None:
    record = fresh()
    assert (record["buildStatus"], record["currentPhase"]) == ("IN_PROGRESS", "QUEUED")
    assert record["logs"]["cloudWatchLogsArn"].endswith(
        ":log-group:/aws/codebuild/sites:log-stream:1"
    )


def test_a_phase_ends_when_the_next_begins() -> None:
    record = begin_phase(fresh(), "BUILD", 103.0)
    queued = record["phases"][1]
    assert (queued["phaseStatus"], queued["durationInSeconds"]) == ("SUCCEEDED", 3)


def test_a_failed_phase_says_why() -> None:
    record = end_phase(begin_phase(fresh(), "BUILD", 103.0), FAILED, 104.0, "CODE", "why")
    assert record["phases"][-1]["contexts"] == [{"statusCode": "CODE", "message": "why"}]


def test_changes_make_new_records() -> None:
    record = fresh()
    before = repr(record)
    complete(with_exports(begin_phase(record, "BUILD", 101.0), {"A": "1"}), FAILED, 102.0)
    assert repr(record) == before


def test_a_complete_build_has_ended() -> None:
    record = complete(with_exports(fresh(), {"A": "1"}), FAILED, 102.0)
    assert (record["buildStatus"], record["endTime"]) == (FAILED, 102.0)
    assert record["exportedEnvironmentVariables"] == [{"name": "A", "value": "1"}]
