"""How local AWS is started and described."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from decant.local.errors import LocalAwsFailed
from decant.local.process import LocalAws, StartOptions, default_state_dir, processes_of_group
from decant.local.server import listen, parse
from decant.local.state import LocalRecord, StateFolder


@pytest.mark.parametrize(
    "options",
    [
        StartOptions(),
        StartOptions(True, True, 4601, 4602, "eu-west-1"),
        StartOptions(port=4601),
    ],
)
def test_the_server_understands_what_it_is_started_with(options: StartOptions) -> None:
    given = parse(["--state-dir", "/x", *options.arguments()])
    assert options == StartOptions(
        given.fresh, given.persist, given.port, given.site_port, given.region
    )


def test_a_stage_profile_leads_here_with_the_root_key(tmp_path: Path) -> None:
    record = LocalRecord(1, 4601, 4602, "eu-west-1", persist=False)
    profile = LocalAws(StateFolder.at(tmp_path), record).profile_for("dev", "http://api")
    assert profile == {
        "stage": "dev",
        "region": "eu-west-1",
        "profile": None,
        "endpoint_url": "http://localhost:4601",
        "access_key_id": "test",
        "secret_access_key": "test",
        "site_url": "http://localhost:4602/",
        "api_url": "http://api",
    }


def test_nothing_is_attached_to_where_nothing_runs(tmp_path: Path) -> None:
    with pytest.raises(LocalAwsFailed, match="No local AWS runs"):
        LocalAws.attach(tmp_path / "never")


def test_the_default_folder_is_in_the_checkout() -> None:
    assert (default_state_dir().parents[1] / "pyproject.toml").is_file()


def test_this_process_is_found_in_its_group() -> None:
    assert os.getpid() in processes_of_group(os.getpgrp())
    assert processes_of_group(2**30) == []


def test_a_remembered_port_is_taken_again_when_free_and_another_one_when_not() -> None:
    with listen(0, 0) as first:
        port = first.getsockname()[1]
        with listen(0, port) as second:
            assert second.getsockname()[1] != port
        with pytest.raises(LocalAwsFailed, match=f"Port {port} is in use"):
            listen(port, 0)
    with listen(0, port) as again:
        assert again.getsockname() == ("127.0.0.1", port)
