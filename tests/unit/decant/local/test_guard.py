"""Which requests the endpoint of local AWS refuses."""

from __future__ import annotations

import pytest

from decant.local.guard import refusal


@pytest.mark.parametrize(
    "host",
    [
        "localhost:4566",
        "127.0.0.1:4566",
        "000000000000.localhost:4566",
        "000000000000.127.0.0.1:4566",
        "abcd1234.execute-api.localhost:4566",
        "d111.cloudfront.net",
        "bucket.s3.us-east-1.amazonaws.com",
        "",
    ],
)
def test_answers_to_this_machines_and_to_awss_names(host: str) -> None:
    assert refusal([(b"Host", host.encode())]) is None


@pytest.mark.parametrize(
    "host", ["example.com", "localhost.example.com", "notlocalhost", "10.0.0.1"]
)
def test_answers_to_no_other_name(host: str) -> None:
    assert host in (refusal([(b"host", f"{host}:4566".encode())]) or "")


@pytest.mark.parametrize(
    "origin", ["http://localhost", "http://localhost:5173", "http://e1.localhost:8080"]
)
def test_takes_requests_of_local_pages(origin: str) -> None:
    assert refusal([(b"host", b"localhost"), (b"origin", origin.encode())]) is None


@pytest.mark.parametrize(
    "origin", ["https://example.com", "null", "", "http://localhost.evil.test"]
)
def test_refuses_requests_of_other_pages(origin: str) -> None:
    assert refusal([(b"host", b"localhost"), (b"Origin", origin.encode())]) is not None
