"""Signature Version 4 of a PUT to S3, for the one request that Decant makes by the thousand.

Pure. It answers what botocore's own `S3SigV4Auth` answers (the tests compare them), at a tenth of
its cost: that one builds, sorts and escapes a request that here is known in advance. The hash of
the content is part of what is signed, so S3 refuses content that was changed on its way.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: credentials as AWS gives them (`token` None for a user's) and S3's region."""

    access_key: str
    secret_key: str
    token: str | None
    region: str


def escaped(key: str) -> str:
    """An object's key as it stands in a URL: UTF-8, all but `A-Za-z0-9-._~/` percent-encoded."""
    return quote(key, safe="/~")


def signed_put(
    signer: Signer, host: str, path: str, headers: Mapping[str, str], sha256: str, stamp: str
) -> dict[str, str]:
    """The headers of a signed PUT: `headers` and those that the signature adds.

    `host` is as the URL has it, with the port if it has one; `path` is escaped and starts with
    `/`. `headers` have lower-case names. `sha256` is the content's, 64 hex digits. `stamp` is the
    time in UTC as `20261123T160000Z`.
    """
    sent = {name: " ".join(value.split()) for name, value in headers.items()}
    sent["host"] = host
    sent["x-amz-content-sha256"] = sha256
    sent["x-amz-date"] = stamp
    if signer.token:
        sent["x-amz-security-token"] = signer.token
    names = sorted(sent)
    signed = ";".join(names)
    lines = "".join([f"{name}:{sent[name]}\n" for name in names])
    canonical = f"PUT\n{path}\n\n{lines}\n{signed}\n{sha256}"
    day = stamp[:8]
    scope = f"{day}/{signer.region}/s3/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.digest(
        _key(signer.secret_key, day, signer.region),
        f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashed}".encode(),
        "sha256",
    ).hex()
    sent["authorization"] = (
        f"{_ALGORITHM} Credential={signer.access_key}/{scope}, "
        f"SignedHeaders={signed}, Signature={signature}"
    )
    return sent


@lru_cache(maxsize=4)  # the day changes at midnight, the credentials a few times a day
def _key(secret_key: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
