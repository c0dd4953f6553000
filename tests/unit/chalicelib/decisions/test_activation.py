"""Which version an alias points at next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decisions.activation import (
    MAX_PREVIOUS,
    Move,
    Stay,
    after_deployment,
    rollback,
    switch,
)
from chalicelib.errors import Conflict
from chalicelib.records import Alias, Version, VersionStatus
from chalicelib.uploads import decision_order, upload_order

NOW = "2026-11-23T16:00:00.000Z"
START = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def version(number: int, *, minute: int | None = None, status: VersionStatus = "ready") -> Version:
    stored = START + timedelta(minutes=number if minute is None else minute)
    return Version(
        number=number,
        status=status,
        alias="production",
        deployment_id=f"d{number:020x}",
        source_key="production/site.zip",
        order=upload_order(stored, "0055"),
        created_at=NOW,
    )


def deployed(alias: Alias | None, number: int, *, minute: int | None = None) -> Alias:
    decision = after_deployment(alias, version(number, minute=minute), now=NOW)
    assert isinstance(decision, Move)
    return decision.alias


def switched(alias: Alias, number: int, *, minute: int, lock: bool | None = None) -> Alias:
    order = decision_order(START + timedelta(minutes=minute))
    decision = switch(alias, alias.name, version(number), lock=lock, order=order, now=NOW, by="ana")
    assert isinstance(decision, Move)
    return decision.alias


def rolled_back(alias: Alias, ready: frozenset[int], leaving: int | None = None) -> Alias:
    decision = rollback(alias, ready, leaving=leaving, order=alias.order, now=NOW, by="ana")
    assert isinstance(decision, Move)
    return decision.alias


def test_the_first_deployment_makes_the_alias() -> None:
    alias = deployed(None, 1)
    assert (alias.version, alias.previous, alias.revision) == (1, (), 1)


def test_a_newer_upload_replaces_an_older_one() -> None:
    alias = deployed(deployed(None, 1), 2)
    assert (alias.version, alias.previous, alias.revision) == (2, (1,), 2)


def test_a_slower_older_upload_never_replaces_a_newer_one() -> None:
    assert after_deployment(deployed(None, 2), version(1), now=NOW) == Stay("superseded")


def test_the_order_of_uploads_counts_even_when_their_events_arrived_the_other_way() -> None:
    newer_upload_numbered_first = deployed(None, 1, minute=9)
    older_upload_numbered_second = version(2, minute=8)
    assert after_deployment(
        newer_upload_numbered_first, older_upload_numbered_second, now=NOW
    ) == Stay("superseded")


def test_of_two_uploads_in_one_second_the_higher_number_wins() -> None:
    alias = deployed(None, 1, minute=5)
    assert deployed(alias, 2, minute=5).version == 2
    alias = deployed(None, 2, minute=5)
    assert after_deployment(alias, version(1, minute=5), now=NOW) == Stay("superseded")


def test_an_upload_from_before_a_switch_does_not_undo_it() -> None:
    alias = switched(deployed(deployed(None, 1), 2), 1, minute=10)
    assert after_deployment(alias, version(3, minute=9), now=NOW) == Stay("superseded")
    assert deployed(alias, 4, minute=11).version == 4


def test_an_upload_in_the_second_of_a_switch_goes_live() -> None:
    alias = switched(deployed(deployed(None, 1), 2), 1, minute=10)
    assert deployed(alias, 3, minute=10).version == 3


def test_a_repeated_activation_changes_nothing_and_never_undoes_a_rollback() -> None:
    alias = deployed(deployed(None, 1), 2)
    assert after_deployment(alias, version(2), now=NOW) == Stay("already")
    back = switched(alias, 1, minute=10)
    assert after_deployment(back, version(2), now=NOW) == Stay("superseded")


def test_a_locked_alias_moves_only_by_a_persons_word() -> None:
    alias = switched(deployed(deployed(None, 1), 2), 1, minute=10, lock=True)
    assert after_deployment(alias, version(3, minute=11), now=NOW) == Stay("locked")
    assert switched(alias, 2, minute=12).locked
    assert not switched(alias, 2, minute=12, lock=False).locked


def test_locking_alone_is_recorded_as_such() -> None:
    alias = deployed(None, 1)
    decision = switch(
        alias, "production", version(1), lock=True, order=alias.order, now=NOW, by="ana"
    )
    assert isinstance(decision, Move)
    assert (decision.audit.action, decision.alias.locked, decision.alias.version) == (
        "lock",
        True,
        1,
    )


def test_switching_to_where_the_alias_points_outdates_the_uploads_before() -> None:
    alias = deployed(None, 1)
    order = decision_order(START + timedelta(minutes=10))
    decision = switch(alias, "production", version(1), lock=None, order=order, now=NOW, by="ana")
    assert isinstance(decision, Move)
    assert not decision.changes
    assert (decision.alias.version, decision.alias.previous) == (1, ())
    assert after_deployment(decision.alias, version(2, minute=9), now=NOW) == Stay("superseded")
    again = switch(
        decision.alias, "production", version(1), lock=None, order=order, now=NOW, by="ana"
    )
    assert again == Stay("already")


def test_a_switch_can_make_a_new_alias() -> None:
    decision = switch(None, "staging", version(7), lock=None, order="z", now=NOW, by="ana")
    assert isinstance(decision, Move)
    assert (decision.alias.name, decision.alias.version) == ("staging", 7)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("pending", "still being stored"),
        ("failed", "its deployment failed"),
        ("pruning", "about to be deleted"),
        ("deleting", "are being deleted"),
        ("pruned", "have been deleted"),
    ],
)
def test_only_a_ready_version_can_be_switched_to(status: VersionStatus, words: str) -> None:
    with pytest.raises(Conflict, match=words):
        switch(
            None, "production", version(1, status=status), lock=None, order="z", now=NOW, by="ana"
        )


def test_each_rollback_goes_one_step_further_back() -> None:
    alias = deployed(deployed(deployed(None, 1), 2), 3)
    ready = frozenset({1, 2, 3})
    once = rolled_back(alias, ready)
    twice = rolled_back(once, ready)
    assert (once.version, twice.version) == (2, 1)
    with pytest.raises(Conflict, match="no earlier version"):
        rolled_back(twice, ready)


def test_a_rollback_that_is_repeated_with_what_it_left_happens_once() -> None:
    alias = deployed(deployed(deployed(None, 1), 2), 3)
    ready = frozenset({1, 2, 3})
    once = rolled_back(alias, ready, leaving=3)
    again = rollback(once, ready, leaving=3, order="z", now=NOW, by="ana")
    assert again == Stay("already")


def test_a_rollback_of_what_is_no_longer_live_is_refused() -> None:
    alias = deployed(deployed(None, 1), 2)
    with pytest.raises(Conflict, match="points at v2, not at v1"):
        rollback(alias, frozenset({1}), leaving=1, order="z", now=NOW, by="ana")


def test_a_rollback_passes_over_versions_whose_files_are_gone() -> None:
    alias = deployed(deployed(deployed(None, 1), 2), 3)
    assert rolled_back(alias, frozenset({1, 3})).version == 1


def test_after_a_switch_a_rollback_returns_to_where_the_alias_was() -> None:
    alias = switched(deployed(deployed(deployed(None, 1), 2), 3), 1, minute=10)
    assert rolled_back(alias, frozenset({1, 2, 3})).version == 3


def test_an_alias_remembers_a_bounded_number_of_versions() -> None:
    alias = deployed(None, 1)
    for number in range(2, MAX_PREVIOUS + 10):
        alias = deployed(alias, number)
    assert len(alias.previous) == MAX_PREVIOUS
    assert alias.previous[-1] == alias.version - 1


@given(st.permutations(range(1, 7)), st.data())
def test_whatever_the_order_of_completion_and_repetition_the_newest_upload_is_live(
    finished: list[int], data: st.DataObject
) -> None:
    alias: Alias | None = None
    repeats = data.draw(st.lists(st.sampled_from(finished)))
    for number in [*finished, *repeats]:
        decision = after_deployment(alias, version(number), now=NOW)
        alias = decision.alias if isinstance(decision, Move) else alias
    assert alias is not None
    assert alias.version == 6


@given(st.lists(st.sampled_from(["deploy", "switch", "rollback"]), max_size=30), st.data())
def test_no_sequence_of_decisions_offers_the_live_version_for_rollback(
    actions: list[str], data: st.DataObject
) -> None:
    alias = deployed(None, 1)
    newest = 1
    for action in actions:
        if action == "deploy":
            newest += 1
            decision = after_deployment(alias, version(newest), now=NOW)
        elif action == "switch":
            target = data.draw(st.integers(1, newest))
            decision = switch(
                alias,
                "production",
                version(target),
                lock=None,
                order=alias.order,
                now=NOW,
                by="ana",
            )
        else:
            try:
                decision = rollback(
                    alias,
                    frozenset(range(1, newest + 1)),
                    leaving=None,
                    order=alias.order,
                    now=NOW,
                    by="ana",
                )
            except Conflict:
                continue
        before = alias
        alias = decision.alias if isinstance(decision, Move) else alias
        assert alias.version not in alias.previous
        assert len(set(alias.previous)) == len(alias.previous)
        assert alias.revision == before.revision + isinstance(decision, Move)


def test_the_audit_entry_tells_what_was_replaced() -> None:
    alias = replace(deployed(None, 1), locked=False)
    decision = after_deployment(alias, version(2), now=NOW)
    assert isinstance(decision, Move)
    assert (decision.audit.version, decision.audit.replaced, decision.audit.by) == (
        2,
        1,
        f"deployment d{2:020x}",
    )
