"""What the edge would answer for a compiled site, by the functions that are shipped to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from decant.preview.compiling import CompiledSite, StoredObject
from decant.preview.edge import Edge
from decant.preview.requests import Request

_CHUNK_BYTES = 1024 * 1024
# What CloudFront hands to a bucket without the functions (edge/delivery.yaml), and the page there.
_OWN_FOLDER, _FALLBACK = "/_decant/", "/_decant/404.html"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a viewer gets: the file `file` of the site, read from `source`, or else `body`.

    The names of `headers` are in lower case; Content-Length is not among them.
    """

    status: int
    headers: Mapping[str, str]
    file: str | None = None
    source: Path | None = None
    body: bytes = b""

    @property
    def location(self) -> str | None:
        """Where a redirect leads."""
        return self.headers.get("location")


class LocalSite:
    """A site that answers. May be asked from any thread."""

    def __init__(self, compiled: CompiledSite, edge: Edge) -> None:
        self.compiled = compiled
        self._edge = edge
        self._etags: dict[tuple[Path, int, int], str] = {}

    def answer(self, request: Request) -> Answer:
        """What one request gives. Raises EdgeFailed."""
        if request.path.startswith(_OWN_FOLDER):
            return self._fallback(200 if request.path == _FALLBACK else 404)
        event = request.event()
        routed = self._edge.route(event, self.compiled.store, request.query)
        if "statusCode" in routed:
            body = str(routed.get("body", "")).encode()
            return Answer(int(routed["statusCode"]), _headers(routed), body=body)
        stored = self.compiled.objects.get(unquote(routed["uri"])[1:])
        etag = self._etag(stored) if stored else None
        if stored is None or etag is None:
            return self._fallback(404)
        unchanged = _names(request.headers.get("if-none-match", ""), etag)
        sent = dict(stored.headers) | {"etag": etag}
        event["request"] = routed
        event["response"] = {
            "statusCode": 304 if unchanged else 200,
            "statusDescription": "Not Modified" if unchanged else "OK",
            "headers": {name: {"value": value} for name, value in sent.items()},
            "cookies": {},
        }
        answer = self._edge.respond(event, request.query)
        headers = self._edge.default_headers | _headers(answer)
        return Answer(int(answer["statusCode"]), headers, stored.path, stored.source)

    def _fallback(self, status: int) -> Answer:
        """The page for what S3 does not have; the response function does not see it."""
        headers = {"content-type": "text/html; charset=utf-8", **self._edge.default_headers}
        return Answer(status, headers, body=self._edge.fallback_page)

    def _etag(self, stored: StoredObject) -> str | None:
        """S3's ETag of the object; None when the file is gone."""
        try:
            found = stored.source.stat()
            key = (stored.source, found.st_mtime_ns, found.st_size)
            if key not in self._etags:
                self._etags[key] = f'"{_md5(stored.source)}"'
        except FileNotFoundError:
            return None
        return self._etags[key]


def _headers(answer: Mapping[str, Any]) -> dict[str, str]:
    """The headers of what a function answers; its cookies become one."""
    headers = {name: str(item["value"]) for name, item in answer.get("headers", {}).items()}
    for name, cookie in answer.get("cookies", {}).items():
        headers["set-cookie"] = f"{name}={cookie['value']}; {cookie['attributes']}"
    return headers


def _names(if_none_match: str, etag: str) -> bool:
    given = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in given or etag in given


def _md5(file: Path) -> str:
    digest = md5(usedforsecurity=False)
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
