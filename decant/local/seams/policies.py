"""What IAM policies are evaluated against."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from decant.local.seams.seam import Relied, Seam

_ACTIONS = "ministack.core.iam_actions"
_STORE_PATH = re.compile(r"/key-value-stores/(arn:[^/]+/[A-Za-z0-9_-]+)(?:/|$)")


def _install_secure_transport() -> None:
    """Requests count as sent over TLS: here they go over the loopback device, on AWS over https.

    Without this a bucket policy that denies `aws:SecureTransport: false` would deny everything.
    """
    from ministack import app

    pin: Callable[[str, bool], None] = app.pin_request_origin

    def pin_request_origin(source_ip: str, _secure_transport: bool) -> None:
        pin(source_ip, True)

    app.pin_request_origin = pin_request_origin


def store_arn(path: str) -> str | None:
    """The KeyValueStore that a request's path names; None when it names none."""
    found = _STORE_PATH.match(unquote(path))
    return found[1] if found else None


def _install_store_arns() -> None:
    """KeyValueStore calls are checked against the store's ARN; MiniStack checks them against *."""
    from ministack.core import iam_actions

    extract = iam_actions.extract_resource_arn

    def extract_resource_arn(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, Any],
        region: str,
        account_id: str,
    ) -> str:
        arn = store_arn(path) if service == "cloudfront-keyvaluestore" else None
        return arn or str(
            extract(service, method, path, headers, body, query_params, region, account_id)
        )

    iam_actions.extract_resource_arn = extract_resource_arn


def _nothing() -> None:
    """The emulator finds the package by itself, and without it refuses every such signature."""


SEAMS = (
    Seam(
        "SigV4A",
        "verify the signatures of KeyValueStore calls, with the package `cryptography`",
        (
            Relied("cryptography.hazmat.primitives.asymmetric.ec", "ECDSA"),
            Relied(
                "ministack.core.sigv4",
                "sigv4a_signature_matches",
                "access_key_id, secret, string_to_sign, signature",
            ),
        ),
        _nothing,
    ),
    Seam(
        "secure transport",
        "keep bucket policies that demand TLS",
        (Relied("ministack.app", "pin_request_origin", "source_ip, secure_transport"),),
        _install_secure_transport,
    ),
    Seam(
        "store ARNs",
        "prove a policy that names one KeyValueStore",
        (
            Relied(
                _ACTIONS,
                "extract_resource_arn",
                "service, method, path, headers, body, query_params, region, account_id",
            ),
        ),
        _install_store_arns,
    ),
)
