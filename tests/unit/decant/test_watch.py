"""Following a deployment: when to look again, when to stop, and what the end means."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import AccessDenied, NotFound
from chalicelib.records import TERMINAL, DeploymentStatus
from decant.answers import DeploymentAnswer
from decant.watch import Patience, Sight, Verdict, follow, judge, pause_seconds
from tests.unit.decant.samples import a_deployment

PATIENCE = Patience(timeout_seconds=900, appear_seconds=60)
UNDER_WAY: tuple[DeploymentStatus, ...] = (
    "queued",
    "planning",
    "copying",
    "finishing",
    "activating",
)


@dataclass
class World:
    """A clock that only sleeping moves, and looks at what is prepared (None: not there)."""

    looks: list[DeploymentAnswer | None]
    now: float = 1000.0
    reported: list[Sight] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def look(self) -> DeploymentAnswer:
        found = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if found is None:
            raise NotFound("There is no deployment d1.")
        return found

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.now += seconds

    def follow(self, patience: Patience = PATIENCE) -> tuple[Verdict, Sight]:
        return follow(self.look, patience, lambda: self.now, self.sleep, self.reported.append)


@pytest.mark.parametrize("status", sorted(TERMINAL))
@pytest.mark.parametrize("elapsed_seconds", [0, 899, 900, 5000])
def test_a_deployment_that_ended_has_ended_however_late_it_is_seen(
    status: DeploymentStatus, elapsed_seconds: float
) -> None:
    assert judge(Sight(a_deployment(status), elapsed_seconds), PATIENCE) is Verdict.ENDED


@pytest.mark.parametrize("status", UNDER_WAY)
@pytest.mark.parametrize(
    ("elapsed_seconds", "verdict"),
    [(0, Verdict.GO_ON), (60, Verdict.GO_ON), (899.9, Verdict.GO_ON), (900, Verdict.TIMED_OUT)],
)
def test_one_that_is_under_way_times_out_at_the_limit(
    status: DeploymentStatus, elapsed_seconds: float, verdict: Verdict
) -> None:
    assert judge(Sight(a_deployment(status), elapsed_seconds), PATIENCE) is verdict


@pytest.mark.parametrize(
    ("elapsed_seconds", "verdict"),
    [(0, Verdict.GO_ON), (59.9, Verdict.GO_ON), (60, Verdict.NEVER_APPEARED)],
)
def test_one_that_is_not_there_is_waited_for_60_seconds(
    elapsed_seconds: float, verdict: Verdict
) -> None:
    assert judge(Sight(None, elapsed_seconds), PATIENCE) is verdict


def test_a_timeout_shorter_than_the_wait_for_the_beginning_counts() -> None:
    assert judge(Sight(None, 10), Patience(timeout_seconds=10)) is Verdict.TIMED_OUT


@given(
    elapsed_seconds=st.floats(0, 2000),
    timeout_seconds=st.floats(1, 2000),
    there=st.booleans(),
)
def test_a_pause_is_positive_and_ends_no_later_than_patience(
    elapsed_seconds: float, timeout_seconds: float, there: bool
) -> None:
    sight = Sight(a_deployment("copying") if there else None, elapsed_seconds)
    patience = Patience(timeout_seconds)
    if judge(sight, patience) is Verdict.GO_ON:
        limit = timeout_seconds if there else min(timeout_seconds, patience.appear_seconds)
        pause = pause_seconds(sight, patience)
        assert 0 < pause <= 3
        assert elapsed_seconds + pause <= limit * (1 + 1e-9)


def test_follows_every_stage_to_the_end() -> None:
    stages = [a_deployment(status) for status in (*UNDER_WAY, "live")]
    world = World([None, None, *stages])
    verdict, sight = world.follow()
    assert (verdict, sight.deployment) == (Verdict.ENDED, stages[-1])
    assert [seen.deployment for seen in world.reported] == [None, None, *stages]
    assert sight.elapsed_seconds == sum(world.slept) == 3.5


def test_gives_up_on_one_that_never_appears_after_60_seconds() -> None:
    verdict, sight = World([None]).follow()
    assert (verdict, sight.deployment) == (Verdict.NEVER_APPEARED, None)
    assert sight.elapsed_seconds == 60


def test_returns_the_last_sight_when_time_is_up() -> None:
    copying = a_deployment("copying", shards=4, shards_done=3)
    verdict, sight = World([copying]).follow()
    assert (verdict, sight) == (Verdict.TIMED_OUT, Sight(copying, 900))


def test_one_that_is_lost_from_sight_for_a_moment_is_still_followed() -> None:
    verdict, _ = World([a_deployment("queued"), None, a_deployment("live")]).follow()
    assert verdict is Verdict.ENDED


def test_looks_less_often_as_time_passes() -> None:
    world = World([a_deployment("copying")])
    world.follow()
    assert world.slept == sorted(world.slept)
    assert len(world.slept) < 450  # 900 s of looks


def test_other_errors_end_the_watch() -> None:
    def denied() -> DeploymentAnswer:
        raise AccessDenied("No.")

    world = World([None])
    with pytest.raises(AccessDenied):
        follow(denied, PATIENCE, lambda: 0.0, world.sleep, world.reported.append)
