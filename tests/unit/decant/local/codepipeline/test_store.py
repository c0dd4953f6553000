"""Records, and what a restart makes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from decant.local.codepipeline.errors import ApiError
from decant.local.codepipeline.records import ActionRun, Execution
from decant.local.codepipeline.store import (
    KEPT_EXECUTIONS_PER_PIPELINE,
    PipelineRecord,
    Scope,
    Store,
)
from tests.unit.decant.local.codepipeline.declarations import pipeline

HERE = Scope("000000000000", "us-east-1")
THERE = Scope("000000000000", "eu-west-1")


def execution(number: int, **more: Any) -> Execution:
    return Execution(
        id=f"e{number}",
        pipeline="release",
        version=1,
        mode="PARALLEL",
        declaration=pipeline(),
        variables={},
        overrides=[],
        token="",
        started=1.0,
        updated=1.0,
        **more,
    )


def store_with(*executions: Execution) -> Store:
    store = Store()
    store.put(HERE, "release", PipelineRecord(pipeline(), 1.0, 1.0, {"team": "web"}))
    for each in executions:
        store.add(HERE, each)
    return store


def test_keeps_regions_apart() -> None:
    store = store_with()
    assert store.names(HERE) == ["release"]
    assert store.names(THERE) == []
    with pytest.raises(ApiError) as caught:
        store.pipeline(THERE, "release")
    assert caught.value.code == "PipelineNotFoundException"


def test_says_that_an_execution_does_not_exist() -> None:
    with pytest.raises(ApiError) as caught:
        store_with().execution(HERE, "release", "nope")
    assert caught.value.code == "PipelineExecutionNotFoundException"


def test_survives_a_restart_as_json() -> None:
    store = store_with(execution(1, status="Succeeded"))
    again = Store()
    again.load(json.loads(json.dumps(store.dump())))
    assert again.dump() == store.dump()


def test_an_execution_that_a_restart_cut_off_has_failed() -> None:
    run = ActionRun("r", "Stage2", "Deploy", 1.0, 1.0, {})
    store = store_with(execution(1, runs=[run], stages={"Stage2": "InProgress"}))
    again = Store()
    again.load(json.loads(json.dumps(store.dump())))
    found = again.execution(HERE, "release", "e1")
    assert (found.status, found.runs[0].status) == ("Failed", "Failed")
    assert found.stages == {"Stage2": "Failed"}
    assert "server ended" in found.summary


def test_forgets_the_oldest_finished_executions_only() -> None:
    running = execution(0)
    store = store_with(running)
    for number in range(1, KEPT_EXECUTIONS_PER_PIPELINE + 2):
        store.add(HERE, execution(number, status="Succeeded"))
    kept = store.executions(HERE, "release")
    assert len(kept) == KEPT_EXECUTIONS_PER_PIPELINE
    assert kept[0] is running
    assert kept[1].id == "e3"
