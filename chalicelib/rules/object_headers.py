"""What is stored with one object: its headers, those among them that the site's rules set.

Pure. S3 sends Content-Type and Cache-Control itself; all others travel in the object's metadata as
a JSON object, from which `edge/response.js` makes headers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from chalicelib.rules.headers import HeaderRules, Value
from chalicelib.rules.model import HEADERS_FILE, Finding, SiteSettings
from chalicelib.rules.patterns import match

CONTENT_TYPE, CACHE_CONTROL = "content-type", "cache-control"
METADATA = "x-amz-meta-"
STATUS, HEADERS = METADATA + "decant-status", METADATA + "decant-headers"
MAX_METADATA_BYTES = 2_048  # S3's limit on names, without `x-amz-meta-`, and values of one object
_ORDER = (CONTENT_TYPE, CACHE_CONTROL, STATUS, HEADERS)
_NAMED_LINES = 3


@dataclass(frozen=True, slots=True)
class ObjectHeaders:
    """(name, value) pairs in an order that depends on nothing but themselves, and what is wrong."""

    pairs: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...] = ()


def object_headers(
    base: Mapping[str, str], settings: SiteSettings, rules: HeaderRules, addresses: Sequence[str]
) -> ObjectHeaders:
    """The headers of the object that is served at `addresses` (encoded, the canonical one first).

    There is at least one address. `base` is what a site without rules stores: content-type,
    cache-control, perhaps the status. `[cache]` of `settings` replaces the base's cache-control,
    and `rules` replace both. A detached cache-control is not stored, so that none is sent; a
    content-type cannot be left out, since S3 always sends one.
    Over S3's limit there is an error, and the headers in the metadata are left out.
    """
    stored = dict(base)
    for pattern, cache_control in settings.cache:
        if match(pattern, addresses[0]) is not None:
            stored[CACHE_CONTROL] = cache_control
    given = rules.of(addresses)
    _replace(stored, given)
    others = {name: value for name, value in given.items() if value.text is not None}
    findings: tuple[Finding, ...] = ()
    if others:
        texts = {name: value.text for name, value in others.items()}
        packed = stored | {HEADERS: json.dumps(texts, sort_keys=True, separators=(",", ":"))}
        findings = _too_much(packed, others, addresses)
        stored = stored if findings else packed
    return ObjectHeaders(tuple(sorted(stored.items(), key=_place)), findings)


def _replace(stored: dict[str, str], given: dict[str, Value]) -> None:
    """Move what S3 sends itself from `given` to `stored`."""
    for name in (CONTENT_TYPE, CACHE_CONTROL):
        value = given.pop(name, None)
        if value is None:
            continue
        if value.text is not None:
            stored[name] = value.text
        elif name == CACHE_CONTROL:
            stored.pop(name, None)


def _place(pair: tuple[str, str]) -> tuple[int, str]:
    name = pair[0]
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def _too_much(
    stored: Mapping[str, str], others: Mapping[str, Value], addresses: Sequence[str]
) -> tuple[Finding, ...]:
    """The error that S3 would refuse the metadata in `stored`."""
    size_bytes = sum(
        len(name.removeprefix(METADATA).encode()) + len(value.encode())
        for name, value in stored.items()
        if name.startswith(METADATA)
    )
    if size_bytes <= MAX_METADATA_BYTES:
        return ()
    bytes_of: dict[int, int] = {}
    for value in others.values():
        for line, text in value.parts:
            bytes_of[line] = bytes_of.get(line, 0) + len(text)
    largest = sorted(bytes_of, key=lambda line: (-bytes_of[line], line))[:_NAMED_LINES]
    lines = ", ".join(f"line {line} ({bytes_of[line]:,})" for line in largest)
    text = (
        f"The headers for {unquote(addresses[0])} take {size_bytes:,} bytes, but S3 keeps "
        f"{MAX_METADATA_BYTES:,} with a file: shorten those with the most bytes, {lines}."
    )
    return (Finding(HEADERS_FILE, largest[0], "error", text),)
