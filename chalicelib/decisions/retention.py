"""Which versions may be deleted: only what no alias, no rollback and no grace period needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.records import Alias, Version, timestamp


@dataclass(frozen=True, slots=True)
class Retention:
    """What stays: per alias the `keep` newest versions uploaded for it and as many to roll back
    to, and what left less than `grace` ago: edges may still read an older alias record, browsers
    may hold its pages open."""

    keep: int
    grace: timedelta


def versions_to_prune(
    versions: Sequence[Version],
    aliases: Iterable[Alias],
    left_at: Mapping[int, str],
    retention: Retention,
    now: datetime,
) -> tuple[Version, ...]:
    """The versions whose files can go, oldest first.

    `left_at` gives, for versions an alias pointed at within the grace, when it last stopped doing
    so. Versions being stored ("pending") are never touched unless older than the grace; a deletion
    that has begun ("deleting") goes on whatever happens.
    """
    needed = _needed(versions, aliases, retention.keep)
    open_since = timestamp(now - retention.grace)

    def goes(version: Version) -> bool:
        if version.status == "deleting":
            return True
        if version.number in needed or version.status == "pruned":
            return False
        last_needed = max(version.ready_at or version.created_at, left_at.get(version.number, ""))
        return last_needed < open_since

    return tuple(sorted((v for v in versions if goes(v)), key=lambda v: v.number))


def _needed(versions: Sequence[Version], aliases: Iterable[Alias], keep: int) -> set[int]:
    needed: set[int] = set()
    for alias in aliases:
        needed.update((alias.version, *alias.previous[-keep:]))
    for name in {version.alias for version in versions}:
        whole = [v.number for v in versions if v.alias == name and _is_whole(v)]
        needed.update(sorted(whole, reverse=True)[:keep])
    return needed


def _is_whole(version: Version) -> bool:
    """Whether its files are all there; one that never became ready may be marked "pruning" too."""
    return version.status in ("ready", "pruning") and version.ready_at is not None
