"""What is served: CloudFront's data plane to viewers, and all of AWS's APIs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from decant.local.seams.seam import Relied, Seam

_APP = "ministack.app"


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution of local CloudFront; `domain` is its cloudfront.net name."""

    id: str
    domain: str
    enabled: bool


def distributions() -> list[Distribution]:
    """All distributions, oldest first."""
    from ministack.services import cloudfront

    return [
        Distribution(record["Id"], record["DomainName"], bool(record["enabled"]))
        for record in cloudfront._distributions.values()
    ]


async def serve_viewer(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[..., Any]
) -> None:
    """Answer a viewer's HTTP request, whose `host` header names a distribution.

    It goes straight to CloudFront's data plane: no path of a site can reach an API of the
    emulator, and the path stays as the viewer sent it (`raw_path` of `scope`).
    """
    from ministack import app

    headers = _joined(scope["headers"])
    query = scope["query_string"].decode("ascii", "replace")
    client_ip = scope["client"][0]
    app.set_request_client_ip(client_ip)
    app.pin_request_origin(client_ip, True)
    body = await app._read_request_body(receive, scope["method"], headers)
    answer = await app._handle_cloudfront_dataplane_request(
        headers["host"],
        scope["path"],
        scope["raw_path"].decode("ascii"),
        query,
        scope["method"],
        headers,
        body,
        app.parse_qs(query, keep_blank_values=True),
        client_ip,
    )
    await app._send_if_handled(send, answer, receive, head=scope["method"] == "HEAD")


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; what was sent on several lines becomes one value."""
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        between = "; " if name == "cookie" else ", "
        joined[name] = joined[name] + between + value if name in joined else value
    return joined


def application() -> Any:
    """MiniStack's ASGI application: every AWS API on one port."""
    from ministack import app

    return app.app


def _nothing() -> None:
    """This seam only calls MiniStack and replaces nothing in it."""


SEAMS = (
    Seam(
        "viewers",
        "show a distribution to a browser",
        (
            Relied(_APP, "app", "scope, receive, send"),
            Relied(_APP, "set_request_client_ip", "address"),
            Relied(_APP, "pin_request_origin", "source_ip, secure_transport"),
            Relied(_APP, "parse_qs"),
            Relied(_APP, "_read_request_body", "receive, method, headers"),
            Relied(
                _APP,
                "_handle_cloudfront_dataplane_request",
                "host, path, raw_path, raw_query_string, method, headers, body, query_params, "
                "client_ip",
            ),
            Relied(_APP, "_send_if_handled", "send, response, receive, head"),
            Relied("ministack.services.cloudfront", "_distributions"),
        ),
        _nothing,
    ),
)
