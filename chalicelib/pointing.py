"""Points aliases at versions: the record first, then the KeyValueStore, which is its projection.

The store's entry is made from the record read after the store's ETag, so whoever writes last has
seen the newest record: the two cannot disagree for good, whatever the order of the writers.
"""

from __future__ import annotations

from collections.abc import Callable

from chalicelib import alias_record
from chalicelib.backoff import Backoff
from chalicelib.decisions.activation import Move, Stay
from chalicelib.errors import NotFound, PreconditionFailed
from chalicelib.gateways.records import Records
from chalicelib.gateways.store import KeyValueStore
from chalicelib.records import Alias

ATTEMPTS = 8  # each lost attempt means that another decision about the same alias was written


class Pointing:
    """Carries out decisions about aliases."""

    def __init__(self, records: Records, store: KeyValueStore, *, backoff: Backoff) -> None:
        self._records = records
        self._store = store
        self._backoff = backoff

    def point(
        self, name: str, decide: Callable[[Alias | None], Move | Stay]
    ) -> tuple[Alias, Move | Stay]:
        """Read the alias, `decide`, write, and project; decides afresh when the write is lost.

        Projects also when the decision is to stay: that repairs what an earlier run left undone.
        Raises what `decide` raises; NotFound; PreconditionFailed after 8 lost attempts.
        """
        for attempt in range(ATTEMPTS):
            alias = self._records.alias(name)
            decision = decide(alias)
            if isinstance(decision, Move):
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

    def project(self, name: str) -> None:
        """Make the store's entry of `name` what the record says."""
        self._store.update(lambda: self._projection(name))

    def _projection(self, name: str) -> dict[str, str | None]:
        key = alias_record.store_key(name)
        alias = self._records.alias(name)
        wanted = alias_record.encode(self._records.version(alias.version)) if alias else None
        return {} if self._store.get(key) == wanted else {key: wanted}
