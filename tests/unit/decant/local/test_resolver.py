"""Which names mean this machine."""

from __future__ import annotations

import socket

import pytest

from decant.local import resolver


@pytest.mark.parametrize(
    "name",
    [
        "a.localhost",
        "000000000000.localhost",
        "x.execute-api.LOCALHOST.",
        "1.127.0.0.1",
        b"a.localhost",
    ],
)
def test_names_below_localhost_are_local(name: str | bytes) -> None:
    assert resolver.is_local_name(name)


@pytest.mark.parametrize(
    "name",
    ["localhost", "127.0.0.1", "example.com", "localhost.example.com", "alocalhost", None, ""],
)
def test_all_other_names_are_left_to_the_system(name: str | None) -> None:
    assert not resolver.is_local_name(name)


def test_installing_twice_wraps_the_system_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def system(host: object, *_: object, **__: object) -> list[object]:
        asked.append(host)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", system)
    resolver.install()
    installed = socket.getaddrinfo
    resolver.install()
    assert socket.getaddrinfo is installed
    socket.getaddrinfo("b.localhost", 80, type=socket.SOCK_STREAM)
    socket.getaddrinfo("example.com", 80)
    assert asked == ["127.0.0.1", "example.com"]
