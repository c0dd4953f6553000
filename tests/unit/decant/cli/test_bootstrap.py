"""`decant bootstrap`: which profile it writes, what it shows, what it leaves to others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from chalicelib.errors import AwsError
from decant.console import Step
from decant.profiles import StageProfile
from tests.unit.decant.cli.world import World


@dataclass(frozen=True)
class Event:
    stack: str
    resource: str
    status: str
    reason: str | None = None


@dataclass(frozen=True)
class Result:
    site_url: str = "https://site.example"
    api_url: str = "https://api.example/api"
    source_bucket: str = "source"
    changed: tuple[str, ...] = ("edge", "app")


@dataclass
class FakeBootstrap:
    """Reports the prepared events, then ends with the result or the error."""

    events: tuple[Event, ...] = ()
    result: Result = field(default_factory=Result)
    error: Exception | None = None
    profiles: list[StageProfile] = field(default_factory=list)

    def __call__(self, profile: StageProfile, report: Callable[[Step], None]) -> Result:
        self.profiles.append(profile)
        for event in self.events:
            report(event)
        if self.error is not None:
            raise self.error
        return self.result


@pytest.fixture
def made(world: World) -> FakeBootstrap:
    fake = FakeBootstrap()
    world.bootstrap = fake
    return fake


def test_writes_a_new_profile_and_hands_it_on(world: World, made: FakeBootstrap) -> None:
    outcome = world.run("bootstrap", "--stage", "qa", "--region", "us-west-2", "--profile", "work")
    expected = StageProfile(stage="qa", region="us-west-2", profile="work")
    assert outcome.exit_code == 0
    assert made.profiles == [expected]
    assert world.profiles.read("qa") == expected


def test_keeps_what_it_is_not_told_about(world: World, made: FakeBootstrap) -> None:
    old = StageProfile(
        stage="prod",
        region="eu-central-1",
        endpoint_url="http://localhost:4566",
        access_key_id="test",
        secret_access_key="test",
        site_url="http://localhost:8080",
    )
    world.profiles.write(old)
    assert world.run("bootstrap", "--stage", "prod", "--profile", "work").exit_code == 0
    assert made.profiles == [old.model_copy(update={"profile": "work"})]


def test_the_only_stage_needs_no_name(world: World, made: FakeBootstrap) -> None:
    assert world.run("bootstrap").exit_code == 0
    assert [profile.stage for profile in made.profiles] == ["prod"]


def test_takes_the_region_of_aws_s_settings_for_a_new_stage(
    world: World, made: FakeBootstrap
) -> None:
    world.region = "eu-north-1"
    assert world.run("bootstrap", "--stage", "qa").exit_code == 0
    assert made.profiles[0].region == "eu-north-1"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--stage", "qa"), "say where the stage is to be, with --region"),
        (("--stage", "qa", "--region", "nowhere"), r"made of these options is malformed (region)"),
        (("--stage", "QA", "--region", "eu-west-1"), "cannot name a stage"),
    ],
)
def test_wrong_usage_exits_2_and_writes_nothing(
    args: tuple[str, ...], said: str, world: World, made: FakeBootstrap
) -> None:
    outcome = world.run("bootstrap", *args)
    assert outcome.exit_code == 2
    assert said in outcome.stderr
    assert made.profiles == []
    assert world.profiles.names() == ("prod",)


def test_shows_each_step_and_at_the_end_the_addresses(world: World, made: FakeBootstrap) -> None:
    made.events = (
        Event("decant-prod-edge", "SourceBucket", "CREATE_IN_PROGRESS"),
        Event("decant-prod-edge", "SourceBucket", "CREATE_FAILED", "The name [b] is taken."),
    )
    outcome = world.run("bootstrap")
    assert outcome.stderr.splitlines()[1:] == [
        "decant-prod-edge  SourceBucket  CREATE_IN_PROGRESS",
        "decant-prod-edge  SourceBucket  CREATE_FAILED: The name [b] is taken.",
    ]
    assert "https://api.example/api" in outcome.stdout
    assert "edge, app" in outcome.stdout


def test_json_says_what_changed(world: World, made: FakeBootstrap) -> None:
    made.events = (Event("decant-prod-edge", "Table", "CREATE_COMPLETE"),)
    made.result = Result(changed=())
    assert world.run("bootstrap", "--json").document == {
        "stage": "prod",
        "region": "eu-central-1",
        "site_url": "https://site.example",
        "api_url": "https://api.example/api",
        "source_bucket": "source",
        "changed": [],
    }


def test_a_failed_bootstrap_exits_1_with_the_reason(world: World, made: FakeBootstrap) -> None:
    made.error = AwsError("The stack failed: the name is taken.")
    outcome = world.run("bootstrap")
    assert outcome.exit_code == 1
    assert outcome.stderr.endswith("error: The stack failed: the name is taken.\n")
