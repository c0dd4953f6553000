"""The events of tests/unit/edge/events: whole, as CloudFront sends them, one per kind of case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Event = dict[str, Any]

_FOLDER = Path(__file__).with_name("events")


def load(name: str) -> Event:
    """A fresh copy of the event `name`, without its `.json`."""
    event: Event = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return event


def request_for(uri: str) -> Event:
    """The plain viewer request, asking for `uri` (as sent, without a query)."""
    event = load("viewer-request")
    event["request"]["uri"] = uri
    return event


def response_with(headers: dict[str, str], status: int = 200) -> Event:
    """The plain viewer response of S3 with `headers` added and the given status."""
    event = load("viewer-response")
    event["response"]["statusCode"] = status
    for name, value in headers.items():
        event["response"]["headers"][name] = {"value": value}
    return event


def response_with_metadata(decant_headers: object, status: str | None = None) -> Event:
    """The plain viewer response of an object whose metadata sets these headers and this status."""
    metadata = {"x-amz-meta-decant-headers": json.dumps(decant_headers)}
    if status is not None:
        metadata["x-amz-meta-decant-status"] = status
    return response_with(metadata)
