"""Keeps web pages away from the AWS endpoint of local AWS.

The endpoint knows one well-known root key and can run code, and a browser lets any page send
requests to this machine. So a request must be addressed to a local or an AWS name (a page that
rebinds its own name is refused), and one that a page sent must come from a page of this machine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Callable[[], Awaitable[Any]], Send], Awaitable[None]]

_LOCAL_NAMES = ("localhost", "127.0.0.1")
# Nobody but AWS decides where these names lead.
_AWS_DOMAINS = (".amazonaws.com", ".cloudfront.net", ".api.aws", ".on.aws")


def is_local(host: str) -> bool:
    """Whether `host`, without a port, is this machine or a name below it."""
    name = host.lower()
    return name in _LOCAL_NAMES or name.endswith(tuple("." + local for local in _LOCAL_NAMES))


def refusal(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Why a request with these headers is refused, in one sentence; None when it is fine."""
    fields = {name.lower(): value.decode("latin-1") for name, value in headers}
    host = fields.get(b"host", "").rsplit(":", 1)[0]
    if host and not is_local(host) and not host.lower().endswith(_AWS_DOMAINS):
        return f"Local AWS answers to localhost and AWS's own names, not to {host}."
    origin = fields.get(b"origin")
    if origin is not None and not is_local(urlsplit(origin).hostname or ""):
        return f"Local AWS takes no requests from web pages of other machines ({origin})."
    return None


def guarded(application: Application) -> Application:
    """The ASGI `application`, answering 403 to what `refusal` refuses."""

    async def guard(scope: Scope, receive: Callable[[], Awaitable[Any]], send: Send) -> None:
        reason = refusal(scope["headers"]) if scope["type"] != "lifespan" else None
        if reason is None:
            await application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            body = reason.encode()
            headers = [(b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    return guard
