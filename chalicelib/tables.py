"""The route tables in the KeyValueStore: published before an alias points at their version, evicted
when the store fills up, and published again when they are needed again.

A table is there when its last bucket is: that is written last, and deleted first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice

from chalicelib.alias_record import has_table
from chalicelib.decisions.room import BUDGET_BYTES, tables_in_use, tables_to_evict
from chalicelib.errors import AwsError, StoreFull, VersionCorrupt
from chalicelib.gateways.records import Records
from chalicelib.gateways.store import MAX_KEYS_AN_UPDATE, KeyValueStore
from chalicelib.manifest import Manifest
from chalicelib.manifests import Manifests
from chalicelib.records import Version
from chalicelib.route_table import RouteTable, bucket_key, compile_table, version_of_key

NEWEST = 100  # versions of which some may be in the making
_QUOTA = "ServiceQuotaExceededException"  # how the store says that it is full


class Tables:
    """Puts route tables into the store and takes them out."""

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
        self._made: tuple[Manifest, RouteTable] | None = None

    def table_of(self, manifest: Manifest) -> RouteTable:
        """The route table of all that a manifest makes reachable; kept until it is published,
        since its size is asked for before. Raises NoRouteTable."""
        if self._made is None or self._made[0] is not manifest:
            self._made = (manifest, _table_of(manifest))
        return self._made[1]

    def publish(self, version: int, table: RouteTable) -> None:
        """Write the table of `version`; when it is there, it is written again.

        Raises StoreFull when the tables in use leave no room for it; PreconditionFailed, AwsError.
        """
        self._made = None
        self.make_room(version, table)
        for batch in _batches(table.store_entries(version)):
            self._write(version, batch)

    def make_room(self, version: int, table: RouteTable) -> None:
        """Evict older tables as far as it takes to publish that of `version`. Raises StoreFull."""
        missing = self._store.size_bytes() + table.size_bytes(version) - BUDGET_BYTES
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
        """Whether edges can read the table of `version`; one without a table needs none."""
        if version.rules is None or not has_table(version):
            return True
        return self._store.get(bucket_key(version.number, version.rules.buckets - 1)) is not None

    def publish_again(self, version: Version) -> None:
        """Make the table of `version` from its manifest and write it.

        Raises VersionCorrupt when its rules are of another table; StoreFull, AwsError.
        """
        table = _table_of(self._manifests.read(version.number))
        rules = version.rules
        if rules is None or (table.salt, len(table.buckets), table.layers) != (
            rules.salt,
            rules.buckets,
            rules.layers,
        ):
            raise VersionCorrupt(
                f"The route table of v{version.number} cannot be made again: upload it again."
            )
        self.publish(version.number, table)

    def sizes(self) -> dict[int, int]:
        """The tables in the store, unfinished ones too: version -> bytes of keys and values."""
        sizes: dict[int, int] = {}
        for key, value in self._store.entries():
            version = version_of_key(key)
            if version is not None:
                sizes[version] = sizes.get(version, 0) + len(key) + len(value)
        return sizes

    def evict(self, version: int) -> bool:
        """Delete the table of `version`, unless edges may be reading it; whether it is gone."""
        while True:
            deleted = self._store.update(lambda: self._evictable_keys(version))
            if len(deleted) < MAX_KEYS_AN_UPDATE:
                return bool(deleted)

    def _evictable_keys(self, version: int) -> dict[str, None]:
        """The last 50 keys of the table of `version`: the very last one, its mark, among them.

        None while edges may be reading it.
        """
        if version in self._in_use():
            return {}
        keys = [key for key, _ in self._store.entries() if version_of_key(key) == version]
        keys.sort(key=lambda key: int(key.rpartition("/")[2]))
        return dict.fromkeys(keys[-MAX_KEYS_AN_UPDATE:])

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


def _table_of(manifest: Manifest) -> RouteTable:
    return compile_table((file.path, file.layer) for file in manifest.every())


def _full(version: int) -> StoreFull:
    return StoreFull(
        f"The route tables of the versions that aliases point at leave no room for that of "
        f"v{version}: delete aliases that are not needed any more."
    )


def _batches(entries: Mapping[str, str]) -> Iterator[dict[str, str]]:
    items = iter(entries.items())
    while batch := dict(islice(items, MAX_KEYS_AN_UPDATE)):
        yield batch
