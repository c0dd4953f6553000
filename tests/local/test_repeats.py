"""Whatever is delivered again, late or out of order ends in the same state."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.errors import PreconditionFailed
from chalicelib.events import ObjectCreated, parse
from decant.answers import AliasAnswer
from tests.local.hands import Hands
from tests.local.stage import Stage

TASKS = ("plan", "copy", "finish", "activate", "prune", "fail")
THREADS = 8


def alias_of(stage: Stage, name: str) -> AliasAnswer:
    return next(alias for alias in stage.api.aliases() if alias.name == name)


def next_second() -> None:
    """Wait until S3's clock, which counts whole seconds, has moved on."""
    time.sleep(1 - time.time() % 1 + 0.02)


def at_once(act: Callable[[int], Any], times: int) -> list[Any]:
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(act, range(times)))


# The same event again ------------------------------------------------------------------------


def test_an_event_delivered_again_and_again_takes_one_number_and_one_execution(
    stage: Stage, hands: Hands
) -> None:
    stage.deploy({"index.html": "before"})
    number, executions = hands.last_number(), len(hands.executions())
    with hands.undelivered():
        uploaded = stage.upload({"index.html": "once"})
        assert [hands.deliver(uploaded).error for _ in range(3)] == [None] * 3
    done = stage.follow(uploaded)
    assert (done.status, done.version) == ("live", number + 1)
    hands.settle(uploaded)
    kept = hands.kept()
    assert hands.deliver(uploaded).payload["deployment_id"] == done.id
    assert hands.kept() == kept
    hands.forget_answers()  # now only our own record stands against a second deployment
    assert hands.deliver(uploaded).payload["status"] == "live"
    assert hands.kept() == kept
    assert (hands.last_number(), len(hands.executions())) == (number + 1, executions + 1)


def test_an_event_delivered_three_times_at_once_takes_one_number_and_one_execution(
    stage: Stage, hands: Hands
) -> None:
    stage.deploy({"index.html": "before"})
    number, executions = hands.last_number(), len(hands.executions())
    with hands.undelivered():
        uploaded = stage.upload({"index.html": "at once"})
        hands.event_of(uploaded)
        errors = {outcome.error for outcome in at_once(lambda _: hands.deliver(uploaded), 3)}
    assert errors <= {None, "Conflict"}  # Lambda calls again what came while the first ran
    assert None in errors
    done = stage.follow(uploaded)
    assert (done.status, done.version) == ("live", number + 1)
    assert (hands.last_number(), len(hands.executions())) == (number + 1, executions + 1)


def test_our_own_record_holds_when_nothing_else_keeps_repeats_apart(
    stage: Stage, hands: Hands
) -> None:
    stage.deploy({"index.html": "before"})
    number, executions = hands.last_number(), len(hands.executions())
    with hands.undelivered():
        uploaded = stage.upload({"index.html": "without Powertools"})
        upload = parse(ObjectCreated, hands.event_of(uploaded)).upload
        receive = hands.receive()
        received = at_once(lambda _: receive(upload), THREADS)
    assert {deployment.version for deployment in received} == {number + 1}
    done = stage.follow(uploaded)
    assert (done.status, done.version) == ("live", number + 1)
    assert (hands.last_number(), len(hands.executions())) == (number + 1, executions + 1)


def test_an_event_whose_function_died_before_the_pipeline_started_is_completed_by_a_repeat(
    stage: Stage, hands: Hands
) -> None:
    uploaded = hands.hold({"index.html": "second try"}, "production/site.zip")
    assert stage.api.deployment(uploaded.deployment_id).status == "queued"
    number = hands.last_number()
    hands.release(uploaded)
    done = stage.follow(uploaded)
    assert (done.status, done.version) == ("live", number)
    assert stage.get("/").data == b"second try"


# The same task again -------------------------------------------------------------------------


def test_no_task_changes_anything_after_its_deployment_is_live(stage: Stage, hands: Hands) -> None:
    uploaded = stage.upload({"index.html": "live", "a/b.txt": "b"})
    assert stage.follow(uploaded).status == "live"
    hands.settle(uploaded)
    kept = hands.kept()
    for function in TASKS:
        assert hands.run(uploaded, function).error is None
        assert hands.kept() == kept, function


def test_no_task_of_an_older_deployment_changes_anything(stage: Stage, hands: Hands) -> None:
    older = stage.upload({"index.html": "older"})
    assert stage.follow(older).status == "live"
    newer = stage.upload({"index.html": "newer"})
    assert stage.follow(newer).status == "live"
    hands.settle(older)
    hands.settle(newer)
    kept = hands.kept()
    for function in TASKS:
        assert hands.run(older, function).error is None
        assert hands.kept() == kept, function
    assert stage.api.deployment(older.deployment_id).status == "live"


def test_a_repeated_activation_does_not_undo_a_switch_of_the_same_second(
    stage: Stage, hands: Hands
) -> None:
    before = stage.deploy({"index.html": "before"}).version or 0
    entry = hands.store()["a/production"]
    uploaded = hands.hold({"index.html": "after"}, "production/site.zip")
    assert hands.run(uploaded, "plan", "copy", "finish", "activate").error is None
    hands.switch_in_the_second_of_the_upload("production", before)
    hands.put_store("a/production", entry)
    kept = hands.kept()
    assert hands.run(uploaded, "activate").payload["status"] == "live"
    assert hands.kept() == kept


def test_no_task_of_a_failed_deployment_brings_it_back(stage: Stage, hands: Hands) -> None:
    stage.deploy({"index.html": "good"})
    uploaded = hands.hold({"index.html": "abandoned"}, "production/site.zip")
    assert hands.run(uploaded, "plan", "copy").error is None
    assert hands.run(uploaded, "fail").error is None
    kept = hands.kept()
    for function in TASKS:
        hands.run(uploaded, function)  # may refuse
        assert hands.kept() == kept, function
    assert stage.get("/").data == b"good"


def test_an_activation_that_comes_after_the_failure_was_recorded_is_not_carried_out(
    stage: Stage, hands: Hands
) -> None:
    stage.deploy({"index.html": "good"})
    uploaded = hands.hold({"index.html": "too late"}, "production/site.zip")
    assert hands.run(uploaded, "plan", "copy", "finish", "fail").error is None
    kept = hands.kept()
    hands.run(uploaded, "activate")
    assert hands.kept() == kept
    assert stage.get("/").data == b"good"


# Out of order --------------------------------------------------------------------------------


def test_an_older_upload_that_completes_later_ends_superseded(stage: Stage, hands: Hands) -> None:
    older = hands.hold({"index.html": "older"}, "production/site.zip")
    newer = stage.deploy({"index.html": "newer"})
    assert newer.status == "live"
    hands.release(older)
    late = stage.follow(older)
    assert (late.status, late.reason) == ("superseded", None)
    assert (late.version or 0) < (newer.version or 0)
    assert stage.get("/").data == b"newer"
    assert alias_of(stage, "production").version == newer.version


def test_the_time_of_the_upload_counts_not_the_number_when_events_come_in_reverse_order(
    stage: Stage, hands: Hands
) -> None:
    with hands.undelivered():
        older = stage.upload({"index.html": "older"})
        newer = stage.upload({"index.html": "newer"})
        hands.deliver(newer)
        first = stage.follow(newer)
        hands.deliver(older)
        second = stage.follow(older)
    assert (first.status, second.status) == ("live", "superseded")
    assert (second.version or 0) > (first.version or 0)
    assert stage.get("/").data == b"newer"


def test_an_upload_from_before_a_switch_does_not_undo_it(stage: Stage, hands: Hands) -> None:
    good = stage.deploy({"index.html": "known to be good"}).version or 0
    stage.deploy({"index.html": "bad"})
    late = hands.hold({"index.html": "bad too"}, "production/site.zip")
    next_second()
    stage.api.switch("production", good, None)
    hands.release(late)
    assert stage.follow(late).status == "superseded"
    assert stage.get("/").data == b"known to be good"
    assert stage.deploy({"index.html": "fixed"}).status == "live"  # who uploads now means it


def test_a_deployment_to_a_locked_alias_ends_as_ready(stage: Stage) -> None:
    held = stage.deploy({"index.html": "held"}, "locked/site.zip").version or 0
    stage.api.switch("locked", held, True)
    done = stage.deploy({"index.html": "waits"}, "locked/site.zip")
    assert done.status == "ready"
    alias = alias_of(stage, "locked")
    assert (alias.version, alias.locked) == (held, True)
    assert stage.api.switch("locked", done.version or 0, False).changed
    assert alias_of(stage, "locked").version == done.version


# The record and the store --------------------------------------------------------------------


def test_concurrent_switches_leave_the_record_and_the_store_agreeing(
    stage: Stage, hands: Hands
) -> None:
    uploads = [stage.upload({"index.html": f"{n}"}, f"race-{n}/site.zip") for n in range(4)]
    versions = [stage.follow(uploaded).version or 0 for uploaded in uploads]

    admin = hands.admin()

    def switch(thread: int) -> int:
        lost = 0
        for turn in range(3):
            number = versions[(thread + turn) % len(versions)]
            try:
                admin.switch("race", number, lock=None, by=f"thread {thread}")
            except PreconditionFailed:
                lost += 1  # said so: the person looks again
        return lost

    lost = at_once(switch, THREADS)
    assert sum(lost) < THREADS * 3
    assert hands.edge_version("race") == alias_of(stage, "race").version


def test_an_entry_of_the_store_that_was_changed_by_hand_is_repaired_by_a_switch(
    stage: Stage, hands: Hands
) -> None:
    number = stage.deploy({"index.html": "kept"}).version or 0
    wanted = hands.store()["a/production"]
    for damaged in ('{"version":1}', "not even JSON", None):
        hands.put_store("a/production", damaged)
        answer = stage.api.switch("production", number, None)
        assert not answer.changed  # the record was right all the time
        assert hands.store()["a/production"] == wanted
        assert stage.get("/").data == b"kept"


@pytest.mark.parametrize("damaged", ["nonsense", None])
def test_an_entry_of_the_store_that_was_changed_by_hand_is_repaired_by_the_next_activation(
    stage: Stage, hands: Hands, damaged: str | None
) -> None:
    stage.deploy({"index.html": "kept"})
    hands.put_store("a/production", damaged)
    assert stage.deploy({"index.html": "next"}).status == "live"
    assert hands.edge_version("production") == alias_of(stage, "production").version
    assert stage.get("/").data == b"next"


def test_a_crash_between_record_and_store_is_repaired_by_retrying_the_switch(
    stage: Stage, hands: Hands
) -> None:
    one = stage.deploy({"index.html": "one"}).version or 0
    two = stage.deploy({"index.html": "two"}).version or 0
    row = hands.alias_row("production")
    revision = int(row["revision"]["N"]) + 1
    hands.put_row(row | {"version": {"N": str(one)}, "revision": {"N": str(revision)}})
    assert hands.edge_version("production") == two
    assert not stage.api.switch("production", one, None).changed
    assert hands.edge_version("production") == one
    assert stage.get("/").data == b"one"


def test_an_activation_that_died_between_record_and_store_is_completed_by_its_retry(
    stage: Stage, hands: Hands
) -> None:
    stage.deploy({"index.html": "one"})
    uploaded = hands.hold({"index.html": "two"}, "production/site.zip")
    assert hands.run(uploaded, "plan", "copy", "finish").error is None
    with hands.denied("activate", "cloudfront-keyvaluestore:UpdateKeys"):
        assert hands.run(uploaded, "activate").error == "AccessDenied"
    assert stage.get("/").data == b"one"
    assert hands.run(uploaded, "activate").payload["status"] == "live"
    assert stage.get("/").data == b"two"
    assert stage.api.deployment(uploaded.deployment_id).status == "live"
