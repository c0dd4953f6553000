"""S3's events on EventBridge: with the version that was written, as from a versioned bucket."""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any

from decant.local.seams.seam import Relied, Seam

_S3 = "ministack.services.s3"


def _install_object_versions() -> None:
    """Add `version-id` to the object of an event; MiniStack knows it and leaves it out."""
    from ministack.services import eventbridge, s3

    written: ContextVar[str | None] = ContextVar("written", default=None)
    fire = s3._fire_s3_event
    dispatch = eventbridge._dispatch_event

    def fire_s3_event(*args: Any, **kwargs: Any) -> None:
        token = written.set(kwargs.get("version_id"))
        try:
            fire(*args, **kwargs)
        finally:
            written.reset(token)

    def dispatch_event(event: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        version_id = written.get()
        if version_id and event.get("Source") == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version_id
            event = {**event, "Detail": json.dumps(detail)}
        return dispatch(event, *args, **kwargs)

    s3._fire_s3_event = fire_s3_event
    eventbridge._dispatch_event = dispatch_event


SEAMS = (
    Seam(
        "object versions",
        "tell in an S3 event which version of the object was written",
        (
            Relied(
                _S3,
                "_fire_s3_event",
                "bucket_name, key, event_name, size, etag, deletion_type, restore_event_data, "
                "version_id, sequencer, object_extra, record_extra",
            ),
            Relied("ministack.services.eventbridge", "_dispatch_event", "event, view"),
        ),
        _install_object_versions,
    ),
)
