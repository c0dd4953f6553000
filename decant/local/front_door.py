"""What a browser sees of local AWS: the distribution, on a port of its own.

`http://localhost:PORT/` is the oldest enabled distribution, `http://<id>.localhost:PORT/` a certain
one. An ASGI application that gives each request the distribution's host name and the scheme that
viewers use on AWS, and passes all else through untouched: the path above all, byte for byte, since
the router at the edge must see what the viewer sent.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from decant.local.seams import Distribution

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_LOG = logging.getLogger(__name__)

_NOTHING_YET = "There is no site here yet: run `decant bootstrap` to make a distribution."
_BROKEN = "Local CloudFront could not answer this request: the reason is in the local log."


def choose(distributions: Iterable[Distribution], host: str) -> Distribution | None:
    """The distribution that `host` (a Host header, oldest distribution first) asks for.

    None when there is none: no distribution is enabled, or `host` names an unknown one.
    """
    name = host.rsplit(":", 1)[0].lower()
    label = name.removesuffix(".localhost")
    for distribution in distributions:
        if label != name:
            if distribution.id.lower() == label:
                return distribution
        elif distribution.enabled:
            return distribution
    return None


def viewer_headers(
    headers: Iterable[tuple[bytes, bytes]], domain: str
) -> list[tuple[bytes, bytes]]:
    """The viewer's headers as the distribution at `domain` would get them over https."""
    replaced = (b"host", b"x-forwarded-proto")
    kept = [(name.lower(), value) for name, value in headers if name.lower() not in replaced]
    return [(b"host", domain.encode()), (b"x-forwarded-proto", b"https"), *kept]


class FrontDoor:
    """The ASGI application of the site's port."""

    def __init__(
        self, serve_viewer: Application, distributions: Callable[[], Iterable[Distribution]]
    ) -> None:
        """`serve_viewer` answers for a distribution, `distributions` lists them oldest first."""
        self._serve_viewer = serve_viewer
        self._distributions = distributions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection; WebSockets are refused, as by a cache of static files."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        distribution = choose(self._distributions(), host)
        if distribution is None:
            await _say(send, 503, _NOTHING_YET)
            return
        started = False

        async def watched(message: dict[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        viewer = scope | {"headers": viewer_headers(scope["headers"], distribution.domain)}
        try:
            await self._serve_viewer(viewer, receive, watched)
        except Exception:  # noqa: BLE001 - any fault of the emulator: an answer and a trace
            _LOG.exception("%s %s", scope["method"], scope["path"])
            if not started:
                await _say(send, 502, _BROKEN)


async def _live(receive: Receive, send: Send) -> None:
    """Take part in the server's start and end; nothing is to be done at either."""
    for phase in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{phase}.complete"})


async def _say(send: Send, status: int, sentence: str) -> None:
    page = f"<!doctype html><title>{status}</title><p>{sentence}</p>\n".encode()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(page)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": page})
