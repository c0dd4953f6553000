"""CodePipeline in memory: starts are remembered, the test drives the tasks itself."""

from __future__ import annotations

from chalicelib.errors import Throttled
from chalicelib.gateways.pipelines import Pipelines
from chalicelib.records import Source
from tests.unit.world.faults import Faults


class MemoryPipelines(Pipelines):
    """See chalicelib.gateways.pipelines; `started` has the deployments' ids in order."""

    def __init__(self, faults: Faults) -> None:
        self.started: list[str] = []
        self._faults = faults

    def start(self, pipeline: str, deployment_id: str, source: Source) -> str:
        def act() -> str:
            if deployment_id not in self.started:
                self.started.append(deployment_id)
            return f"execution of {deployment_id}"

        assert pipeline
        assert source.version_id
        return self._faults.call(act, lambda: Throttled(f"CodePipeline is busy: {pipeline}."))

    def deployment_of(self, pipeline: str, execution_id: str) -> str | None:
        assert pipeline
        id_ = execution_id.removeprefix("execution of ")
        return id_ if id_ in self.started else None

    def failure_of(self, pipeline: str, execution_id: str) -> str:
        return f"the execution {execution_id} of {pipeline} was stopped"
