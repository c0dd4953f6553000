"""Requests to a site, and how they are written on a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_KEYS = ("path", "headers", "cookies", "query")
_KEPT_IN_QUERY = "%-._~!$'()*,;:@/?"  # an escape stays as it is written


@dataclass(frozen=True, slots=True)
class Request:
    """A GET of `path`, as it is sent; `query` is what is behind its `?`, None without one.

    The names of `headers` are in lower case.
    """

    path: str
    query: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)

    def event(self) -> dict[str, Any]:
        """The event of a CloudFront Function for it."""
        return {
            "version": "1.0",
            "context": {"eventType": "viewer-request"},
            "viewer": {"ip": "127.0.0.1"},
            "request": {
                "method": "GET",
                "uri": self.path,
                "querystring": _items(_pairs(self.query or "")),
                "headers": _items(self.headers.items()),
                "cookies": _items(self.cookies.items()),
            },
        }


class BadRequest(ValueError):
    """A line that is no request. `path` is the path in it, or the whole line."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(why)
        self.path = path


def request_for(address: str, query: str = "", **given: Mapping[str, str]) -> Request:
    """The request for `address`, which is a path and perhaps a query; `query` is added to that.

    What follows a `#` is not sent. Raises BadRequest when the path does not begin with a slash.
    """
    if not address.startswith("/"):
        raise BadRequest(address, "The path does not begin with /: write it from the site's root.")
    path, mark, own = address.partition("#")[0].partition("?")
    asked = "&".join(part for part in (own, query) if part)
    return Request(path, asked if mark or asked else None, **given)


def read_line(line: bytes) -> tuple[str, Request]:
    """(path as it was given, request) of a path or a JSON object with `path` and perhaps
    `headers`, `cookies` (objects of texts) and `query` (such an object, or a text).

    Raises BadRequest.
    """
    try:
        text = line.decode().strip()
    except UnicodeDecodeError:
        shown = line.decode(errors="replace").strip()
        raise BadRequest(shown, "The line is not UTF-8: write it in that encoding.") from None
    if not text.startswith("{"):
        return text, request_for(text)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadRequest(text, "The line is no JSON: write a path or an object.") from None
    path = found.get("path")
    if not isinstance(path, str):
        raise BadRequest(text, 'The object has no "path": add it, as a text.')
    unknown = [name for name in found if name not in _KEYS]
    if unknown:
        known = ", ".join(_KEYS)
        raise BadRequest(path, f"The object has {unknown[0]!r}, but may have only {known}.")
    headers = {name.lower(): value for name, value in _texts(path, found, "headers").items()}
    cookies = _texts(path, found, "cookies")
    return path, request_for(path, _query(path, found), headers=headers, cookies=cookies)


def _texts(path: str, found: Mapping[str, Any], name: str) -> dict[str, str]:
    value = found.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise BadRequest(path, f'"{name}" is no object of texts: write {{"name": "value"}}.')
    return value


def _query(path: str, found: Mapping[str, Any]) -> str:
    value = found.get("query")
    if isinstance(value, str):
        return value.removeprefix("?")
    pairs = _texts(path, found, "query")
    return "&".join(f"{_in_query(name)}={_in_query(text)}" for name, text in pairs.items())


def _in_query(text: str) -> str:
    """`text` as it can be sent: escapes stay, what would end the value is escaped."""
    return quote(_STRAY_PERCENT.sub("%25", text), safe=_KEPT_IN_QUERY, errors="replace")


def _pairs(query: str) -> list[tuple[str, str]]:
    parts = (part.partition("=") for part in query.split("&") if part)
    return [(name, value) for name, _, value in parts]


def _items(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Names with their value; those that come more than once also with all of them."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    items: dict[str, Any] = {}
    for name, found in values.items():
        items[name] = {"value": found[0]}
        if len(found) > 1:
            items[name]["multiValue"] = [{"value": value} for value in found]
    return items
