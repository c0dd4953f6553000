"""Makes every name below `localhost` mean this machine, in this process.

AWS clients put things in front of an endpoint's host (the account id for the KeyValueStore, the API
id for execute-api, the bucket for virtual-host addressing). RFC 6761 says that such names are the
loopback address; browsers and curl agree, glibc does not. Standard library only: it also runs at
the start of every local Lambda function, which has none of our packages.
"""

from __future__ import annotations

import socket
from typing import Any

_LOOPBACK = "127.0.0.1"
_MARK = "_decant_resolver"


def is_local_name(host: object) -> bool:
    """Whether `host` is a name below `localhost`, or below an address that stands for it."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str):
        return False
    name = host.lower().rstrip(".")
    return name.endswith((".localhost", "." + _LOOPBACK))


def install() -> None:
    """Resolve local names here from now on; calling it again changes nothing."""
    resolve = socket.getaddrinfo
    if getattr(resolve, _MARK, False):
        return

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        return resolve(_LOOPBACK if is_local_name(host) else host, *args, **kwargs)

    setattr(getaddrinfo, _MARK, True)
    socket.getaddrinfo = getaddrinfo
