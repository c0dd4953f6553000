"""What a browser gets: the shipped router decides, on QuickJS, by the store; the hosting bucket
has the objects.

The router knows one alias, `production`; for a viewer of another its entry stands in. Viewers of a
canary keep their group in a cookie, so that it is the test that says who is in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from chalicelib.alias_record import store_key
from chalicelib.route_table import encode_path, version_of_key
from decant.local.edge_runtime import EdgeFunction
from edge.template import shipped, source
from tests.unit.world.account import HOSTING, Account

_ROUTER = shipped("router", source("edge/router"))
_ALIAS_KEY = store_key("production")
_MOST_REDIRECTS = 3
FIRST, LAST = 0, 99  # groups of viewers: every canary has the first, none has the last

Items = Mapping[str, str]  # the store: key -> value


@dataclass(frozen=True, slots=True)
class View:
    """What a viewer gets in the end: `layer` is the version number of the layer it comes from."""

    status: int
    body: bytes = b""
    layer: int | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Viewer:
    """Looks at an account from outside."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def get(self, alias: str, path: str, group: int = LAST, items: Items | None = None) -> View:
        """What a GET of the site path `path` gives a viewer of `group`, all redirects followed.

        `items` is the store as the viewer's edge knows it; without it, as it is now.
        """
        known = self._account.kvs.items if items is None else items
        entry = known.get(store_key(alias))
        if entry is None:
            return View(404)
        routings = tuple(sorted((k, v) for k, v in known.items() if version_of_key(k) is not None))
        uri = "/" + encode_path(path)
        for _ in range(_MOST_REDIRECTS):
            status, answer = _routed(entry, routings, uri, group)
            if status == 200:
                return self._object(answer, path)
            if status != 307:
                return View(status)
            uri = answer
        raise AssertionError(f"{path} of {alias} is redirected without end, at last to {uri}")

    def _object(self, uri: str, path: str) -> View:
        key = unquote(uri)[1:]
        stored = self._account.objects.peek(HOSTING, key)
        if stored is None:
            return View(404)  # CloudFront's own error page
        layer, _, found = key.partition("/")
        error_page = found.endswith("404.html") and found != path
        headers = tuple(sorted(stored.headers.items()))
        return View(404 if error_page else 200, stored.body, int(layer[1:]), headers)


@lru_cache(maxsize=100_000)
def _routed(
    entry: str, routings: tuple[tuple[str, str], ...], uri: str, group: int
) -> tuple[int, str]:
    """The router's decision: 200 and the object's URI, 307 and the address, or a status and ""."""
    _items.clear()
    _items.update(routings)
    _items[_ALIAS_KEY] = entry
    cookies = {"decant-viewer": {"value": str(group)}}
    request = {"method": "GET", "uri": uri, "headers": {}, "cookies": cookies, "querystring": {}}
    answer: Any = _function.call({"request": request})
    if "statusCode" not in answer:
        return 200, answer["uri"]
    if answer["statusCode"] == 307:
        return 307, answer["headers"]["location"]["value"]
    return answer["statusCode"], ""


_items: dict[str, str] = {}
_function = EdgeFunction(_ROUTER, _items.get)
