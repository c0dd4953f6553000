"""Which versions may be deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.decisions.retention import Keep, Retention, versions_to_prune
from chalicelib.records import Alias, Canary, Version, VersionStatus, timestamp

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEEP_TWO = Retention(Keep(2, timedelta(0)), grace=timedelta(hours=24))


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
    versions: list[Version],
    aliases: list[Alias],
    left_at: dict[int, str] | None = None,
    retention: Retention = KEEP_TWO,
) -> list[int]:
    return [v.number for v in versions_to_prune(versions, aliases, left_at or {}, retention, NOW)]


def test_the_newest_versions_of_each_alias_stay() -> None:
    versions = [version(n) for n in (1, 2, 3)] + [version(n, alias="pr") for n in (4, 5, 6)]
    assert pruned(versions, []) == [1, 4]


def test_a_version_that_an_alias_points_at_stays_however_old() -> None:
    assert pruned([version(n) for n in range(1, 6)], [alias(1)]) == [2, 3]


def test_a_canary_stays_however_old() -> None:
    running = replace(alias(1), canary=Canary(2, 1))
    assert pruned([version(n) for n in range(1, 6)], [running]) == [3]


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


def test_what_is_younger_than_the_age_stays_beside_the_newest() -> None:
    ten_days = Retention(Keep(1, timedelta(days=10)), grace=timedelta(hours=24))
    versions = [version(n, hours_old=24 * (14 - n)) for n in (1, 3, 4, 5)]  # 13, 11, 10, 9 days
    assert pruned(versions, [], retention=ten_days) == [1, 3]
    assert pruned([version(1, hours_old=9_999)], [], retention=ten_days) == []


def test_an_alias_may_have_a_rule_of_its_own() -> None:
    previews = (("pr-*", Keep(1, timedelta(0))), ("*", Keep(3, timedelta(0))))
    retention = Retention(Keep(9, timedelta(0)), timedelta(hours=24), previews)
    versions = [version(n, alias="pr-1") for n in (1, 2)] + [version(n) for n in (3, 4, 5, 6)]
    assert pruned(versions, [], retention=retention) == [1, 3]


def test_what_the_live_version_says_of_retention_counts_for_its_alias() -> None:
    versions = [version(n) for n in (1, 2, 3, 4, 5)]
    live = replace(version(6), keep=(4, 0))
    assert pruned([*versions, live], [alias(6)]) == [1, 2]
    assert pruned([*versions, replace(live, keep=None)], [alias(6)]) == [1, 2, 3, 4]
    assert pruned([*versions, replace(live, keep=(1, 0))], [alias(6)]) == [1, 2, 3, 4, 5]


def test_what_another_version_than_the_live_one_says_of_retention_does_not_count() -> None:
    talking = replace(version(1), keep=(9, 0))
    assert pruned([talking, *(version(n) for n in (2, 3, 4))], [alias(4)]) == [1, 2]


def test_the_live_versions_word_goes_before_the_rule_of_its_alias() -> None:
    previews = Retention(KEEP_TWO.keep, KEEP_TWO.grace, (("pr-*", Keep(1, timedelta(0))),))
    versions = [version(n, alias="pr-1") for n in (1, 2)]
    live = replace(version(3, alias="pr-1"), keep=(2, 0))
    others = [version(n) for n in (4, 5, 6)]
    aliases = [replace(alias(3), name="pr-1"), alias(6)]
    assert pruned([*versions, live, *others], aliases, retention=previews) == [1, 4]


def test_the_live_version_says_how_old_uploads_may_get_and_how_far_back_one_may_go() -> None:
    versions = [version(n, hours_old=24 * (14 - n)) for n in (1, 3, 4)]  # 13, 11, 10 days
    live = replace(version(5, hours_old=24 * 9), keep=(1, 10))
    assert pruned([*versions, live], [alias(5)]) == [1, 3]
    assert pruned([*versions, live], [alias(5, 1, 3)]) == [1]
    more = replace(live, keep=(2, 10))
    assert pruned([*versions, more], [alias(5, 1, 3)]) == []


def test_what_a_canary_shows_stays() -> None:
    versions = [version(n) for n in (1, 2, 3, 4)]
    assert pruned(versions, [replace(alias(4), canary=Canary(1, 5))]) == [2]


def test_what_an_alias_falls_back_to_stays() -> None:
    versions = [version(n) for n in (1, 2, 3, 4)]
    assert pruned(versions, [replace(alias(4), fallback=1)]) == [2]


def test_what_a_version_in_the_making_is_based_on_stays() -> None:
    versions = [version(n) for n in (1, 2, 3, 4)]
    making = replace(version(5, hours_old=1, status="pending"), based_on=(1,))
    assert pruned([*versions, making], []) == [2]


def test_what_a_dead_deployment_was_based_on_goes() -> None:
    versions = [version(n) for n in (1, 2, 3, 4)]
    dead = replace(version(5, hours_old=25, status="pending"), based_on=(1,))
    assert pruned([*versions, dead], []) == [1, 2, 5]
