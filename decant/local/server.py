"""The server process of local AWS: `python -m decant.local.server --state-dir DIR`.

It owns two ports on 127.0.0.1 (every AWS API on one, the site as a browser sees it on the other)
and one state folder, and ends everything that it started. It replaces its own environment and
imports MiniStack only after that. People start it through `decant.local.process`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from decant.local.errors import LocalAwsFailed
from decant.local.front_door import FrontDoor
from decant.local.guard import guarded
from decant.local.state import LocalRecord, StateFolder, StateLock, server_environment

_HOST = "127.0.0.1"
# As AWS's endpoints: longer than the SDKs keep an idle connection.
_KEEP_ALIVE_SECONDS = 75
# Requests that are under way when the server is told to stop get this long.
_GRACE_SECONDS = 2


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line; port 0 (the default) takes the port of the last run, or a free one."""
    parser = argparse.ArgumentParser(prog="python -m decant.local.server", description=__doc__)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0, help="the AWS endpoint")
    parser.add_argument("--site-port", type=int, default=0, help="the site")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--persist", action="store_true", help="keep the state for the next start")
    parser.add_argument("--fresh", action="store_true", help="forget the state of earlier runs")
    parser.add_argument(
        "--alive-fd", type=int, help="stop when this pipe ends: whoever holds it has died"
    )
    return parser.parse_args(arguments)


def listen(wanted: int, remembered: int) -> socket.socket:
    """A socket on 127.0.0.1: port `wanted`, or with 0 the `remembered` one, or any free one.

    Raises LocalAwsFailed when `wanted` is taken.
    """
    for port in [wanted] if wanted else [remembered, 0]:
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            bound.bind((_HOST, port))
            # Taken for good: two sockets may bind one port, but only one may listen on it.
            bound.listen()
        except OSError:
            bound.close()
        else:
            return bound
    raise LocalAwsFailed(f"Port {wanted} is in use: stop what listens there or name another port.")


def main(arguments: Sequence[str]) -> None:
    """Serve until a signal, or until `--alive-fd` ends. Does not return: the process ends."""
    options = parse(arguments)
    folder = StateFolder.at(options.state_dir)
    if not StateLock(folder).acquire():
        raise LocalAwsFailed(f"A local AWS runs in {folder.root} already: stop it first.")
    folder.prepare(fresh=options.fresh)
    last = folder.read_record()
    api = listen(options.port, last.port if last else 0)
    site = listen(options.site_port, last.site_port if last else 0)
    record = LocalRecord(
        os.getpid(),
        api.getsockname()[1],
        site.getsockname()[1],
        options.region,
        options.persist,
    )
    environment = server_environment(
        os.environ, folder, region=options.region, persist=options.persist
    )
    os.environ.clear()
    os.environ.update(environment, GATEWAY_PORT=str(record.port))
    asyncio.run(_serve(api, site, folder, record, options.alive_fd))


async def _serve(
    api: socket.socket,
    site: socket.socket,
    folder: StateFolder,
    record: LocalRecord,
    alive_fd: int | None,
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if alive_fd is not None:
        _watch(alive_fd, lambda: loop.call_soon_threadsafe(stop.set))
    application, front_door = _applications()
    servers = asyncio.gather(
        serve(application, _config(api), shutdown_trigger=stop.wait, mode="asgi"),
        serve(front_door, _config(site), shutdown_trigger=stop.wait, mode="asgi"),
    )
    answered = asyncio.create_task(_first_answer(record.port))
    answered.add_done_callback(lambda _: folder.write_record(record))
    await servers
    _end()


def _applications() -> tuple[Any, Any]:
    """The AWS APIs and the front door, with every extension installed."""
    from decant.local import seams

    seams.install()
    _install_pipelines()
    return guarded(seams.application()), FrontDoor(seams.serve_viewer, seams.distributions)


def _install_pipelines() -> None:
    from decant.local import codepipeline

    codepipeline.install()


def _config(bound: socket.socket) -> Config:
    config = Config()
    config.bind = [f"fd://{bound.detach()}"]
    config.keep_alive_timeout = _KEEP_ALIVE_SECONDS
    config.graceful_timeout = _GRACE_SECONDS
    config.include_server_header = False
    config.loglevel = "WARNING"
    return config


async def _first_answer(port: int) -> None:
    """Return when the endpoint has answered a request."""
    reader, writer = await asyncio.open_connection(_HOST, port)
    writer.write(b"GET /_ministack/health HTTP/1.0\r\nhost: localhost\r\n\r\n")
    await reader.read(1)
    writer.close()


def _watch(descriptor: int, ended: Any) -> None:
    def wait() -> None:
        while os.read(descriptor, 1):
            pass
        ended()

    threading.Thread(target=wait, daemon=True, name="parent-watch").start()


def _end() -> None:
    """End the Lambda workers and builds, then this process, without waiting for their threads."""
    if os.getpgrp() == os.getpid():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except LocalAwsFailed as failure:
        sys.exit(str(failure))
