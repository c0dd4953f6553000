"""Which versions may be deleted: only what no alias, no rollback and no grace period needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from chalicelib.records import Alias, Version, timestamp


@dataclass(frozen=True, slots=True)
class Keep:
    """What is kept of the uploads for one alias: the newest `versions`, at least 1, and beyond
    them whatever is younger than `age`."""

    versions: int
    age: timedelta


@dataclass(frozen=True, slots=True)
class Retention:
    """What stays. `keep` holds for every alias that none of `by_alias` is for; these are pairs of
    a pattern such as `pr-*` and its own rule, the first that matches counts.

    What left an alias less than `grace` ago stays too: edges may still read an older alias record,
    browsers may hold its pages open.
    """

    keep: Keep
    grace: timedelta
    by_alias: tuple[tuple[str, Keep], ...] = ()

    def of(self, alias: str) -> Keep:
        """The rule for `alias`."""
        return next((k for pattern, k in self.by_alias if fnmatchcase(alias, pattern)), self.keep)


def versions_to_prune(
    versions: Sequence[Version],
    aliases: Iterable[Alias],
    left_at: Mapping[int, str],
    retention: Retention,
    now: datetime,
) -> tuple[Version, ...]:
    """The versions that can go, oldest first.

    `left_at` gives, for versions an alias showed within the grace, also as a canary, when it last
    stopped doing so. Versions being stored ("pending") are never touched unless older than the
    grace; a deletion that has begun ("deleting") goes on whatever happens.
    """
    needed = _needed(versions, aliases, retention, now)
    open_since = timestamp(now - retention.grace)

    def goes(version: Version) -> bool:
        if version.status == "deleting":
            return True
        if version.number in needed or version.status == "pruned":
            return False
        last_needed = max(version.ready_at or version.created_at, left_at.get(version.number, ""))
        return last_needed < open_since

    return tuple(sorted((v for v in versions if goes(v)), key=lambda v: v.number))


def _needed(
    versions: Sequence[Version], aliases: Iterable[Alias], retention: Retention, now: datetime
) -> set[int]:
    needed: set[int] = set()
    own = {version.number: version.keep for version in versions if version.keep}
    keeps: dict[str, Keep] = {}
    for alias in aliases:
        if alias.version in own:  # what its live version says of itself
            count, days = own[alias.version]
            keeps[alias.name] = Keep(count, timedelta(days=days))
        back = alias.previous[-keeps.get(alias.name, retention.of(alias.name)).versions :]
        needed.update((*alias.shown, *back))
        if alias.fallback is not None:
            needed.add(alias.fallback)
    open_since = timestamp(now - retention.grace)
    for version in versions:
        # A deployment takes two hours at the most; one that is older has died.
        if version.status == "pending" and version.created_at >= open_since:
            needed.update(version.based_on or ())
    for name in {version.alias for version in versions}:
        whole = [v for v in versions if v.alias == name and _is_whole(v)]
        needed.update(_kept(whole, keeps.get(name, retention.of(name)), now))
    return needed


def _is_whole(version: Version) -> bool:
    """Whether its files are all there; one that never became ready may be marked "pruning" too."""
    return version.status in ("ready", "pruning") and version.ready_at is not None


def _kept(whole: Sequence[Version], keep: Keep, now: datetime) -> set[int]:
    young = timestamp(now - keep.age)
    newest = sorted((v.number for v in whole), reverse=True)[: keep.versions]
    return {*newest, *(v.number for v in whole if (v.ready_at or v.created_at) >= young)}
