"""The whole engine, on an account in memory: whatever is uploaded, repeated, stopped half way, run
at the same time, decided by people or deleted, these hold after every step (tests/unit/world):

1.  Who looks at an alias sees the files of exactly one version, all of them and no other: of the
    canary's those whom it is for, of the alias's own all others.
1b. A page that was shown in the last 7 days finds the fingerprinted files that it names.
2.  An alias only ever points at a version whose files are all stored, byte for byte.
3.  An older upload never replaces a newer one, nor what a person decided later.
4.  A deployment that failed has changed nothing that viewers get.
5.  What aliases, retained versions and the grace need is never deleted.
6.  A call that is repeated ends where it ended.
7.  The store can be made anew from the record.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Literal, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib.route_table import version_of_key
from tests.unit.world.account import Account
from tests.unit.world.driver import Driver, Files, Outcome, Run
from tests.unit.world.faults import Fault, How
from tests.unit.world.model import Did, Model
from tests.unit.world.seen import kept
from tests.unit.world.sites import UNIVERSE, sites
from tests.unit.world.viewer import FIRST, LAST, View, Viewer

ALIASES = ("production", "staging")


CallKind = Literal[
    "deliver", "step", "again", "give up", "switch", "rollback", "canary", "no canary", "prune"
]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the engine to be made; `pick` chooses among what there is."""

    kind: CallKind
    pick: int
    alias: str
    lock: bool | None = None


calls = st.builds(
    Call,
    st.sampled_from(get_args(CallKind)),
    st.integers(0, 7),
    st.sampled_from(ALIASES),
    st.sampled_from([None, None, True, False]),
)
hows: st.SearchStrategy[How] = st.sampled_from(
    ["die before", "die after", "answer twice", "throttle"]
)
faults = st.none() | st.builds(Fault, st.integers(1, 14), hows)


class Engine(RuleBasedStateMachine):
    """A few uploads to two aliases, and all that can happen to them."""

    def __init__(self) -> None:
        super().__init__()
        self.account = Account()
        self.driver = Driver(self.account)
        self.model = Model(self.driver)
        self.did: list[Did] = []

    def teardown(self) -> None:
        self.account.close()

    # What happens ----------------------------------------------------------------------------

    @rule(
        alias=st.sampled_from(ALIASES),
        files=sites(),
        gap=st.integers(0, 9).map(lambda n: n == 9),
        steps=st.integers(-1, 6),
        fault=faults,
    )
    def upload(self, alias: str, files: Files, gap: bool, steps: int, fault: Fault | None) -> None:
        """An upload, delivered at once or later, with the first tasks of its deployment."""
        uploaded = self.driver.upload(alias, files, gap=gap)
        if steps < 0:
            return
        self._deliver(uploaded.deployment_id, fault if steps == 0 else None)
        run = self.driver.runs.get(uploaded.deployment_id)
        if run is not None:
            self._steps(run, steps, fault)

    @precondition(lambda self: self._going())
    @rule(pick=st.integers(0, 7), steps=st.integers(1, 6), fault=faults)
    def go_on(self, pick: int, steps: int, fault: Fault | None) -> None:
        """The next tasks of a deployment; `fault` happens to the last one."""
        going = self._going()
        self._steps(going[pick % len(going)], steps, fault)

    @rule(call=calls, fault=faults)
    def call(self, call: Call, fault: Fault | None) -> None:
        """One call."""
        self._make(call, fault)

    @rule(outer=calls, inner=calls, at=st.integers(1, 14), fault=faults)
    def meanwhile(self, outer: Call, inner: Call, at: int, fault: Fault | None) -> None:
        """One call runs as a whole while another one is at its call number `at` to AWS."""
        self._make(outer, Fault(at, "meanwhile", lambda: self._make(inner, fault, within=True)))

    @rule(call=calls)
    def repeat(self, call: Call) -> None:
        """(6): the same call twice."""
        if call.kind in ("step", "give up", "rollback"):
            return  # the next time it is another task, another version
        self._make(call, None)
        self.check()
        first = kept(self.account)
        self._make(call, None)
        assert kept(self.account) == first

    @rule(
        time=st.sampled_from(
            [
                timedelta(milliseconds=1),
                timedelta(seconds=1),
                timedelta(minutes=10),
                timedelta(hours=13),
                timedelta(hours=25),
                timedelta(days=8),
            ]
        )
    )
    def pass_time(self, time: timedelta) -> None:
        """Time passes."""
        self.account.clock.pass_time(time)

    @precondition(lambda self: self.driver.uploads)
    @rule(pick=st.integers(0, 7))
    def delete_upload(self, pick: int) -> None:
        """Somebody deletes an upload from the source bucket for good."""
        uploads = list(self.driver.uploads.values())
        event = uploads[pick % len(uploads)].event
        self.account.objects.remove(event.bucket, event.key, event.version_id)

    @precondition(lambda self: self._unused())
    @rule()
    def evict(self) -> None:
        """The store loses the routings of versions that no alias shows."""
        for key in self._unused():
            del self.account.kvs.items[key]

    @precondition(lambda self: self.account.kvs.items)
    @rule()
    def rebuild(self) -> None:
        """(7): the store is lost and made anew; where it agreed, viewers get what they got."""
        before = self._views()
        self.account.kvs.items = {}
        for name in self.model.seen.aliases:
            outcome = self.driver.perform(partial(self.account.pointing.project, name))
            self.did.append(Did("rebuild", outcome, alias=name))
        now = self._views()
        for name, alias in self.model.seen.aliases.items():
            shown = (self.model.seen.shown(name), self.model.seen.canary(name))
            if shown == (alias.version, alias.canary):
                assert now[name] == before[name]

    @invariant()
    def check(self) -> None:
        """All that must hold."""
        did, self.did = self.did, []
        self.model.check(did)

    # How -------------------------------------------------------------------------------------

    def _going(self) -> list[Run]:
        return [run for run in self.driver.runs.values() if run.task]

    def _unused(self) -> list[str]:
        shown = {None, *self.model.seen.named()}
        return [key for key in self.account.kvs.items if version_of_key(key) not in shown]

    def _views(self) -> dict[str, list[View]]:
        viewer = Viewer(self.account)
        return {
            name: [viewer.get(name, path, group) for path in UNIVERSE for group in (FIRST, LAST)]
            for name in ALIASES
        }

    def _deliver(self, id_: str, fault: Fault | None, within: bool = False) -> None:
        outcome = self.driver.deliver(self.driver.uploads[id_], fault)
        self._note(Did("receive", outcome, id_), fault, within)

    def _steps(self, run: Run, steps: int, fault: Fault | None) -> None:
        for count in range(steps, 0, -1):
            if run.task is None:
                return
            self._step(run, fault if count == 1 else None)
            if count > 1:
                self.check()

    def _step(self, run: Run, fault: Fault | None, within: bool = False) -> None:
        task = run.task
        assert task is not None
        outcome = self.driver.step(run, fault)
        self._note(Did(task.stage, outcome, run.deployment_id), fault, within)

    def _note(self, did: Did, fault: Fault | None, within: bool) -> None:
        disturbed = within or fault is not None
        self.did.append(
            Did(did.kind, did.outcome, did.deployment_id, did.alias, did.number, disturbed)
        )

    def _make(self, call: Call, fault: Fault | None, within: bool = False) -> None:
        makers: dict[str, Callable[[Call, Fault | None, bool], None]] = {
            "deliver": self._make_deliver,
            "step": self._make_step,
            "again": self._make_again,
            "give up": self._make_step,
            "switch": self._make_switch,
            "rollback": self._make_rollback,
            "canary": self._make_canary,
            "no canary": self._make_no_canary,
            "prune": self._make_prune,
        }
        makers[call.kind](call, fault, within)

    def _make_deliver(self, call: Call, fault: Fault | None, within: bool) -> None:
        ids = list(self.driver.uploads)
        if ids:
            self._deliver(ids[call.pick % len(ids)], fault, within)

    def _make_step(self, call: Call, fault: Fault | None, within: bool) -> None:
        going = self._going()
        if going:
            run = going[call.pick % len(going)]
            if call.kind == "give up":
                self.driver.give_up(run)
            if run.task is not None:
                self._step(run, fault, within)

    def _make_again(self, call: Call, fault: Fault | None, within: bool) -> None:
        begun = [(run, task) for run in self.driver.runs.values() for task in run.begun]
        if begun:
            run, task = begun[call.pick % len(begun)]
            outcome = self.driver.again(run, task, fault)
            self._note(Did(task.stage, outcome, run.deployment_id), fault, within)

    def _make_switch(self, call: Call, fault: Fault | None, within: bool) -> None:
        number = call.pick + 1
        act = partial(self.account.admin.switch, call.alias, number, lock=call.lock, by="a person")
        self._note(self._admin("switch", act, call, fault, number), fault, within)

    def _make_rollback(self, call: Call, fault: Fault | None, within: bool) -> None:
        act = partial(self.account.admin.rollback, call.alias, leaving=None, by="a person")
        self._note(self._admin("rollback", act, call, fault, 0), fault, within)

    def _make_canary(self, call: Call, fault: Fault | None, within: bool) -> None:
        number, percent = call.pick + 1, 99 if call.lock else 1
        admin = self.account.admin
        act = partial(admin.start_canary, call.alias, number, percent, by="a person")
        self._note(self._admin("canary", act, call, fault, number), fault, within)

    def _make_no_canary(self, call: Call, fault: Fault | None, within: bool) -> None:
        act = partial(self.account.admin.end_canary, call.alias, by="a person")
        self._note(self._admin("no canary", act, call, fault, 0), fault, within)

    def _admin(
        self,
        kind: Literal["switch", "rollback", "canary", "no canary"],
        act: Callable[[], object],
        call: Call,
        fault: Fault | None,
        number: int,
    ) -> Did:
        return Did(kind, self.driver.perform(act, fault), alias=call.alias, number=number)

    def _make_prune(self, _: Call, fault: Fault | None, within: bool) -> None:
        outcome: Outcome = self.driver.perform(self.account.prune, fault)
        self._note(Did("prune", outcome), fault, within)


TestEngine = Engine.TestCase
TestEngine.settings = (
    settings(max_examples=1_000, stateful_step_count=60)
    if os.environ.get("HYPOTHESIS_PROFILE") == "long"
    else settings(max_examples=40, stateful_step_count=30)
)
