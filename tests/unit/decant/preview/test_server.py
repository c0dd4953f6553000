"""A folder on a port of this machine: real requests over real connections."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from chalicelib.errors import UploadRefused
from decant.preview.compiling import CompiledSite
from decant.preview.server import Events, PortTaken, SiteServer
from decant.preview.site import Answer
from tests.unit.decant.preview.folders import AS_WRITTEN, folder_of

SITE: dict[str, str | bytes] = {
    "index.html": "home",
    "docs/index.html": "docs",
    "404.html": "no",
    "_redirects": "/old /docs/ 301\n",
    "_headers": "/\n  X-Home: yes\n",
}
SECONDS = 20.0  # a change is seen within half a second; a busy machine may take longer


@dataclass
class Heard:
    """What the server told."""

    answered: list[tuple[str, int]] = field(default_factory=list)
    sites: list[CompiledSite] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    something: threading.Event = field(default_factory=threading.Event)

    def events(self) -> Events:
        def answer(path: str, given: Answer) -> None:
            self.answered.append((path, given.status))

        def changed(site: CompiledSite) -> None:
            self.sites.append(site)
            self.something.set()

        def failed(why: str) -> None:
            self.problems.append(why)
            self.something.set()

        return Events(answer, changed, failed)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what changes and failures lead to."""
        while not holds():
            assert self.something.wait(SECONDS)
            self.something.clear()


Got = tuple[int, dict[str, str], bytes]
Ask = Callable[..., Got]


@contextmanager
def serving(folder: Path, heard: Heard) -> Iterator[tuple[SiteServer, Ask]]:
    with SiteServer(folder, AS_WRITTEN, 0, heard.events()) as server:
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(server.url).port, timeout=9)

        def ask(path: str, method: str = "GET", **headers: str) -> Got:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=named)
            response = connection.getresponse()
            return (
                response.status,
                {k.lower(): v for k, v in response.headers.items()},
                response.read(),
            )

        try:
            yield server, ask
        finally:
            connection.close()


def test_requests_are_answered_as_the_edge_would(tmp_path: Path) -> None:
    heard = Heard()
    with serving(folder_of(tmp_path, SITE), heard) as (_, ask):
        status, headers, body = ask("/")
        assert (status, body) == (200, b"home")
        assert (headers["x-home"], headers["content-length"]) == ("yes", "4")
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert ask("/old?a=b")[:2][1]["location"] == "/docs/?a=b"
        assert ask("/nothing")[::2] == (404, b"no")
        assert ask("//docs/")[1]["location"] == "/docs/"
        assert ask("/", cookie="decant=pr-1; other=1")[0] == 404
    assert heard.answered == [("/", 200), ("/old?a=b", 301), ("/nothing", 404), ("//docs/", 307),
                              ("/", 404)]  # fmt: skip


def test_a_head_has_no_content_but_says_how_much_there_is(tmp_path: Path) -> None:
    with serving(folder_of(tmp_path, SITE), Heard()) as (_, ask):
        status, headers, body = ask("/docs/", "HEAD")
        assert (status, headers["content-length"], body) == (200, "4", b"")
        status, headers, body = ask("/%zz", "HEAD")
        assert (status, body) == (400, b"")
        assert int(headers["content-length"]) > 0
        assert ask("/")[2] == b"home"  # nothing was left over on the connection


def test_what_a_browser_has_is_not_sent_again(tmp_path: Path) -> None:
    with serving(folder_of(tmp_path, SITE), Heard()) as (_, ask):
        etag = ask("/")[1]["etag"]
        status, headers, body = ask("/", if_none_match=etag)
        assert (status, headers["etag"], body) == (304, etag, b"")
        assert ask("/")[0] == 200


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/docs/..\\secret.txt",
             "/.env", "/_redirects", "/v1/index.html"]
)  # fmt: skip
def test_nothing_but_the_sites_files_is_ever_read(path: str, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    folder = folder_of(tmp_path / "site", SITE | {".env": "secret"})
    with serving(folder, Heard()) as (_, ask):
        status, _, body = ask(path)
        assert status in {400, 404}
        assert b"secret" not in body


def test_a_change_is_seen_and_an_error_keeps_the_last_good_table(tmp_path: Path) -> None:
    heard = Heard()
    with serving(folder_of(tmp_path, SITE), heard) as (_, ask):
        folder_of(tmp_path, {"new.html": "new", "_redirects": "/old /new 301\n/far /new 301\n"})
        heard.until(lambda: ask("/far")[0] == 301)
        assert ask("/new")[2] == b"new"
        (tmp_path / "decant.toml").write_text('html_handlin = "none"')
        heard.until(lambda: heard.problems != [])
        assert "decant.toml, line 1" in heard.problems[0]
        assert ask("/far")[1]["location"] == "/new"
        seen = len(heard.sites)
        (tmp_path / "decant.toml").unlink()
        heard.until(lambda: len(heard.sites) > seen)
        assert len(heard.problems) == 1
        assert len(heard.sites[-1].manifest.files) == 4


def test_a_folder_that_is_gone_for_a_while_keeps_the_last_good_table(tmp_path: Path) -> None:
    heard = Heard()
    folder = folder_of(tmp_path / "site", SITE)
    with serving(folder, heard) as (_, ask):
        folder.rename(tmp_path / "away")
        heard.until(lambda: heard.problems != [])
        assert "There is no folder" in heard.problems[0]
        assert ask("/old")[0] == 301
        (tmp_path / "away").rename(folder)
        assert ask("/")[2] == b"home"


def test_the_port_is_free_again_afterwards(tmp_path: Path) -> None:
    with serving(folder_of(tmp_path, SITE), Heard()) as (server, ask):
        port = urlsplit(server.url).port or 0
        ask("/")
        with pytest.raises(PortTaken, match=f"Port {port} cannot be used"):
            SiteServer(tmp_path, AS_WRITTEN, port, Heard().events())
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_site_with_an_error_is_not_served(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, SITE | {"decant.toml": "x"})
    with pytest.raises(UploadRefused, match=r"decant\.toml"):
        SiteServer(folder, AS_WRITTEN, 0, Heard().events())
