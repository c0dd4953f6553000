"""Which headers a site may set with `_headers`, and why not the others.

Pure. What `edge/response.js` refuses is refused here too (a test compares the lists).
"""

from __future__ import annotations

import re

REFUSED_NAMES = (
    *("age", "connection", "content-encoding", "content-length", "content-range", "date"),
    *("expect", "keep-alive", "server", "set-cookie", "te", "trailer", "transfer-encoding"),
    *("upgrade", "via", "warning", "x-cache", "x-forwarded-proto", "x-real-ip"),
)
REFUSED_STARTS = ("__", "proxy-", "x-accel-", "x-amz-", "x-amzn-", "x-edge-")
# Set again after a detach: by the stage's headers policy (edge/delivery.yaml), or by S3.
SET_ANYWAY = (
    "content-type",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
)

_OF_THE_BYTES = {
    *("content-encoding", "content-length", "content-range", "etag", "last-modified"),
    *("te", "trailer", "transfer-encoding"),
}
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def is_token(name: str) -> bool:
    """Whether HTTP allows `name` as the name of a header."""
    return _TOKEN.fullmatch(name) is not None


def refusal(name: str) -> str | None:
    """Why the header `name` (in lower case) cannot be set or detached; None when it can."""
    if name == "location":
        return "redirects are rules of their own: write one in _redirects"
    if name == "set-cookie":
        return "a file is the same for everybody: set cookies in a script of the page"
    if name in _OF_THE_BYTES:
        return "it is about the bytes on the wire, which S3 and CloudFront know: delete the line"
    if name in REFUSED_NAMES or name.startswith(REFUSED_STARTS):
        return "CloudFront keeps it to itself: delete the line, or use another name"
    return None
