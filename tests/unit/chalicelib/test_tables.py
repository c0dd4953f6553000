"""The routings in the store: what is written, in which order, and what leaves it first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.decisions.room import BUDGET_BYTES, size_bytes
from chalicelib.errors import Missing, StoreFull, VersionCorrupt
from chalicelib.gateways.objects import Objects
from chalicelib.gateways.records import Records
from chalicelib.gateways.store import MAX_KEYS_AN_UPDATE, Changes, KeyValueStore
from chalicelib.manifest import Manifest, ManifestFile, encode, manifest_key
from chalicelib.manifests import Manifests
from chalicelib.records import Alias, Version, timestamp
from chalicelib.routing import compile_routing
from chalicelib.rules.model import Redirect, SiteRules, SiteSettings
from chalicelib.tables import Tables

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OLD = timestamp(NOW - timedelta(days=9))


class Store(KeyValueStore):
    """A store in memory; `updates` are the changes of each update, in order."""

    def __init__(self) -> None:
        self.items: dict[str, str] = {}
        self.updates: list[dict[str, str | None]] = []

    def get(self, key: str) -> str | None:
        return self.items.get(key)

    def entries(self) -> Iterator[tuple[str, str]]:
        yield from list(self.items.items())

    def size_bytes(self) -> int:
        return size_bytes(self.items)

    def update(self, decide: Callable[[], Changes]) -> Changes:
        changes = decide()
        assert len(changes) <= MAX_KEYS_AN_UPDATE
        self.updates.append(dict(changes))
        for key, value in changes.items():
            if value is None:
                del self.items[key]
            else:
                self.items[key] = value
        return changes


class Record(Records):
    """`production` points at version 1; all versions are old."""

    def __init__(self) -> None:
        pass

    def aliases(self) -> tuple[Alias, ...]:
        return (Alias("production", 1, "o", OLD, "ana"),)

    def versions(
        self, *, limit: int | None = None, below: int | None = None
    ) -> tuple[Version, ...]:
        assert below is None
        return tuple(version(n) for n in (4, 3, 2, 1))[:limit]


class Bucket(Objects):
    """Manifests in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def find(self, bucket: str, key: str) -> bytes | None:
        assert bucket == "hosting"
        return self.kept.get(key)

    def get(self, bucket: str, key: str) -> bytes:
        found = self.find(bucket, key)
        if found is None:
            raise Missing(f"There is no {key}.")
        return found


def version(number: int) -> Version:
    return Version(number, "ready", "production", "d", "k", "o", OLD, ready_at=OLD)


def manifest(number: int, files: int = 9_000, redirects: int = 300) -> Manifest:
    """Of a version with more entries in the store than one update may have."""
    listed = [ManifestFile(f"{n}.js", 1, "0" * 64, 1, (), number) for n in range(files)]
    rules = [Redirect(n, f"/old/{n}", f"/{n}.js", 301) for n in range(1, redirects + 1)]
    return Manifest(number, tuple(listed), rules=SiteRules(SiteSettings(), tuple(rules)))


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def tables(store: Store, bucket: Bucket) -> Tables:
    return Tables(store, Record(), Manifests(bucket, "hosting"), now=lambda: NOW)


def publish(tables: Tables, number: int, **size: int) -> Version:
    routing = compile_routing(manifest(number, **size))
    made = replace(version(number), rules=routing.rules)
    tables.publish(made, routing)
    return made


def test_a_versions_own_record_is_written_last(tables: Tables, store: Store) -> None:
    made = publish(tables, 2)
    assert len(store.updates) > 1
    assert list(store.updates[-1])[-1] == "v/2"
    assert all("v/2" not in update for update in store.updates[:-1])
    assert {key[:4] for key in store.items} == {"t/2/", "r/2/", "v/2"}
    assert tables.is_there(made)


def test_a_routing_that_was_not_written_to_its_end_is_not_there(
    tables: Tables, store: Store
) -> None:
    made = publish(tables, 2)
    del store.items["v/2"]
    assert not tables.is_there(made)
    assert tables.sizes() == {2: size_bytes(store.items)}
    publish(tables, 2)
    assert tables.is_there(made)


def test_a_versions_own_record_is_deleted_first(tables: Tables, store: Store) -> None:
    publish(tables, 2)
    store.items["a/production"] = "{}"
    before = len(store.updates)
    assert tables.evict(2)
    first, *rest = store.updates[before:]
    assert next(iter(first)) == "v/2"
    assert len(first) == MAX_KEYS_AN_UPDATE
    assert rest
    assert store.items == {"a/production": "{}"}


def test_a_version_that_is_live_is_not_evicted(tables: Tables, store: Store) -> None:
    made = publish(tables, 1)
    kept = dict(store.items)
    assert not tables.evict(1)
    assert store.items == kept
    assert tables.is_there(made)


def test_a_version_that_is_not_in_the_store_is_not_evicted(tables: Tables) -> None:
    assert not tables.evict(3)


def test_the_size_of_a_routing_is_that_of_all_its_keys_and_values(
    tables: Tables, store: Store
) -> None:
    publish(tables, 2)
    two = size_bytes(store.items)
    publish(tables, 3, files=10)
    assert tables.sizes() == {2: two, 3: size_bytes(store.items) - two}


def test_room_is_made_by_evicting_the_oldest_that_no_alias_needs(
    tables: Tables, store: Store
) -> None:
    for number in (1, 2, 3):
        publish(tables, number)
    left = BUDGET_BYTES - store.size_bytes()
    tables.make_room(4, left)
    assert tables.sizes().keys() == {1, 2, 3}
    tables.make_room(4, left + 1)
    assert tables.sizes().keys() == {1, 3}


def test_what_an_earlier_attempt_has_written_counts_once(tables: Tables, store: Store) -> None:
    publish(tables, 2)
    publish(tables, 4)
    own = tables.sizes()[4]
    tables.make_room(4, BUDGET_BYTES - store.size_bytes() + own)
    assert tables.sizes().keys() == {2, 4}
    tables.make_room(4, BUDGET_BYTES - store.size_bytes() + own + 1)
    assert tables.sizes().keys() == {4}


def test_there_is_no_room_when_all_the_others_are_needed(tables: Tables) -> None:
    publish(tables, 1)
    with pytest.raises(StoreFull, match="no room for that of v4: delete aliases"):
        tables.make_room(4, BUDGET_BYTES)


def test_a_routing_that_was_evicted_comes_back_as_it_was(
    tables: Tables, store: Store, bucket: Bucket
) -> None:
    made = publish(tables, 2)
    bucket.kept[manifest_key(2)] = encode(manifest(2))
    kept = dict(store.items)
    tables.evict(2)
    assert store.items == {}
    tables.publish_again(made)
    assert store.items == kept
    assert json.loads(store.items["v/2"])["redirects"] > 0


def test_a_routing_that_would_come_back_as_another_one_is_refused(
    tables: Tables, store: Store, bucket: Bucket
) -> None:
    made = publish(tables, 2)
    tables.evict(2)
    bucket.kept[manifest_key(2)] = encode(manifest(2, redirects=0))
    with pytest.raises(VersionCorrupt, match="v2 cannot be made again: upload it again"):
        tables.publish_again(made)
    assert store.items == {}
