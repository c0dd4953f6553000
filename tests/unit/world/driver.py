"""The state machines of all deployments, driven by a test: one task at a time, in any order.

As pipeline/deploy.asl.json and chalicelib/handlers.py have it: a task that died or met a passing
error is run again, up to 5 times; other errors, and `give_up`, lead to Fail; Prune's do not.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, cast

from chalicelib import work
from chalicelib.deploy.receive import Upload
from chalicelib.errors import DecantError
from chalicelib.ids import deployment_id
from chalicelib.work import Paper
from pipeline.template import RETRY
from tests.unit.world.account import ARTIFACTS, SOURCE, Account
from tests.unit.world.faults import Died, Fault
from tests.zips import STORED, Member, forge

Files = dict[str, bytes]  # site path -> content
Stage = Literal["plan", "copy", "finish", "activate", "prune", "fail"]

_LASTING = frozenset(cast(list[str], RETRY[0]["ErrorEquals"]))  # the same input brings them again
_RETRIES = cast(int, RETRY[-1]["MaxAttempts"])
# Left out of sites; between two files it makes them two shards (work._GAP_BYTES is 1 MB).
_GAP = Member("__MACOSX/gap", bytes(1024 * 1024 + 1), STORED)


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a deployment; `shard` is Copy's."""

    stage: Stage
    shard: int = 0


@dataclass(frozen=True, slots=True)
class Uploaded:
    """An upload, as the test made it. `moment` sorts uploads as S3 stored them: second, count."""

    event: Upload
    alias: str
    files: Files = field(hash=False)
    moment: tuple[str, int]

    @property
    def deployment_id(self) -> str:
        return deployment_id(self.event.bucket, self.event.key, self.event.version_id)


@dataclass
class Run:
    """An execution of the state machine; `task` is the one that is next, None at the end."""

    deployment_id: str
    task: Task | None = Task("plan")
    begun: list[Task] = field(default_factory=list)
    shards: int = 0
    attempts: int = 0  # of the task, so far
    failure: tuple[str, str] = ("States.TaskFailed", "")  # error and cause, for Fail


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call of the engine ended: well, with an error of ours, or it `died`."""

    error: DecantError | None = None
    died: bool = False

    @property
    def well(self) -> bool:
        return self.error is None and not self.died


class Driver:
    """Uploads to an account and carries deployments out."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.uploads: dict[str, Uploaded] = {}  # by deployment id, in the order of uploading
        self.runs: dict[str, Run] = {}

    def upload(self, alias: str, files: Files, *, gap: bool = False) -> Uploaded:
        """Put a zip of `files` into the source bucket; with a `gap` it has several shards."""
        members = [Member(path, body) for path, body in files.items()]
        if gap:
            members.insert(1, _GAP)
        key, count = f"{alias}/site.zip", len(self.uploads)
        version_id = self.account.objects.upload(SOURCE, key, forge(members))
        second = self.account.clock.stamp()[:19]
        event = Upload(SOURCE, key, version_id, f"{count:016X}")
        uploaded = Uploaded(event, alias, files, (second, count))
        self.uploads[uploaded.deployment_id] = uploaded
        return uploaded

    def deliver(self, uploaded: Uploaded, fault: Fault | None = None) -> Outcome:
        """Call on_upload with the event, the first time or again."""
        outcome = self.perform(lambda: self.account.receive(uploaded.event), fault)
        for id_ in self.account.pipelines.started:
            self.runs.setdefault(id_, Run(id_))
        return outcome

    def step(self, run: Run, fault: Fault | None = None) -> Outcome:
        """Run the next task of a deployment, and decide what comes after it."""
        task = run.task
        assert task is not None, "the execution is over"
        outcome = self.perform(lambda: self._call(run, task), fault)
        run.begun.append(task)
        if outcome.well:
            run.task, run.attempts = self._after(run, task), 0
            return outcome
        run.attempts += 1
        error = type(outcome.error).__name__ if outcome.error else "Sandbox.Timedout"
        if error in _LASTING or run.attempts > _RETRIES:
            self._catch(run, task, error, str(outcome.error or ""))
        return outcome

    def give_up(self, run: Run) -> None:
        """Let the state machine go to Fail next, as after the last attempt."""
        assert run.task is not None, "the execution is over"
        self._catch(run, run.task, "Sandbox.Timedout", "")

    def again(self, run: Run, task: Task, fault: Fault | None = None) -> Outcome:
        """Run a task once more beside the state machine: a duplicate that comes late."""
        return self.perform(lambda: self._call(run, task), fault)

    def perform(self, call: Callable[[], object], fault: Fault | None = None) -> Outcome:
        """Make one call of the engine as a function of its own, with `fault`."""
        try:
            with self.account.faults.armed(fault):
                call()
        except Died:
            return Outcome(died=True)
        except DecantError as error:
            return Outcome(error)
        return Outcome()

    def _call(self, run: Run, task: Task) -> None:
        account, id_ = self.account, run.deployment_id
        if task.stage == "plan":
            run.shards = account.plan(id_).shards
        elif task.stage == "copy":
            try:
                account.copy(id_, self._paper(id_, task.shard))
            except DecantError as error:
                account.records.explain(id_, str(error))
                raise
        elif task.stage == "finish":
            account.finish(id_)
        elif task.stage == "activate":
            account.activate(id_)
        elif task.stage == "prune":
            account.prune()
        else:
            account.fail(id_, *run.failure)

    def _paper(self, id_: str, shard: int) -> Paper:
        items = self.account.objects.peek(ARTIFACTS, work.items_key(id_))
        assert items is not None
        item = json.loads(items.body)[shard]
        return Paper(item["shard"], item["paper_start"], item["paper_end"])

    def _after(self, run: Run, task: Task) -> Task | None:
        if task.stage == "plan":
            return Task("copy", 0)
        if task.stage == "copy":
            last = task.shard + 1 == run.shards
            return Task("finish") if last else Task("copy", task.shard + 1)
        following: dict[Stage, Task] = {"finish": Task("activate"), "activate": Task("prune")}
        return following.get(task.stage)

    def _catch(self, run: Run, task: Task, error: str, message: str) -> None:
        run.attempts = 0
        if task.stage == "prune":
            run.task = None
        elif task.stage != "fail":  # which the event of the failed pipeline calls again
            run.failure = (error, json.dumps({"errorType": error, "errorMessage": message}))
            run.task = Task("fail")
