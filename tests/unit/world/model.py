"""What must hold of an account after every step, by what the test itself did to it.

`Model.check` compares what is kept before and after a step with the uploads of the driver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from chalicelib.fingerprints import is_fingerprinted
from chalicelib.records import TERMINAL, Alias, AuditEntry, Canary, Deployment
from chalicelib.route_table import split_path
from tests.unit.world.driver import Driver, Files, Outcome, Stage
from tests.unit.world.seen import Seen, look, problems
from tests.unit.world.sites import UNIVERSE, assets_of
from tests.unit.world.viewer import FIRST, LAST, Viewer

OPEN_PAGES_TIME = timedelta(days=7)

Kind = Stage | Literal["receive", "switch", "rollback", "canary", "no canary", "rebuild"]
Moment = tuple[str, int]  # of an upload or a decision: second, count within it
_DECIDING = frozenset({"switch", "rollback", "canary", "no canary"})
_POINTING = _DECIDING | {"activate", "prune", "rebuild"}


@dataclass(frozen=True, slots=True)
class Did:
    """One call of the engine: of a deployment's task, or a person's word about an alias."""

    kind: Kind
    outcome: Outcome
    deployment_id: str = ""
    alias: str = ""
    number: int = 0  # the version a person switches to, or starts a canary of
    disturbed: bool = False  # by a fault, or because another call ran within it


class Model:
    """Follows one account."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._account = driver.account
        self._viewer = Viewer(driver.account)
        self._told: dict[str, int] = {}  # alias -> which of its decisions the store knows
        self._shown: dict[str, dict[int, datetime]] = {}  # alias -> version -> last shown
        self._whole: set[int] = set()  # of the needed versions
        self.seen = look(driver.account)

    def files(self, number: int) -> Files:
        """What the zip of a version held."""
        return self._driver.uploads[self.seen.versions[number].deployment_id].files

    def check(self, did: Sequence[Did]) -> None:
        """Check the step that has just been made: these calls. Raises AssertionError."""
        before, self.seen = self.seen, look(self._account)
        self._records(before)
        self._decisions(before)
        self._store(before, did)
        for call in did:
            if not call.disturbed:
                self._undisturbed(before, call)
        changed = (before.generation, before.items) != (self.seen.generation, self.seen.items)
        if changed or before.aliases != self.seen.aliases:
            self._viewers()
        self._prune(before)
        self._pages_that_are_open()

    # The records -----------------------------------------------------------------------------

    def _records(self, before: Seen) -> None:
        taken: dict[int, str] = {}
        for id_, now in self.seen.deployments.items():
            if now.version is not None:
                assert taken.setdefault(now.version, id_) == id_, "two took one version number"
            was = before.deployments.get(id_)
            if was is None:
                continue
            assert now.version == was.version
            if was.status in TERMINAL:
                assert (now.status, now.reason) == (was.status, was.reason), "it had ended"
            if now.status == "failed":
                assert now.reason, "it failed and does not say why"
        for number, version in before.versions.items():
            status = self.seen.versions[number].status
            if version.status == "pruned":
                assert status == "pruned"
            if version.status != "pending":
                assert status != "pending"

    def _decisions(self, before: Seen) -> None:
        """(3) and (4): who may move an alias."""
        for name, entries in self.seen.audit.items():
            known = before.audit.get(name, ())
            assert entries[: len(known)] == known, "the audit log was rewritten"
            was = before.aliases.get(name)
            locked = was is not None and was.locked
            for count, entry in enumerate(entries[len(known) :], start=len(known)):
                if entry.action == "activate":
                    assert not locked, "a deployment moved a locked alias"
                    self._activation(before, entry, self._moment(entries[:count]))
                locked = False  # or not: a person's word may have changed it
            alias = self.seen.aliases[name]
            assert (alias.version, alias.revision) == (entries[-1].version, len(entries))
            assert alias.canary == _canary_after(entries), "a canary outlived a move, or was lost"
        assert self.seen.aliases.keys() == self.seen.audit.keys()

    def _activation(self, before: Seen, entry: AuditEntry, last: Moment) -> None:
        id_ = entry.deployment_id or ""
        uploaded = self._driver.uploads[id_]
        assert uploaded.alias == entry.alias
        assert self.seen.deployments[id_].version == entry.version
        was = before.deployments.get(id_)
        assert was is None or was.status not in TERMINAL, "a deployment that had ended moved it"
        assert uploaded.moment > last, "an older upload replaced a newer decision"

    def _moment(self, entries: Sequence[AuditEntry]) -> Moment:
        """When the alias of these decisions was last decided about."""
        moment: Moment = ("", 0)
        for entry in entries:
            if entry.deployment_id:
                moment = self._driver.uploads[entry.deployment_id].moment
            else:
                decided = (entry.at[:19], -1)  # before the uploads of that second
                stays = entry.replaced is None and moment != ("", 0)
                moment = max(moment, decided) if stays else decided
        return moment

    # The store -------------------------------------------------------------------------------

    def _store(self, before: Seen, did: Sequence[Did]) -> None:
        """(4): only who decides about an alias changes what viewers get, and only forward."""
        if not any(call.kind in _POINTING for call in did):
            assert self.seen.entries() == before.entries()
        for name in self.seen.audit:
            now = self.seen.shown(name)
            if now == before.shown(name):
                continue
            assert now is not None, f"the entry of {name} is gone"
            history = [entry.version for entry in self.seen.audit[name]]
            start = self._told.get(name, 0)
            assert now in history[start:], f"{name} went back to what was decided before"
            self._told[name] = history.index(now, start)
        for name in self.seen.audit:
            for shown in self._shown_to_groups(name).values():
                self._shown.setdefault(name, {})[shown] = self.seen.moment

    def _shown_to_groups(self, name: str) -> dict[int, int]:
        """Which version the first and the last group of viewers of an alias get, by the store."""
        shown, canary = self.seen.shown(name), self.seen.canary(name)
        if shown is None:
            return {}
        return {FIRST: canary.version if canary else shown, LAST: shown}

    # What one undisturbed call must achieve ----------------------------------------------------

    def _undisturbed(self, before: Seen, call: Did) -> None:
        if call.kind == "activate":
            self._activated(before, call)
        elif call.kind in ("switch", "rollback"):
            self._decided(before, call)
        elif call.kind in ("canary", "no canary"):
            self._tried(before, call)
        elif call.kind == "prune":
            assert call.outcome.well, call
            for number in before.idle(self.seen.moment):
                assert self.seen.versions[number].status == "pruned", number
        elif call.kind == "rebuild":
            assert call.outcome.well, call
            assert self.seen.shown(call.alias) == self.seen.aliases[call.alias].version
        elif call.kind == "fail":
            assert call.outcome.well, call
            assert self.seen.deployments[call.deployment_id].status in TERMINAL
        else:
            self._advanced(before, call)

    def _advanced(self, before: Seen, call: Did) -> None:
        """A task with nothing in its way succeeds."""
        if call.outcome.well or call.deployment_id not in before.deployments:
            assert call.outcome.well, call
            return
        uploaded = self._driver.uploads[call.deployment_id]
        deployment = before.deployments[call.deployment_id]
        version = before.versions[deployment.version or 0]
        gone = not self._account.objects.holds(uploaded.event.bucket, uploaded.event.version_id)
        assert gone or version.status not in ("pending", "ready"), call

    def _activated(self, before: Seen, call: Did) -> None:
        deployment = before.deployments[call.deployment_id]
        if not call.outcome.well:
            assert before.versions[deployment.version or 0].status != "ready", call
            return
        now = self.seen.deployments[call.deployment_id]
        if deployment.status not in TERMINAL:
            assert now.status == self._expected(before, deployment), (deployment, now)
        alias = self.seen.aliases[now.alias]
        assert self.seen.shown(now.alias) == alias.version, "the store was not told"
        self._has_canary(now.alias, alias.canary)

    def _expected(self, before: Seen, deployment: Deployment) -> str:
        """How a deployment ends: by the newest of the decisions before it."""
        alias: Alias | None = before.aliases.get(deployment.alias)
        if alias is None or alias.version == deployment.version:
            return "live"
        last = self._moment(before.audit[deployment.alias])
        if self._driver.uploads[deployment.id].moment < last:
            return "superseded"
        return "ready" if alias.locked else "live"

    def _decided(self, before: Seen, call: Did) -> None:
        """A person is obeyed when the version is complete, and else nothing changes."""
        alias = before.aliases.get(call.alias)
        if call.kind == "switch":
            wanted = [call.number] if call.number in before.versions else []
        else:
            wanted = [n for n in (alias.previous if alias else ()) if alias and n != alias.version]
        wanted = [n for n in wanted if before.versions[n].status == "ready"]
        assert call.outcome.well == bool(wanted), call
        if wanted:
            assert self.seen.aliases[call.alias].version == wanted[-1]
            assert self.seen.shown(call.alias) == wanted[-1]
            stays = alias is not None and alias.version == wanted[-1]
            canary = alias.canary if alias is not None and stays else None
            self._has_canary(call.alias, canary)
        else:
            assert (before.aliases, before.items) == (self.seen.aliases, self.seen.items)

    def _tried(self, before: Seen, call: Did) -> None:
        """A canary of another version that is complete is started, and ended when there is one."""
        alias, version = before.aliases.get(call.alias), before.versions.get(call.number)
        if call.kind == "no canary":
            possible = alias is not None
        else:
            ready = version is not None and version.status == "ready"
            possible = alias is not None and ready and alias.version != call.number
        assert call.outcome.well == possible, call
        if not possible:
            assert (before.aliases, before.items) == (self.seen.aliases, self.seen.items)
        elif call.kind == "no canary":
            self._has_canary(call.alias, None)
        else:
            canary = self.seen.aliases[call.alias].canary
            assert canary is not None
            assert canary.version == call.number
            self._has_canary(call.alias, canary)

    def _has_canary(self, name: str, canary: Canary | None) -> None:
        assert self.seen.aliases[name].canary == canary
        assert self.seen.canary(name) == canary, "the store was not told"

    # What viewers get ------------------------------------------------------------------------

    def _viewers(self) -> None:
        """(1) and (2)."""
        for name, alias in self.seen.aliases.items():
            for number in alias.shown:
                self._is_whole(number)
            for group, shown in self._shown_to_groups(name).items():
                self._is_whole(shown)
                self._views(name, shown, group)

    def _is_whole(self, number: int) -> None:
        wrong = problems(self._account, number, self.files(number))
        assert not wrong, f"an alias points at v{number}: {wrong}"

    def _views(self, name: str, number: int, group: int) -> None:
        files = self.files(number)
        for path, body in files.items():
            view = self._viewer.get(name, path, group)
            assert (view.status, view.body) == (200, body), f"{path} of {name} at v{number}: {view}"
        stems = {split_path(path)[0] for path in files}
        for path in UNIVERSE:
            if path in files or split_path(path)[0] in stems:
                continue  # another form of an address leads to the file
            if is_fingerprinted(path):
                continue
            view = self._viewer.get(name, path, group)
            assert view.status == 404, f"{path} of {name} is not in v{number}: {view}"

    def _pages_that_are_open(self) -> None:
        """(1b): who has opened a page in the last 7 days still gets what it names, also when a
        canary has begun or ended since, or they are in another group.

        Where two versions have other content under one fingerprinted name, it may be that of any
        version that is carried: a canary may have been made for another alias.
        """
        named = (self.seen.versions[number] for number in self.seen.named())
        carried = [self.files(number) for version in named for number in version.carries]
        for name, shown in self._shown.items():
            since = self.seen.moment - OPEN_PAGES_TIME
            open_ = [self.files(number) for number, last in shown.items() if last >= since]
            for asset in sorted(set().union(*map(assets_of, open_))):
                bodies = {files[asset] for files in (*open_, *carried) if asset in files}
                for group in self._shown_to_groups(name):
                    view = self._viewer.get(name, asset, group)
                    assert view.status == 200, f"{asset} of {name} for {group}: {view}"
                    assert view.body in bodies, f"{asset} of {name} for {group}: {view}"

    # Pruning ---------------------------------------------------------------------------------

    def _prune(self, before: Seen) -> None:
        """(5): what was needed before and after the step is still there, byte for byte."""
        moment = self.seen.moment
        needed = self.seen.needed(moment) & before.needed(moment)
        for number in needed & self._whole:
            status = self.seen.versions[number].status
            assert status in ("ready", "pruning"), f"v{number} is needed and {status}"
            if self.seen.generation != before.generation:
                wrong = problems(self._account, number, self.files(number))
                assert not wrong, f"v{number} is needed: {wrong}"
        self._whole = {
            number
            for number in self.seen.needed(moment)
            if self.seen.versions[number].status in ("ready", "pruning")
        }


def _canary_after(entries: Sequence[AuditEntry]) -> Canary | None:
    """The canary of an alias about which this was decided: a move ends it."""
    canary = None
    for entry in entries:
        if entry.action == "canary":
            canary = entry.canary
        elif entry.replaced is not None:
            canary = None
    return canary
