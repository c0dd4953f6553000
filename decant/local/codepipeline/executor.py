"""Walks one execution through its pipeline: stages in order, actions by run order.

Each execution has a daemon thread of a bounded pool; what happens is written to the store under its
lock, and status changes go to the event bus. Nothing here decides about permissions: actions call
AWS as the role (actions.py).
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from decant.local.codepipeline import actions, records
from decant.local.codepipeline.errors import Abandoned, ActionFailed, ApiError, Superseded
from decant.local.codepipeline.gates import StageGates
from decant.local.codepipeline.model import Action, Pipeline, Stage, parse
from decant.local.codepipeline.records import ActionRun, Execution
from decant.local.codepipeline.roles import Platform
from decant.local.codepipeline.store import Scope, Store
from decant.local.codepipeline.variables import (
    EXECUTION_NAMESPACE,
    PIPELINE_VARIABLES,
    resolve_configuration,
)
from decant.local.codepipeline.workers import DaemonWorkers

logger = logging.getLogger("decant.local")

MAX_CONCURRENT_EXECUTIONS = 50
MAX_CONCURRENT_ACTIONS = 5  # per execution, AWS's figure for PARALLEL mode
SESSION_SECONDS = 12 * 60 * 60

_EVENT_STATES = {
    records.IN_PROGRESS: "STARTED",
    records.SUCCEEDED: "SUCCEEDED",
    records.FAILED: "FAILED",
    records.STOPPING: "STOPPING",
    records.STOPPED: "STOPPED",
    records.CANCELLED: "CANCELED",
    records.SUPERSEDED: "SUPERSEDED",
}


class _Halted(Exception):
    """Stop was asked for and nothing is running any more."""


@dataclass(slots=True)
class _Walk:
    """One execution under way: what the threads of it share (guarded by the store's lock)."""

    scope: Scope
    execution: Execution
    pipeline: Pipeline
    abandon: threading.Event = field(default_factory=threading.Event)
    variables: dict[str, dict[str, str]] = field(default_factory=dict)
    artifacts: dict[str, actions.Location] = field(default_factory=dict)


class Executor:
    """Starts, walks and stops executions."""

    def __init__(
        self, store: Store, platform: Platform, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock` gives seconds since 1970."""
        self._store = store
        self._platform = platform
        self._clock = clock
        self._gates = StageGates()
        self._workers = DaemonWorkers("codepipeline", MAX_CONCURRENT_EXECUTIONS)
        # One thread, so events keep their order; nobody waits for the bus while holding a lock.
        self._announcer = DaemonWorkers("codepipeline-events", 1)
        self._walks: dict[str, _Walk] = {}

    def start(self, scope: Scope, execution: Execution) -> None:
        """Record the execution and walk it in the background."""
        pipeline = parse(execution.declaration, scope.region)
        walk = _Walk(scope, execution, pipeline)
        walk.variables = {
            PIPELINE_VARIABLES: dict(execution.variables),
            EXECUTION_NAMESPACE: {"PipelineExecutionId": execution.id},
        }
        with self._store.lock:
            self._store.add(scope, execution)
            self._walks[execution.id] = walk
            self._arrive(walk, pipeline.stages[0])
        self._announce(walk)
        self._workers.submit(lambda: self._walk(walk))

    def stop(self, execution: Execution, *, abandon: bool, reason: str) -> None:
        """Stop after what runs now; with `abandon`, without waiting for it."""
        with self._store.lock:
            execution.status = records.STOPPING
            execution.stop_reason = reason
            execution.abandoned = abandon
            walk = self._walks.get(execution.id)
        if walk:
            self._announce(walk)
            if abandon:
                walk.abandon.set()
        self._gates.wake()

    def cancel(self, execution: Execution, reason: str) -> None:
        """End an execution whose pipeline has been changed or deleted."""
        with self._store.lock:
            walk = self._walks.get(execution.id)
            if walk is None or execution.finished:
                return
            self._finish(walk, records.CANCELLED, reason)
        walk.abandon.set()
        self._gates.wake()

    def abandon_all(self) -> None:
        """End every thread soon, when the server forgets everything."""
        with self._store.lock:
            for walk in self._walks.values():
                walk.execution.status = records.STOPPING
                walk.abandon.set()
        self._gates.wake()

    # -- one execution ------------------------------------------------------------------------

    def _walk(self, walk: _Walk) -> None:
        try:
            stages = walk.pipeline.stages
            for stage, following in zip(stages, (*stages[1:], None), strict=True):
                self._pass_stage(walk, stage, following)
            self._finish(walk, records.SUCCEEDED)
        except ActionFailed as failure:
            self._finish(walk, records.FAILED, str(failure))
        except (_Halted, Abandoned):
            self._finish(walk, records.STOPPED, walk.execution.stop_reason)
        except Superseded as overtaken:
            self._finish(walk, records.SUPERSEDED, str(overtaken))
        except Exception as error:  # a fault of ours must show as a failed run
            logger.exception("Pipeline execution %s broke down.", walk.execution.id)
            self._finish(walk, records.FAILED, f"Local AWS failed: {error!r}")
        finally:
            with self._store.lock:
                self._walks.pop(walk.execution.id, None)

    def _arrive(self, walk: _Walk, stage: Stage) -> None:
        if walk.execution.mode != "PARALLEL":
            overtake = walk.execution.mode == "SUPERSEDED"
            self._gates.arrive(self._gate(walk, stage), walk.execution.id, overtake=overtake)

    def _gate(self, walk: _Walk, stage: Stage) -> tuple[Scope, str, str]:
        return (walk.scope, walk.pipeline.name, stage.name)

    def _halted(self, walk: _Walk) -> bool:
        return walk.execution.status != records.IN_PROGRESS

    def _pass_stage(self, walk: _Walk, stage: Stage, following: Stage | None) -> None:
        execution = walk.execution
        alone = execution.mode != "PARALLEL"
        if alone and not self._gates.enter(
            self._gate(walk, stage), execution.id, lambda: self._halted(walk)
        ):
            raise _Halted
        status = records.FAILED
        try:
            self._check_halted(walk)
            self._mark_stage(walk, stage, records.IN_PROGRESS)
            self._run_groups(walk, stage)
            status = records.SUCCEEDED
            if following:  # before leaving: whoever comes next must not get ahead
                self._arrive(walk, following)
        except (_Halted, Abandoned):
            status = records.STOPPED
            raise
        finally:
            self._mark_stage(walk, stage, status)
            if alone:
                self._gates.leave(self._gate(walk, stage), execution.id)

    def _check_halted(self, walk: _Walk) -> None:
        if self._halted(walk):
            raise _Halted

    def _run_groups(self, walk: _Walk, stage: Stage) -> None:
        for group in stage.groups():
            self._check_halted(walk)
            failures = self._run_group(walk, stage, group)
            if failures:
                raise failures[0]
        self._check_halted(walk)

    def _run_group(
        self, walk: _Walk, stage: Stage, group: tuple[Action, ...]
    ) -> list[ActionFailed | Abandoned]:
        """Run the actions at the same time; what went wrong, worst news first come."""
        failures: list[ActionFailed | Abandoned] = []
        if len(group) == 1:
            self._run_action(walk, stage, group[0], failures)
            return failures
        slots = threading.BoundedSemaphore(MAX_CONCURRENT_ACTIONS)

        def in_slot(action: Action) -> None:
            with slots:
                self._run_action(walk, stage, action, failures)

        threads = [threading.Thread(target=in_slot, args=(a,), daemon=True) for a in group]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return failures

    # -- one action ---------------------------------------------------------------------------

    def _run_action(
        self,
        walk: _Walk,
        stage: Stage,
        action: Action,
        failures: list[ActionFailed | Abandoned],
    ) -> None:
        now = self._clock()
        run = ActionRun(
            str(uuid.uuid4()), stage.name, action.name, now, now, dict(action.configuration)
        )
        with self._store.lock:
            walk.execution.runs.append(run)
        try:
            outcome = self._call_provider(walk, action, run)
        except ActionFailed as failure:
            self._end_run(walk, run, records.FAILED, (failure.code, str(failure)))
            failures.append(ActionFailed(failure.code, f"Action {action.name} failed: {failure}"))
        except Abandoned as abandoned:
            self._end_run(walk, run, records.ABANDONED, ("", ""))
            failures.append(abandoned)
        except Exception as error:  # a fault of ours must show as a failed action
            logger.exception("Action %s broke down.", action.name)
            self._end_run(walk, run, records.FAILED, ("InternalError", repr(error)))
            failures.append(ActionFailed("InternalError", f"Local AWS failed: {error!r}"))
        else:
            self._take_outcome(walk, action, run, outcome)

    def _call_provider(self, walk: _Walk, action: Action, run: ActionRun) -> actions.Outcome:
        with self._store.lock:
            run.resolved = resolve_configuration(action.configuration, walk.variables)
            inputs = {name: walk.artifacts[name] for name in action.inputs}
            outputs = {name: self._new_location(walk, name) for name in action.outputs}
            run.inputs = [where.view(name) for name, where in inputs.items()]
            run.outputs = [where.view(name) for name, where in outputs.items()]
        role_arn = action.role_arn or walk.pipeline.role_arn
        try:
            role = self._platform.assume(
                walk.scope,
                role_arn,
                "codepipeline.amazonaws.com",
                walk.pipeline.name[:64],
                SESSION_SECONDS,
            )
        except ApiError as error:
            raise ActionFailed("PermissionError", str(error)) from error
        try:
            outcome = actions.run(
                actions.ActionContext(
                    action=action,
                    action_execution_id=run.id,
                    pipeline=walk.pipeline.name,
                    configuration=run.resolved,
                    inputs=inputs,
                    outputs=outputs,
                    overrides=_overrides(walk.execution, action),
                    role=role,
                    wait=lambda seconds: _wait(walk, seconds),
                    report=lambda external_id, summary: self._report(run, external_id, summary),
                )
            )
        finally:
            role.close()
        with self._store.lock:
            walk.artifacts.update(outputs)
        return outcome

    def _new_location(self, walk: _Walk, artifact: str) -> actions.Location:
        """AWS shortens the names like this: 20 characters, 10 characters, 7 random ones."""
        key = f"{walk.pipeline.name[:20]}/{artifact[:10]}/{uuid.uuid4().hex[:7]}"
        return actions.Location(walk.pipeline.artifact_bucket, key)

    def _report(self, run: ActionRun, external_id: str, summary: str) -> None:
        with self._store.lock:
            run.external_id, run.summary, run.updated = external_id, summary, self._clock()

    def _take_outcome(
        self, walk: _Walk, action: Action, run: ActionRun, outcome: actions.Outcome
    ) -> None:
        with self._store.lock:
            run.variables = dict(outcome.variables)
            run.log_stream_arn = outcome.log_stream_arn
            if action.namespace:
                walk.variables[action.namespace] = dict(outcome.variables)
            if outcome.revision:
                walk.execution.revisions.append(
                    {
                        "action": action.name,
                        "artifact": action.outputs[0] if action.outputs else action.name,
                        "id": outcome.revision,
                        "created": self._clock(),
                    }
                )
        self._end_run(walk, run, records.SUCCEEDED, ("", ""))

    # -- writing down -------------------------------------------------------------------------

    def _end_run(self, walk: _Walk, run: ActionRun, status: str, error: tuple[str, str]) -> None:
        with self._store.lock:
            run.status, run.updated = status, self._clock()
            run.error_code, run.error_message = error
            walk.execution.updated = run.updated

    def _mark_stage(self, walk: _Walk, stage: Stage, status: str) -> None:
        with self._store.lock:
            walk.execution.stages[stage.name] = status

    def _finish(self, walk: _Walk, status: str, summary: str = "") -> None:
        with self._store.lock:
            if walk.execution.finished:  # cancelled meanwhile
                return
            walk.execution.status = status
            walk.execution.summary = summary
            walk.execution.updated = self._clock()
        self._announce(walk)

    def _announce(self, walk: _Walk) -> None:
        execution, scope = walk.execution, walk.scope
        detail: Mapping[str, object] = {
            "pipeline": execution.pipeline,
            "execution-id": execution.id,
            "state": _EVENT_STATES[execution.status],
            "version": execution.version,
        }
        arn = f"arn:aws:codepipeline:{scope.region}:{scope.account}:{execution.pipeline}"
        self._announcer.submit(
            lambda: self._platform.publish(
                scope,
                source="aws.codepipeline",
                detail_type="CodePipeline Pipeline Execution State Change",
                resource=arn,
                detail=detail,
            )
        )


def _overrides(execution: Execution, action: Action) -> dict[str, str]:
    return {
        override["revisionType"]: override["revisionValue"]
        for override in execution.overrides
        if action.is_source and override["actionName"] == action.name
    }


def _wait(walk: _Walk, seconds: float) -> None:
    if walk.abandon.wait(seconds):
        raise Abandoned(f"Execution {walk.execution.id} was told to end at once.")
