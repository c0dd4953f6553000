"""A local web server for one folder: each request goes through the functions of the edge, and the
table is made anew when a file changes.

Only files of the manifest are read, by their site path: what a request spells opens nothing else.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from os import fstat
from pathlib import Path
from shutil import copyfileobj
from socket import socket
from types import TracebackType

from chalicelib.errors import DecantError
from decant.preview.compiling import CompiledSite, Overrides
from decant.preview.edge import Edge
from decant.preview.opening import compiled
from decant.preview.requests import Request
from decant.preview.site import Answer, LocalSite
from decant.zipping import members

HOST = "127.0.0.1"
_POLL_SECONDS = 0.5
_IDLE_SECONDS = 30  # a connection without a request is closed after that
_UNAVAILABLE = 503
_NO_BODY = {204, 304}

Seen = tuple[tuple[str, int, int], ...]  # name, time of change in ns, bytes of each file


class PortTaken(DecantError):
    """The port cannot be listened on."""


@dataclass(frozen=True, slots=True)
class Events:
    """What is called, from any thread: with each request's path and answer, with the site after a
    change, and with the sentence that says why the last good table is kept."""

    answered: Callable[[str, Answer], None]
    changed: Callable[[CompiledSite], None]
    failed: Callable[[str], None]


class SiteServer:
    """Serves `folder` within the block; `port` 0 takes a free one.

    Raises InvalidRequest, UploadRefused for a folder that cannot be served; PortTaken.
    """

    def __init__(self, folder: Path, overrides: Overrides, port: int, events: Events) -> None:
        self._folder = folder
        self._overrides = overrides
        self._events = events
        self._edge = Edge()
        self._seen = _look(folder)
        self._site = LocalSite(compiled(folder, overrides), self._edge)
        self._problem = ""
        self._stopping = threading.Event()
        try:
            self._http = _Server(port, self.answer)
        except OSError as error:
            raise PortTaken(
                f"Port {port} cannot be used ({error.strerror}): stop what listens there, or name "
                "another with --port."
            ) from error
        serve = {"poll_interval": 0.05}
        self._threads = (
            threading.Thread(target=self._http.serve_forever, kwargs=serve, daemon=True),
            threading.Thread(target=self._watch, daemon=True),
        )

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://localhost:{self._http.server_port}/"

    @property
    def compiled(self) -> CompiledSite:
        """The site as it is served now."""
        return self._site.compiled

    def __enter__(self) -> SiteServer:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _at: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._http.shutdown()
        for thread in self._threads:
            thread.join()
        self._http.server_close()

    def answer(self, request: Request, shown: str) -> Answer:
        """The answer, told to the events with the address that was `shown` in the request."""
        try:
            answer = self._site.answer(request)
        except DecantError as error:
            self._events.failed(str(error))
            answer = Answer(_UNAVAILABLE, {"content-type": "text/plain"}, body=str(error).encode())
        self._events.answered(shown, answer)
        return answer

    def _watch(self) -> None:
        while not self._stopping.wait(_POLL_SECONDS):
            try:
                self._look_again()
            except (DecantError, OSError) as error:  # OSError: a build is writing the folder
                self._tell_once(str(error))

    def _look_again(self) -> None:
        """Compile the folder anew if it has changed. Raises what compiling raises, and OSError."""
        now = _look(self._folder)
        if now == self._seen:
            return
        self._seen = now
        self._site = LocalSite(compiled(self._folder, self._overrides), self._edge)
        self._problem = ""
        self._events.changed(self._site.compiled)

    def _tell_once(self, problem: str) -> None:
        """Tell a problem, but not again each time that the folder is looked at."""
        if problem != self._problem:
            self._problem = problem
            self._events.failed(problem)


def _look(folder: Path) -> Seen:
    """What tells whether a file has changed. Raises as `members`, and OSError."""
    found = ((member.name, member.path.stat()) for member in members(folder))
    return tuple((name, status.st_mtime_ns, status.st_size) for name, status in found)


class _Server(ThreadingHTTPServer):
    """Answers by `respond`, which gets a request and its address as it came."""

    daemon_threads = True

    def __init__(self, port: int, respond: Callable[[Request, str], Answer]) -> None:
        self.respond = respond
        super().__init__((HOST, port), _Handler)

    def handle_error(
        self, request: socket | tuple[bytes, socket], client_address: tuple[str, int] | str
    ) -> None:
        """Say what went wrong, unless it is a browser that has gone away."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection of a browser."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    server: _Server

    def do_GET(self) -> None:
        """Answer with the content."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer without."""
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the events tell of each request."""

    def _answer(self, *, with_body: bool) -> None:
        # As it was sent: http.server makes one slash of those at the start of `self.path`.
        address = self.requestline.split()[1]
        answer = self.server.respond(_request(address, self.headers.items()), address)
        bodiless = answer.status in _NO_BODY
        if answer.source is None or bodiless:
            self._head(answer, None if bodiless else len(answer.body))
            self.wfile.write(answer.body if with_body and not bodiless else b"")
            return
        with answer.source.open("rb") as content:
            self._head(answer, fstat(content.fileno()).st_size)
            if with_body:
                copyfileobj(content, self.wfile)

    def _head(self, answer: Answer, size_bytes: int | None) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if size_bytes is not None:
            self.send_header("content-length", str(size_bytes))
        self.end_headers()


def _request(address: str, sent: Iterable[tuple[str, str]]) -> Request:
    path, mark, query = address.partition("?")
    headers = {name.lower(): value for name, value in sent}
    return Request(path, query if mark else None, headers, _cookies(headers.pop("cookie", "")))


def _cookies(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return {name: value for name, mark, value in pairs if mark}
