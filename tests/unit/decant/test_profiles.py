"""Stage profiles: what is written is read again, by its owner only, and never half."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from chalicelib.errors import InvalidRequest, NotFound
from decant.profiles import ProfileFolder, StageProfile, check_stage

FULL = StageProfile(
    stage="prod",
    region="eu-central-1",
    profile="work",
    endpoint_url="http://127.0.0.1:4566",
    access_key_id="AKIA",
    secret_access_key="very-secret",
    site_url="https://example.org",
    api_url="https://api.example.org/api",
)


def test_reads_what_it_wrote(tmp_path: Path) -> None:
    folder = ProfileFolder(tmp_path / "stages")
    folder.write(FULL)
    assert folder.read("prod") == FULL


def test_writes_the_fields_of_the_agreed_form(tmp_path: Path) -> None:
    path = ProfileFolder(tmp_path).write(StageProfile(stage="dev", region="us-east-1"))
    assert json.loads(path.read_text()) == {
        "stage": "dev",
        "region": "us-east-1",
        "profile": None,
        "endpoint_url": None,
        "access_key_id": None,
        "secret_access_key": None,
        "site_url": None,
        "api_url": None,
    }


def test_only_the_owner_may_read_a_profile_even_with_an_open_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = ProfileFolder(tmp_path / "stages").write(FULL)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_second_write_replaces_the_first_and_leaves_no_other_file(tmp_path: Path) -> None:
    folder = ProfileFolder(tmp_path)
    folder.write(FULL)
    folder.write(StageProfile(stage="prod", region="us-east-1"))
    assert folder.read("prod").region == "us-east-1"
    assert [path.name for path in tmp_path.iterdir()] == ["prod.json"]


def test_a_write_that_fails_leaves_the_old_profile_and_no_other_file(tmp_path: Path) -> None:
    folder = ProfileFolder(tmp_path)
    (tmp_path / "prod.json").mkdir()  # a folder cannot be replaced by a file
    with pytest.raises(OSError, match=r"prod\.json"):
        folder.write(FULL)
    assert [path.name for path in tmp_path.iterdir()] == ["prod.json"]


def test_the_secret_is_not_in_what_a_log_would_show() -> None:
    assert "very-secret" not in repr(FULL)


def test_the_only_stage_is_chosen_without_being_named(tmp_path: Path) -> None:
    folder = ProfileFolder(tmp_path)
    folder.write(FULL)
    assert folder.choose(None) == FULL


def test_lists_the_stages_when_there_are_several_and_none_is_named(tmp_path: Path) -> None:
    folder = ProfileFolder(tmp_path)
    folder.write(FULL)
    folder.write(StageProfile(stage="dev", region="us-east-1"))
    with pytest.raises(InvalidRequest, match=r"several stages \(dev, prod\).*--stage"):
        folder.choose(None)
    assert folder.choose("dev").stage == "dev"


def test_says_how_to_make_a_profile_when_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="decant bootstrap --stage NAME"):
        ProfileFolder(tmp_path / "absent").choose(None)


def test_an_unknown_stage_is_not_found_and_the_known_ones_are_listed(tmp_path: Path) -> None:
    folder = ProfileFolder(tmp_path)
    folder.write(FULL)
    with pytest.raises(NotFound, match=r"'qa' \(known here: prod\)"):
        folder.choose("qa")
    assert folder.find("qa") is None


@pytest.mark.parametrize("stage", ["a", "prod", "pr-12", "a" * 18])
def test_takes_a_name_for_a_stage(stage: str) -> None:
    assert check_stage(stage) == stage


@pytest.mark.parametrize("stage", ["", "Prod", "1st", "-a", "a" * 19, "../prod", "a/b", "a\n", "ä"])
def test_refuses_what_cannot_name_a_stage(stage: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="cannot name a stage"):
        ProfileFolder(tmp_path).read(stage)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "Invalid JSON"),
        ('{"stage": "prod"}', "region"),
        ('{"stage": "prod", "region": "nowhere"}', "region"),
        ('{"stage": "prod", "region": "eu-west-1", "endpoint_url": "localhost"}', "endpoint_url"),
        ('{"stage": "prod", "region": "eu-west-1", "colour": "red"}', "colour"),
    ],
)
def test_names_the_file_and_the_field_that_is_malformed(
    text: str, fault: str, tmp_path: Path
) -> None:
    (tmp_path / "prod.json").write_text(text)
    with pytest.raises(InvalidRequest, match=rf"prod\.json is malformed \(.*{fault}"):
        ProfileFolder(tmp_path).read("prod")


def test_does_not_repeat_the_values_of_a_malformed_profile(tmp_path: Path) -> None:
    (tmp_path / "prod.json").write_text('{"secret_access_key": "very-secret"}')
    with pytest.raises(InvalidRequest) as caught:
        ProfileFolder(tmp_path).read("prod")
    assert "very-secret" not in str(caught.value)


def test_refuses_a_profile_that_says_it_is_for_another_stage(tmp_path: Path) -> None:
    folder = ProfileFolder(tmp_path)
    folder.write(FULL)
    (tmp_path / "prod.json").rename(tmp_path / "dev.json")
    with pytest.raises(InvalidRequest, match="for the stage 'prod'"):
        folder.read("dev")
