"""`decant serve`, as a process of its own: it says where it is, answers, and ends when told to."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.unit.decant.cli.world import World

_SECONDS = 30


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_serves_until_it_is_told_to_stop(told: signal.Signals, site: Path) -> None:
    command = [sys.executable, "-m", "decant", "serve", str(site), "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        timer = threading.Timer(_SECONDS, process.kill)  # else a failed test would wait for ever
        timer.start()
        assert process.stdout is not None
        assert process.stderr is not None
        lines = iter(process.stdout.readline, b"}\n")
        document = json.loads(b"".join(lines) + b"}")
        assert document["folder"] == str(site)
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(document["url"]).port)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"<h1>Hello</h1>"
        process.send_signal(told)  # while the connection is open
        assert process.wait(20) == 0
        assert (process.stdout.read(), process.stderr.read()) == (b"", b"")
        connection.close()
        timer.cancel()


def test_says_where_it_is_and_what_each_request_got(site: Path) -> None:
    command = [sys.executable, "-m", "decant", "serve", str(site), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        timer = threading.Timer(_SECONDS, process.kill)
        timer.start()
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.endswith(f" serves {site}; Ctrl-C stops it.\n")
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(first.split()[0]).port)
        for path, line in (("/", "200  /  index.html\n"), ("/index.html", "307  /index.html  /\n")):
            connection.request("HEAD", path)
            connection.getresponse().read()
            assert process.stdout.readline() == line
        connection.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        timer.cancel()


def test_a_folder_that_is_not_there_is_wrong_usage(world: World, tmp_path: Path) -> None:
    outcome = world.run("serve", tmp_path / "nothing", "--port", "0")
    assert outcome.exit_code == 2
    assert "There is no folder" in outcome.stderr
