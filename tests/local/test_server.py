"""The life of a local AWS: its start and end, its folder, its ports, and who may talk to it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3

from decant.local.errors import LocalAwsFailed
from decant.local.process import LocalAws, StartOptions, processes_of_group
from decant.local.state import StateFolder, is_running
from tests.local.plugin_server import client, invoke, make_function

SLEEPER = (
    "import time\ndef handler(event, context):\n    time.sleep(event or 0)\n    return 'done'\n"
)
PERSIST = StartOptions(persist=True)


@pytest.fixture
def start() -> Iterator[Callable[..., LocalAws]]:
    """`LocalAws.start`; what it started is stopped after the test."""
    started: list[LocalAws] = []

    def begin(folder: Path, options: StartOptions | None = None) -> LocalAws:
        started.append(LocalAws.start(folder, options))
        return started[-1]

    yield begin
    for local in started:
        if local.is_running():
            local.stop()


def until(reached: Callable[[], bool], limit_seconds: float = 15) -> bool:
    """Whether it came to that in time."""
    deadline = time.monotonic() + limit_seconds
    while not reached() and time.monotonic() < deadline:
        time.sleep(0.05)
    return reached()


def test_two_run_side_by_side_and_know_nothing_of_each_other(
    start: Callable[..., LocalAws], tmp_path: Path
) -> None:
    one, two = start(tmp_path / "one"), start(tmp_path / "two")
    ports = [one.record.port, one.record.site_port, two.record.port, two.record.site_port]
    assert len(set(ports)) == 4
    client(one, "s3").create_bucket(Bucket="only-in-one")
    assert client(two, "s3").list_buckets()["Buckets"] == []


def test_a_second_start_in_one_folder_is_refused(
    start: Callable[..., LocalAws], tmp_path: Path
) -> None:
    local = start(tmp_path)
    with pytest.raises(LocalAwsFailed, match=r"runs in .* already"):
        LocalAws.start(tmp_path)
    assert local.is_running()


def test_a_taken_port_is_named_when_the_start_fails(
    start: Callable[..., LocalAws], tmp_path: Path
) -> None:
    port = start(tmp_path / "one").record.port
    with pytest.raises(LocalAwsFailed, match=f"Port {port} is in use"):
        LocalAws.start(tmp_path / "two", StartOptions(port=port))
    assert not is_running(StateFolder.at(tmp_path / "two"))


def test_stopping_ends_workers_in_the_middle_of_an_invocation(
    start: Callable[..., LocalAws], tmp_path: Path
) -> None:
    local = start(tmp_path)
    name = make_function(local, SLEEPER)
    client(local, "lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b"60")
    group = local.record.pid
    assert until(lambda: len(processes_of_group(group)) == 2)
    local.stop()
    assert processes_of_group(group) == []
    assert not local.is_running()


def test_all_it_writes_is_below_its_folder(
    start: Callable[..., LocalAws], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("TMPDIR", str(elsewhere))
    local = start(tmp_path / "state", StartOptions(persist=True))
    client(local, "s3").create_bucket(Bucket="somewhere")
    assert invoke(local, make_function(local, SLEEPER)) == "done"
    assert list(elsewhere.iterdir()) == []
    opened = [
        str(entry.readlink())
        for process in processes_of_group(local.record.pid)
        for entry in Path(f"/proc/{process}/fd").iterdir()
    ]
    written = [path for path in opened if path.startswith(("/tmp/", str(tmp_path)))]  # noqa: S108 - looked for, not used
    assert all(path.startswith(str(tmp_path / "state")) for path in written)


def test_it_ends_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from decant.local.process import LocalAws\n"
        "print(LocalAws.start(Path(sys.argv[1])).record.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        group = int(parent.stdout.readline())
        assert processes_of_group(group) == [group]
        parent.kill()
    assert until(lambda: processes_of_group(group) == [])


def test_state_is_kept_when_asked_for_and_forgotten_when_asked_for(
    start: Callable[..., LocalAws], tmp_path: Path
) -> None:
    first = start(tmp_path, PERSIST)
    s3 = client(first, "s3")
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    versions = [s3.put_object(Bucket="kept", Key="a", Body=body) for body in (b"1", b"2")]
    name = make_function(first, SLEEPER)
    first.stop()

    again = start(tmp_path, PERSIST)
    assert (again.record.port, again.record.site_port) == (
        first.record.port,
        first.record.site_port,
    )
    s3 = client(again, "s3")
    for version, body in zip(versions, (b"1", b"2"), strict=True):
        found = s3.get_object(Bucket="kept", Key="a", VersionId=version["VersionId"])
        assert found["Body"].read() == body
    assert invoke(again, name) == "done"
    again.stop()

    fresh = start(tmp_path, StartOptions(fresh=True))
    assert client(fresh, "s3").list_buckets()["Buckets"] == []


def test_another_process_finds_it_by_its_folder_and_can_stop_it(
    start: Callable[..., LocalAws], tmp_path: Path
) -> None:
    with pytest.raises(LocalAwsFailed, match="No local AWS runs"):
        LocalAws.attach(tmp_path)
    local = start(tmp_path)
    found = LocalAws.attach(tmp_path)
    assert found.record == local.record
    found.stop()
    assert not local.is_running()
    with pytest.raises(LocalAwsFailed, match="No local AWS runs"):
        LocalAws.attach(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_its_addresses_and_stops_cleanly(
    number: signal.Signals, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "decant.local", "--state-dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "http://localhost:" in process.stdout.readline()
        group = LocalAws.attach(tmp_path).record.pid
        process.send_signal(number)
        assert process.wait(timeout=15) == 0
    assert processes_of_group(group) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost:5173"}, 200),
        ({"Origin": "https://example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "rebound.example.com"}, 403),
    ],
)
def test_web_pages_of_other_machines_cannot_use_the_endpoint(
    local_aws: LocalAws, headers: dict[str, str], status: int
) -> None:
    url = f"{local_aws.endpoint_url}/_ministack/health"
    assert urllib3.request("GET", url, headers=headers, retries=False).status == status


def test_nobody_else_on_the_network_can_reach_it(local_aws: LocalAws) -> None:
    listening = Path("/proc/net/tcp").read_text().splitlines()[1:]
    ports = {local_aws.record.port, local_aws.record.site_port}
    addresses = [line.split()[1].split(":") for line in listening if line.split()[3] == "0A"]
    bound = {address for address, port in addresses if int(port, 16) in ports}
    assert bound == {"0100007F"}  # 127.0.0.1, in the kernel's byte order
