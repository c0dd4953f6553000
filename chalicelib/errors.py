"""Every error Decant raises on purpose.

DecantError
├── UploadRefused          the uploaded zip cannot be deployed (said before a version is taken)
├── VersionCorrupt         what was stored is not what the zip holds
├── NoRouteTable           a version cannot have a route table: it is stored flat
├── InvalidRequest         a request or setting is malformed                    -> HTTP 400
├── NotFound               a version, alias or deployment does not exist         -> HTTP 404
├── Conflict               the request does not fit the present state            -> HTTP 409
│   └── StoreFull          the KeyValueStore has no room for one more route table
└── AwsError               AWS answered with an error
    ├── AccessDenied       the role lacks a permission (never read as "missing")
    ├── Missing            the AWS resource or object does not exist
    ├── PreconditionFailed somebody else wrote first: read again, decide again
    └── Throttled          too many requests: retry later

Each message is one sentence: what is wrong, where, and what to do.
"""

from __future__ import annotations

import reprlib

_quote = reprlib.Repr()
_quote.maxstring = 80  # longer than any name that would be right


def quoted(text: str) -> str:
    """`text` as a caller sent it, fit for a message: in quotes, its middle cut out when long."""
    return _quote.repr(text)


class DecantError(Exception):
    """Base of every error that Decant raises on purpose; `str()` is fit to show to a person."""


class UploadRefused(DecantError):
    """The zip cannot be deployed; no version number was taken and viewers notice nothing."""


class VersionCorrupt(DecantError):
    """What is stored for a version differs from what the zip holds; it cannot be activated."""


class NoRouteTable(DecantError):
    """The version cannot have a route table; it can be stored flat, where none is needed."""


class InvalidRequest(DecantError):
    """A request or a setting is malformed."""


class NotFound(DecantError):
    """The version, alias or deployment that was named does not exist."""


class Conflict(DecantError):
    """The request is well formed but does not fit the present state."""


class StoreFull(Conflict):
    """The KeyValueStore has no room for a route table beside those that are in use."""


class AwsError(DecantError):
    """AWS answered with an error that the caller did not expect.

    `operation` is the API operation ("PutObject"), `code` AWS's error code ("InternalError").
    """

    def __init__(self, message: str, *, operation: str = "", code: str = "") -> None:
        super().__init__(message)
        self.operation = operation
        self.code = code


class AccessDenied(AwsError):
    """The role that made the call lacks a permission."""


class Missing(AwsError):
    """The AWS resource or object that was asked for does not exist."""


class PreconditionFailed(AwsError):
    """A conditional write lost: somebody else wrote first."""


class Throttled(AwsError):
    """AWS asked us to slow down."""
