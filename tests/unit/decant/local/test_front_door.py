"""Which distribution a browser gets, and with what headers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from decant.local.front_door import FrontDoor, Receive, Scope, Send, choose, viewer_headers
from decant.local.seams import Distribution

OFF = Distribution("E0OFF", "off.cloudfront.net", enabled=False)
OLD = Distribution("E1OLD", "old.cloudfront.net", enabled=True)
NEW = Distribution("E2NEW", "new.cloudfront.net", enabled=True)


@pytest.mark.parametrize(
    ("host", "chosen"),
    [
        ("localhost:8080", OLD),
        ("localhost", OLD),
        ("127.0.0.1:8080", OLD),
        ("e2new.localhost:8080", NEW),
        ("E2NEW.localhost", NEW),
        ("e0off.localhost", OFF),
        ("e3none.localhost", None),
        ("", OLD),
    ],
)
def test_picks_the_named_or_the_oldest_enabled_distribution(
    host: str, chosen: Distribution | None
) -> None:
    assert choose([OFF, OLD, NEW], host) is chosen


@pytest.mark.parametrize("distributions", [[], [OFF]])
def test_picks_none_when_none_is_enabled(distributions: list[Distribution]) -> None:
    assert choose(distributions, "localhost") is None


def test_the_distribution_sees_its_own_host_and_https_and_all_other_headers() -> None:
    sent = [(b"Host", b"localhost"), (b"X-Forwarded-Proto", b"http"), (b"Cookie", b"a=1")]
    assert viewer_headers([*sent, (b"cookie", b"b=2")], "old.cloudfront.net") == [
        (b"host", b"old.cloudfront.net"),
        (b"x-forwarded-proto", b"https"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
    ]


async def answers(scope: Scope, _receive: Receive, send: Send) -> None:
    body = scope["raw_path"] + b" " + dict(scope["headers"])[b"host"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def breaks(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise ValueError("a fault of the emulator")


async def breaks_late(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise ValueError("a fault of the emulator")


def ask(front_door: FrontDoor, scope: dict[str, Any]) -> list[dict[str, Any]]:
    """The ASGI messages that the front door answers with."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(front_door(scope, receive, send))
    return sent


def request(raw_path: bytes) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": raw_path.decode(),
        "raw_path": raw_path,
        "headers": [(b"host", b"localhost:1")],
    }


def test_the_path_passes_through_byte_for_byte() -> None:
    start, body = ask(FrontDoor(answers, lambda: [OLD]), request(b"//a/..%2f%zz"))
    assert (start["status"], body["body"]) == (200, b"//a/..%2f%zz old.cloudfront.net")


def test_says_what_to_do_when_there_is_no_distribution() -> None:
    start, body = ask(FrontDoor(answers, lambda: []), request(b"/"))
    assert start["status"] == 503
    assert b"decant bootstrap" in body["body"]


def test_a_fault_of_the_emulator_is_a_502_with_a_sentence() -> None:
    start, body = ask(FrontDoor(breaks, lambda: [OLD]), request(b"/"))
    assert start["status"] == 502
    assert b"local log" in body["body"]


def test_a_fault_after_the_answer_began_sends_no_second_answer() -> None:
    assert len(ask(FrontDoor(breaks_late, lambda: [OLD]), request(b"/"))) == 1


def test_refuses_websockets_and_takes_part_in_the_servers_life() -> None:
    front_door = FrontDoor(answers, lambda: [OLD])
    assert ask(front_door, {"type": "websocket"}) == [{"type": "websocket.close", "code": 1008}]
    assert [message["type"] for message in ask(front_door, {"type": "lifespan"})] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
