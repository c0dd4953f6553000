"""Which route tables have to leave the KeyValueStore, so that a new one fits into its budget."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from chalicelib.records import Alias, Version, timestamp

STORE_BYTES = 5 * 1024 * 1024  # CloudFront's quota
# Left free: what two deployments at once may both find free, and how CloudFront counts.
BUDGET_BYTES = STORE_BYTES * 8 // 10
# Two must fit at a time, the one that is live and the one that follows.
MAX_TABLE_BYTES = BUDGET_BYTES // 2
# Edges may read an older alias record until the newer one has reached them, which takes seconds.
EDGE_GRACE = timedelta(hours=1)


def size_bytes(entries: Mapping[str, str]) -> int:
    """What entries take of the store: their keys and values."""
    return sum(len(key.encode()) + len(value.encode()) for key, value in entries.items())


def tables_in_use(aliases: Iterable[Alias], newest: Iterable[Version], now: datetime) -> set[int]:
    """The versions whose tables edges may be reading, or which are being written.

    `newest` are the versions that may be in the making: none that is older can be.
    """
    since = timestamp(now - EDGE_GRACE)
    found = {v.number for v in newest if v.status == "pending" or (v.ready_at or "") >= since}
    for alias in aliases:
        found |= {*alias.shown, *(one.version for one in alias.left if one.at >= since)}
        if alias.fallback is not None:
            found.add(alias.fallback)
    return found


def tables_to_evict(
    sizes: Mapping[int, int], in_use: Collection[int], wanted_bytes: int
) -> tuple[int, ...]:
    """Of the tables in the store (version -> size in bytes) those that make room for
    `wanted_bytes`, oldest version first; all that can go, when even that is not enough."""
    leaving: list[int] = []
    for version in sorted(sizes):
        if wanted_bytes <= 0:
            break
        if version not in in_use:
            leaving.append(version)
            wanted_bytes -= sizes[version]
    return tuple(leaving)
