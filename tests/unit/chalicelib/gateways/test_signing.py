"""The signature of a PUT is botocore's own, for any key."""

from __future__ import annotations

import hashlib
from urllib.parse import unquote

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.gateways.signing import Signer, escaped, signed_put

HOST = "bucket.s3.eu-central-1.amazonaws.com"
BODY = b"<!doctype html>"
KEYS = [
    "v1/index.html",
    "v1/a b/c+d.html",
    "v1/~user/file~.html",
    "v1/größe/日本語.html",
    "v1/100%/a&b=c?d#e.html",
    "v1/(1)'!*,;:@$[x].js",
    "v1/.well-known/x",
    "_manifests/v1.json",
]
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "public, max-age=0, must-revalidate",
    "x-amz-checksum-sha256": "abc=",
    "x-amz-meta-decant-headers": '{"x-robots-tag":"noindex,  nofollow"}',
}


def both(key: str, token: str | None, headers: dict[str, str]) -> tuple[str, str]:
    """The Authorization header as botocore and as we make it, for the same moment."""
    path = f"/{escaped(key)}"
    request = AWSRequest("PUT", f"https://{HOST}{path}", headers, BODY)
    S3SigV4Auth(Credentials("AKIA", "secret/+", token), "s3", "eu-central-1").add_auth(request)
    stamp = request.headers["X-Amz-Date"]
    signer = Signer("AKIA", "secret/+", token, "eu-central-1")
    sha256 = hashlib.sha256(BODY).hexdigest()
    ours = signed_put(signer, HOST, path, headers, sha256, stamp)
    assert ours["x-amz-content-sha256"] == request.headers["X-Amz-Content-SHA256"]
    return request.headers["Authorization"], ours["authorization"]


@pytest.mark.parametrize("token", [None, "session+token/=="])
@pytest.mark.parametrize("key", KEYS)
def test_signs_as_botocore_does(key: str, token: str | None) -> None:
    theirs, ours = both(key, token, HEADERS)
    assert ours == theirs


@given(key=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_signs_any_key_as_botocore_does(key: str) -> None:
    theirs, ours = both(key, None, HEADERS)
    assert ours == theirs


@given(
    value=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=80),
)
def test_signs_any_header_as_botocore_does(value: str) -> None:
    theirs, ours = both("k", None, {"cache-control": value})
    assert ours == theirs


@given(key=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_an_escaped_key_is_plain_ascii_and_reads_as_the_key(key: str) -> None:
    assert escaped(key).isascii()
    assert not set(escaped(key)) & set(' \r\n?#"+')
    assert unquote(escaped(key)) == key


def test_a_header_cannot_smuggle_in_another() -> None:
    sent = signed_put(
        Signer("a", "s", None, "r"), HOST, "/k", {"x": "1\r\nevil: 2"}, "0" * 64, "20260101T000000Z"
    )
    assert sent["x"] == "1 evil: 2"


def test_each_day_region_and_secret_has_its_own_key() -> None:
    seen = {
        signed_put(Signer("a", secret, None, region), HOST, "/k", {}, "0" * 64, f"{day}T000000Z")[
            "authorization"
        ].rpartition("=")[2]
        for secret in ("s", "t")
        for region in ("eu-west-1", "us-east-1")
        for day in ("20260101", "20260102")
    }
    assert len(seen) == 8
