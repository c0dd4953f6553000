"""Which versions may be deleted: only what no alias, no rollback and no grace period needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.records import Alias, Version, timestamp


@dataclass(frozen=True, slots=True)
class Retention:
    """`keep` newest versions stay per alias they were uploaded for; so does what left less than
    `grace` ago: edges may still read an older alias record, browsers may hold its pages open."""

    keep: int
    grace: timedelta


def versions_to_prune(
    versions: Sequence[Version],
    aliases: Iterable[Alias],
    left_at: dict[int, str],
    retention: Retention,
    now: datetime,
) -> tuple[Version, ...]:
    """The versions whose files can go, oldest first.

    `left_at` gives, for versions an alias pointed at once, when it last stopped doing so.
    Versions being stored ("pending") are never touched unless older than the grace; a deletion
    that has begun ("pruning") goes on.
    """
    needed = {alias.version for alias in aliases}
    for name in {version.alias for version in versions}:
        ready = [v.number for v in versions if v.alias == name and v.status == "ready"]
        needed.update(sorted(ready, reverse=True)[: retention.keep])
    open_since = timestamp(now - retention.grace)

    def goes(version: Version) -> bool:
        if version.number in needed or version.status == "pruned":
            return False
        if version.status == "pruning":
            return True
        last_needed = max(version.ready_at or version.created_at, left_at.get(version.number, ""))
        return last_needed < open_since

    return tuple(sorted((v for v in versions if goes(v)), key=lambda v: v.number))
