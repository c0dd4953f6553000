"""Which versions may be deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chalicelib.decisions.retention import Retention, versions_to_prune
from chalicelib.records import Alias, Version, VersionStatus, timestamp

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEEP_TWO = Retention(keep=2, grace=timedelta(hours=24))


def version(
    number: int, *, hours_old: float = 100, status: VersionStatus = "ready", alias: str = "main"
) -> Version:
    made = timestamp(NOW - timedelta(hours=hours_old))
    return Version(
        number=number,
        status=status,
        alias=alias,
        deployment_id="d",
        source_key="k",
        order=f"{number:05d}",
        created_at=made,
        ready_at=made if status == "ready" else None,
    )


def alias(number: int, *previous: int) -> Alias:
    return Alias("main", number, "o", "t", "ana", previous=previous)


def pruned(
    versions: list[Version], aliases: list[Alias], left_at: dict[int, str] | None = None
) -> list[int]:
    return [v.number for v in versions_to_prune(versions, aliases, left_at or {}, KEEP_TWO, NOW)]


def test_the_newest_versions_of_each_alias_stay() -> None:
    versions = [version(n) for n in (1, 2, 3)] + [version(n, alias="pr") for n in (4, 5, 6)]
    assert pruned(versions, []) == [1, 4]


def test_a_version_that_an_alias_points_at_stays_however_old() -> None:
    assert pruned([version(n) for n in range(1, 6)], [alias(1)]) == [2, 3]


def test_nothing_goes_within_the_grace_after_it_became_ready() -> None:
    versions = [version(1, hours_old=23.9), version(2, hours_old=24.1), version(3), version(4)]
    assert pruned(versions, []) == [2]


def test_nothing_goes_within_the_grace_after_an_alias_left_it() -> None:
    versions = [version(n) for n in (1, 2, 3, 4)]
    left = {1: timestamp(NOW - timedelta(hours=1)), 2: timestamp(NOW - timedelta(hours=25))}
    assert pruned(versions, [], left) == [2]


def test_failed_and_abandoned_versions_go_after_the_grace_and_do_not_count_as_kept() -> None:
    versions = [
        version(1),
        version(2),
        version(3, status="failed"),
        version(4, status="pending"),
        version(5, status="pending", hours_old=1),
    ]
    assert pruned(versions, []) == [3, 4]


def test_the_mark_on_a_version_that_never_became_ready_makes_it_none_of_the_newest() -> None:
    versions = [version(1), version(2), version(3, status="pruning")]
    assert pruned(versions, []) == [3]


def test_what_an_alias_can_roll_back_to_stays() -> None:
    versions = [version(n, alias="staging") for n in range(1, 8)]
    assert pruned(versions, [alias(5, 1, 2, 3)]) == [1, 4]


def test_what_is_pruned_is_not_pruned_again_and_what_was_begun_goes_on() -> None:
    versions = [version(1, status="pruned"), version(2, status="deleting"), version(3), version(4)]
    assert pruned(versions, [alias(2)]) == [2]


def test_a_mark_counts_for_nothing_while_the_version_is_needed() -> None:
    versions = [version(1, status="pruning"), version(2), version(3)]
    assert pruned(versions, [alias(1)]) == []
    assert pruned(versions, []) == [1]
    just_left = {1: timestamp(NOW - timedelta(seconds=1))}
    assert pruned(versions, [], just_left) == []
