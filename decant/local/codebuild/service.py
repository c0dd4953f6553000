"""StartBuild and StopBuild that really run builds; the emulator keeps projects and records."""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from decant.local.codebuild import record as records
from decant.local.codebuild.plan import BuildPlan, make_plan
from decant.local.codebuild.record import Record
from decant.local.codebuild.runner import BuildControl, BuildRun
from decant.local.codepipeline import ministack_seams as seams
from decant.local.codepipeline.errors import ApiError
from decant.local.codepipeline.store import Scope
from decant.local.codepipeline.workers import DaemonWorkers

SERVICE_PRINCIPAL = "codebuild.amazonaws.com"
MAX_CONCURRENT_BUILDS = 4  # each one may use a processor
_SESSION_SLACK_SECONDS = 300


class Builds:
    """The builds of this server."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since 1970."""
        self._clock = clock
        self._workers = DaemonWorkers("codebuild", MAX_CONCURRENT_BUILDS)
        self._lock = threading.Lock()
        self._controls: dict[str, BuildControl] = {}

    def start(self, request: dict[str, Any]) -> seams.Response:
        """Answer StartBuild."""
        scope = seams.request_scope()
        name = request.get("projectName", "").rpartition("/")[2]
        project = seams.build_project(scope, name)
        if project is None:
            return refuse("ResourceNotFoundException", f"Project cannot be found: {name}")
        build_id = f"{name}:{uuid.uuid4()}"
        try:
            plan = make_plan(project, request, build_id, f"{scope.account}/user")
        except ApiError as error:
            return refuse(error.code, str(error))
        record = records.new_record(
            plan,
            project,
            arn=f"arn:aws:codebuild:{scope.region}:{scope.account}:build/{build_id}",
            number=self._number(scope, name),
            now=self._clock(),
        )
        control = BuildControl()
        with self._lock:
            self._controls[build_id] = control
        seams.put_build_record(scope, record)
        self._workers.submit(lambda: self._run(scope, plan, record, control))
        return answer({"build": record})

    def stop(self, request: dict[str, Any]) -> seams.Response:
        """Answer StopBuild; a build that has ended already stays as it is."""
        scope = seams.request_scope()
        build_id = request.get("id", "").rpartition("/")[2]
        record = seams.build_records(scope).get(build_id)
        if record is None:
            return refuse("ResourceNotFoundException", f"Build cannot be found: {build_id}")
        with self._lock:
            control = self._controls.get(build_id)
        if control:
            control.end(records.STOPPED)
        return answer({"build": record})

    def _number(self, scope: Scope, project: str) -> int:
        earlier = seams.build_records(scope).values()
        return 1 + sum(1 for build in earlier if build["projectName"] == project)

    def _run(self, scope: Scope, plan: BuildPlan, record: Record, control: BuildControl) -> None:
        def assume() -> Any:
            return seams.role_session(
                scope,
                plan.role_arn,
                SERVICE_PRINCIPAL,
                f"AWSCodeBuild-{plan.uuid}",
                plan.timeout_seconds + _SESSION_SLACK_SECONDS,
            )

        run = BuildRun(
            plan=plan,
            record=record,
            assume=assume,
            show=lambda changed: seams.put_build_record(scope, changed),
            control=control,
            scratch_root=Path(seams.scratch_root()) / "builds",
            path=os.environ.get("PATH", os.defpath),
            language=os.environ.get("LANG", "C.UTF-8"),
            clock=self._clock,
        )
        try:
            run.run()
        finally:
            with self._lock:
                self._controls.pop(plan.build_id, None)


def answer(payload: Mapping[str, Any]) -> seams.Response:
    """A JSON 1.1 answer."""
    body = json.dumps(payload).encode()
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, body


def refuse(code: str, message: str) -> seams.Response:
    """A JSON 1.1 error."""
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": code}
    return 400, headers, json.dumps({"__type": code, "message": message}).encode()
