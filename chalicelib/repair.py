"""Repair: make the KeyValueStore what the record says, entry by entry; as often as one likes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from chalicelib import alias_record
from chalicelib.gateways.records import Records
from chalicelib.gateways.store import KeyValueStore
from chalicelib.pointing import Pointing

SECONDS = 15.0  # of work in one call: API Gateway waits for 29, and the last step takes its time


@dataclass(frozen=True, slots=True)
class Repaired:
    """An entry of the store that was not as the record says."""

    key: str
    problem: Literal["missing", "differs", "superfluous"]


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What was repaired of how many aliases that were checked; `more`: the time was up."""

    repaired: tuple[Repaired, ...]
    checked: int
    more: bool


class Repair:
    """Rebuilds the store from the table and the manifests."""

    def __init__(
        self,
        records: Records,
        store: KeyValueStore,
        pointing: Pointing,
        *,
        clock: Callable[[], float],
    ) -> None:
        """`clock` gives seconds."""
        self._records = records
        self._store = store
        self._pointing = pointing
        self._clock = clock

    def __call__(self) -> RepairReport:
        """Repair for some 15 seconds. Raises AwsError, StoreFull, VersionCorrupt.

        Route tables that no alias names are left alone: they make room when it is needed.
        """
        end = self._clock() + SECONDS
        names = [alias.name for alias in self._records.aliases()]
        repaired: list[Repaired] = []
        checked = 0
        for name in names:
            if self._clock() > end:
                return RepairReport(tuple(repaired), checked, more=True)
            key = alias_record.store_key(name)
            missing = self._store.get(key) is None
            if self._pointing.project(name):
                repaired.append(Repaired(key, "missing" if missing else "differs"))
            checked += 1
        known = {alias_record.store_key(name) for name in names}
        for key in self._alias_keys() - known:
            name = key.removeprefix(alias_record.store_key(""))
            if self._pointing.project(name):  # an alias that was made meanwhile stays
                repaired.append(Repaired(key, "superfluous"))
        return RepairReport(tuple(repaired), checked, more=False)

    def _alias_keys(self) -> set[str]:
        start = alias_record.store_key("")
        return {key for key, _ in self._store.entries() if key.startswith(start)}
