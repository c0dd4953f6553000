"""Points aliases at versions: the record first, then the KeyValueStore, which is its projection.

The store's entry is made from the record read after the store's ETag, so whoever writes last has
seen the newest record: the two cannot disagree for good, whatever the order of the writers. It is
written only when the route tables that it names are in the store.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from chalicelib import alias_record
from chalicelib.backoff import Backoff
from chalicelib.decisions import reach
from chalicelib.decisions.activation import Move, Stay
from chalicelib.decisions.sharing import named_by
from chalicelib.errors import NotFound, PreconditionFailed
from chalicelib.gateways.records import Records
from chalicelib.gateways.store import KeyValueStore
from chalicelib.records import Alias, Version
from chalicelib.tables import Tables

ATTEMPTS = 8  # each lost attempt means that another decision about the same alias was written


class Pointing:
    """Carries out decisions about aliases."""

    def __init__(
        self,
        records: Records,
        store: KeyValueStore,
        tables: Tables,
        *,
        carry: timedelta,
        backoff: Backoff,
    ) -> None:
        """`carry` is how long a page that is open in a browser finds its files."""
        self._records = records
        self._store = store
        self._tables = tables
        self._carry = carry
        self._backoff = backoff

    def point(
        self, name: str, decide: Callable[[Alias | None], Move | Stay]
    ) -> tuple[Alias, Move | Stay]:
        """Read the alias, `decide`, write, and project; decides afresh when the write is lost.

        Projects also when the decision is to stay: that repairs what an earlier run left undone.
        Raises what `decide` raises; NotFound; PreconditionFailed after 8 lost attempts; StoreFull.
        """
        for attempt in range(ATTEMPTS):
            alias = self._records.alias(name)
            decision = decide(alias)
            if isinstance(decision, Move):
                decision = self._with_fallback(decision, alias)
                try:
                    self._records.move(decision)
                except PreconditionFailed:
                    self._backoff.wait(attempt)
                    continue
                alias = decision.alias
            self.project(name)
            if alias is None:
                raise NotFound(f"There is no alias {name}: see `decant versions`.")
            return alias, decision
        raise PreconditionFailed(f"The alias {name} is being changed by others: try again.")

    def _with_fallback(self, move: Move, before: Alias | None) -> Move:
        if before is None or before.shown == move.alias.shown:
            return move
        target = self._records.version(move.alias.version)
        others = [self._records.version(number) for number in named_by(move.alias, before)]
        return reach.with_fallback(move, before, target, others, self._carry)

    def project(self, name: str) -> bool:
        """Make the store's entry of `name` what the record says; whether it was not.

        The route tables that it names are published first when they are not there: they were
        evicted. Raises PreconditionFailed, StoreFull, VersionCorrupt, AwsError.
        """
        for _ in range(ATTEMPTS):
            projection = _Projection(self._records, self._store, self._tables, name)
            self._store.update(projection.changes)
            if projection.missing is None:
                return projection.differs
            self._tables.publish_again(projection.missing)
        raise PreconditionFailed(f"The tables of {name} are being evicted by others: try again.")


class _Projection:
    """One attempt to project an alias: `missing` is a version whose table must be published."""

    def __init__(self, records: Records, store: KeyValueStore, tables: Tables, name: str) -> None:
        self._records = records
        self._store = store
        self._tables = tables
        self._name = name
        self.missing: Version | None = None
        self.differs = False

    def changes(self) -> dict[str, str | None]:
        """What must be written to the store; nothing when a table is missing."""
        key = alias_record.store_key(self._name)
        alias = self._records.alias(self._name)
        wanted = None
        self.missing = None
        if alias is not None:
            version = self._records.version(alias.version)
            fallback, canary = self._ready(alias.fallback), None
            if alias.canary is not None:
                canary = self._ready(alias.canary.version)
            shown = alias if canary else replace(alias, canary=None)
            wanted = alias_record.encode(version, shown, fallback)
            named = [one for one in (version, fallback, canary) if one is not None]
            self.missing = next((one for one in named if not self._tables.is_there(one)), None)
        self.differs = self._store.get(key) != wanted
        return {key: wanted} if self.differs and self.missing is None else {}

    def _ready(self, number: int | None) -> Version | None:
        version = self._records.version(number) if number is not None else None
        return version if version is not None and version.status == "ready" else None
