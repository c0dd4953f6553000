"""The folder of a local AWS: its record, its lock, and the environment of its server."""

from __future__ import annotations

from pathlib import Path

import pytest

from decant.local.errors import LocalAwsFailed
from decant.local.state import (
    LocalRecord,
    StateFolder,
    StateLock,
    is_running,
    server_environment,
)

RECORD = LocalRecord(pid=12, port=4601, site_port=4602, region="eu-west-1", persist=True)


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = StateFolder.at(tmp_path)
    assert folder.read_record() is None
    folder.write_record(RECORD)
    assert folder.read_record() == RECORD


@pytest.mark.parametrize("text", ["", "{}", '{"pid": "x"}', "[1]"])
def test_a_damaged_record_is_named(tmp_path: Path, text: str) -> None:
    folder = StateFolder.at(tmp_path)
    folder.record.write_text(text)
    with pytest.raises(LocalAwsFailed, match="delete it"):
        folder.read_record()


def test_addresses_are_below_localhost() -> None:
    assert RECORD.endpoint_url == "http://localhost:4601"
    assert RECORD.site_url == "http://localhost:4602/"
    assert RECORD.api_url("ab12", "api") == "http://ab12.execute-api.localhost:4601/api"


@pytest.mark.parametrize(("fresh", "kept"), [(True, False), (False, True)])
def test_only_a_fresh_start_forgets_data_and_each_empties_the_scratch_folder(
    tmp_path: Path, fresh: bool, kept: bool
) -> None:
    folder = StateFolder.at(tmp_path)
    folder.prepare(fresh=False)
    data, scratch = folder.data / "s3" / "a", folder.scratch / "b"
    for path in (data, scratch):
        path.write_text("x")
    folder.prepare(fresh=fresh)
    assert (data.exists(), scratch.exists()) == (kept, False)
    assert folder.scratch.is_dir()


def test_a_server_runs_while_its_lock_is_held(tmp_path: Path) -> None:
    folder = StateFolder.at(tmp_path / "new")
    assert not is_running(folder)
    lock = StateLock(folder)
    assert lock.acquire()
    assert is_running(folder)
    assert not StateLock(folder).acquire()
    lock.release()
    assert not is_running(folder)


def test_looking_does_not_take_the_lock(tmp_path: Path) -> None:
    folder = StateFolder.at(tmp_path)
    looker = StateLock(folder)
    assert not looker.is_held()
    assert StateLock(folder).acquire()


def test_the_server_gets_no_aws_python_or_decant_settings_of_the_shell(tmp_path: Path) -> None:
    shell = {
        "PATH": "/bin",
        "https_proxy": "http://proxy",
        "npm_config_cache": "/cache",
        "AWS_PROFILE": "work",
        "AWS_ENDPOINT_URL": "http://elsewhere",
        "PYTHONPATH": "/mine",
        "DECANT_TABLE": "t",
        "TMPDIR": "/elsewhere",
    }
    folder = StateFolder.at(tmp_path)
    made = server_environment(shell, folder, region="eu-west-1", persist=False)
    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL", "PYTHONPATH", "DECANT_TABLE"} & set(made)
    assert (made["PATH"], made["https_proxy"], made["npm_config_cache"]) == (
        "/bin",
        "http://proxy",
        "/cache",
    )
    assert (made["AUTH"], made["MINISTACK_REGION"], made["PERSIST_STATE"]) == (
        "true",
        "eu-west-1",
        "0",
    )
    folders = [made[name] for name in ("S3_DATA_DIR", "STATE_DIR", "TMPDIR")]
    assert all(path.startswith(str(tmp_path)) for path in folders)


def test_keeping_state_covers_objects_and_services(tmp_path: Path) -> None:
    made = server_environment({}, StateFolder.at(tmp_path), region="us-east-1", persist=True)
    assert (made["PERSIST_STATE"], made["S3_PERSIST"]) == ("1", "1")
