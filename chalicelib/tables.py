"""The routings of versions in the KeyValueStore: published before an alias points at their version,
evicted when the store fills up, and published again when they are needed again.

A version's routing is there when its own record is: that is written last, and deleted first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice

from chalicelib.alias_record import version_key
from chalicelib.decisions.room import BUDGET_BYTES, size_bytes, tables_in_use, tables_to_evict
from chalicelib.errors import AwsError, StoreFull, VersionCorrupt
from chalicelib.gateways.records import Records
from chalicelib.gateways.store import MAX_KEYS_AN_UPDATE, KeyValueStore
from chalicelib.manifests import Manifests
from chalicelib.records import Version
from chalicelib.route_table import version_of_key
from chalicelib.routing import Routing, compile_routing

NEWEST = 100  # versions of which some may be in the making
_QUOTA = "ServiceQuotaExceededException"  # how the store says that it is full


class Tables:
    """Puts routings into the store and takes them out."""

    def __init__(
        self,
        store: KeyValueStore,
        records: Records,
        manifests: Manifests,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._records = records
        self._manifests = manifests
        self._now = now

    def publish(self, version: Version, routing: Routing) -> None:
        """Write the routing of `version`; when it is there, it is written again.

        Raises StoreFull when those in use leave no room for it; PreconditionFailed, AwsError.
        """
        entries = routing.store_entries(version)
        self.make_room(version.number, size_bytes(entries))
        for batch in _batches(entries):
            self._write(version.number, batch)

    def make_room(self, version: int, wanted_bytes: int) -> None:
        """Evict older ones as far as it takes to publish that of `version`. Raises StoreFull."""
        missing = self._store.size_bytes() + wanted_bytes - BUDGET_BYTES
        if missing <= 0:
            return
        sizes = self.sizes()
        missing -= sizes.pop(version, 0)  # an earlier attempt's, which will be written over
        in_use = self._in_use()
        for old in tables_to_evict(sizes, in_use, missing):
            if self.evict(old):
                missing -= sizes[old]
        if missing > 0:
            raise _full(version)

    def is_there(self, version: Version) -> bool:
        """Whether edges can read all of the routing of `version`."""
        return self._store.get(version_key(version.number)) is not None

    def publish_again(self, version: Version) -> None:
        """Make the routing of `version` from its manifest and write it.

        Raises VersionCorrupt when its rules are of another one; StoreFull, AwsError.
        """
        routing = compile_routing(self._manifests.read(version.number))
        if routing.rules != version.rules:
            raise VersionCorrupt(
                f"The route table of v{version.number} cannot be made again: upload it again."
            )
        self.publish(version, routing)

    def sizes(self) -> dict[int, int]:
        """The routings in the store, unfinished ones too: version -> bytes of keys and values."""
        sizes: dict[int, int] = {}
        for key, value in self._store.entries():
            version = version_of_key(key)
            if version is not None:
                sizes[version] = sizes.get(version, 0) + len(key) + len(value)
        return sizes

    def evict(self, version: int) -> bool:
        """Delete the routing of `version`, unless edges may be reading it; whether it is gone."""
        while True:
            deleted = self._store.update(lambda: self._evictable_keys(version))
            if len(deleted) < MAX_KEYS_AN_UPDATE:
                return bool(deleted)

    def _evictable_keys(self, version: int) -> dict[str, None]:
        """Up to 50 keys of the routing of `version`; the first are those of its own record.

        None while edges may be reading it.
        """
        if version in self._in_use():
            return {}
        keys = [key for key, _ in self._store.entries() if version_of_key(key) == version]
        keys.sort(key=lambda key: key != version_key(version))
        return dict.fromkeys(keys[:MAX_KEYS_AN_UPDATE])

    def _write(self, version: int, batch: Mapping[str, str]) -> None:
        try:
            self._store.update(lambda: batch)
        except AwsError as error:
            if error.code != _QUOTA:
                raise
            raise _full(version) from error

    def _in_use(self) -> set[int]:
        newest = self._records.versions(limit=NEWEST)
        return tables_in_use(self._records.aliases(), newest, self._now())


def _full(version: int) -> StoreFull:
    return StoreFull(
        f"The route tables of the versions that aliases point at leave no room for that of "
        f"v{version}: delete aliases that are not needed any more."
    )


def _batches(entries: Mapping[str, str]) -> Iterator[dict[str, str]]:
    items = iter(entries.items())
    while batch := dict(islice(items, MAX_KEYS_AN_UPDATE)):
        yield batch
