"""Pipelines and their executions, in memory, per account and region.

One lock guards everything: whoever reads or changes a record holds `store.lock`. `dump` and `load`
turn it into JSON values, which the emulator keeps across restarts.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from decant.local.codepipeline.errors import ApiError
from decant.local.codepipeline.records import FAILED, IN_PROGRESS, Execution

# AWS keeps twelve months; here memory is what counts.
KEPT_EXECUTIONS_PER_PIPELINE = 500


class Scope(NamedTuple):
    """The account and region a request belongs to."""

    account: str
    region: str


@dataclass(slots=True)
class PipelineRecord:
    """A pipeline's declaration (with defaults and `version`) and when it was made and changed."""

    declaration: dict[str, Any]
    created: float
    updated: float
    tags: dict[str, str]


class Store:
    """All pipelines of all accounts."""

    def __init__(self) -> None:
        """Start empty."""
        self.lock = threading.RLock()
        self._pipelines: dict[tuple[Scope, str], PipelineRecord] = {}
        self._executions: dict[tuple[Scope, str], list[Execution]] = {}

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            self._pipelines.clear()
            self._executions.clear()

    def names(self, scope: Scope) -> list[str]:
        """The names of the scope's pipelines, sorted."""
        with self.lock:
            return sorted(name for where, name in self._pipelines if where == scope)

    def has(self, scope: Scope, name: str) -> bool:
        """Whether the pipeline exists."""
        return (scope, name) in self._pipelines

    def pipeline(self, scope: Scope, name: str) -> PipelineRecord:
        """Raises ApiError(PipelineNotFoundException) when there is none."""
        record = self._pipelines.get((scope, name))
        if record is None:
            raise ApiError(
                "PipelineNotFoundException",
                f"Account '{scope.account}' does not have a pipeline with name '{name}'",
            )
        return record

    def put(self, scope: Scope, name: str, record: PipelineRecord) -> None:
        """Create or replace a pipeline."""
        with self.lock:
            self._pipelines[scope, name] = record

    def remove(self, scope: Scope, name: str) -> None:
        """Remove a pipeline and its history; nothing happens when there is none."""
        with self.lock:
            self._pipelines.pop((scope, name), None)
            self._executions.pop((scope, name), None)

    def executions(self, scope: Scope, name: str) -> list[Execution]:
        """The pipeline's executions, oldest first."""
        with self.lock:
            return list(self._executions.get((scope, name), []))

    def execution(self, scope: Scope, name: str, execution_id: str) -> Execution:
        """Raises ApiError(PipelineExecutionNotFoundException) when there is none."""
        for execution in self.executions(scope, name):
            if execution.id == execution_id:
                return execution
        raise ApiError(
            "PipelineExecutionNotFoundException",
            f"Pipeline '{name}' has no execution with id '{execution_id}'",
        )

    def add(self, scope: Scope, execution: Execution) -> None:
        """Remember a new execution; the oldest finished ones beyond 500 are forgotten."""
        with self.lock:
            history = self._executions.setdefault((scope, execution.pipeline), [])
            history.append(execution)
            surplus = len(history) - KEPT_EXECUTIONS_PER_PIPELINE
            for old in [e for e in history if e.finished][: max(surplus, 0)]:
                history.remove(old)

    def dump(self) -> dict[str, Any]:
        """Everything as JSON values."""
        with self.lock:
            return {
                "pipelines": [
                    {"scope": list(scope), "name": name, "record": asdict(record)}
                    for (scope, name), record in self._pipelines.items()
                ],
                "executions": [
                    {"scope": list(scope), "executions": [e.dump() for e in history]}
                    for (scope, _), history in self._executions.items()
                ],
            }

    def load(self, data: dict[str, Any]) -> None:
        """Add what `dump` wrote; an execution that was running then has failed."""
        with self.lock:
            for entry in data["pipelines"]:
                scope = Scope(*entry["scope"])
                self._pipelines[scope, entry["name"]] = PipelineRecord(**entry["record"])
            for entry in data["executions"]:
                for execution in map(Execution.load, entry["executions"]):
                    _end_interrupted(execution)
                    self.add(Scope(*entry["scope"]), execution)


def _end_interrupted(execution: Execution) -> None:
    if execution.finished:
        return
    execution.status = FAILED
    execution.summary = "The local server ended while the execution ran."
    for run in execution.runs:
        if run.status == IN_PROGRESS:
            run.status, run.error_code = FAILED, "InternalError"
            run.error_message = execution.summary
    for stage, status in execution.stages.items():
        if status == IN_PROGRESS:
            execution.stages[stage] = FAILED
