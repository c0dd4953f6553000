"""The decisions in the seams that need no emulator."""

from __future__ import annotations

import pytest

from decant.local.seams.policies import store_arn
from decant.local.seams.rest_apis import _api_settings
from decant.local.seams.viewers import _joined

ARN = "arn:aws:cloudfront::000000000000:key-value-store/decant-dev"


@pytest.mark.parametrize(
    ("path", "arn"),
    [
        (f"/key-value-stores/{ARN}", ARN),
        (f"/key-value-stores/{ARN}/keys", ARN),
        (f"/key-value-stores/{ARN}/keys/a/production", ARN),
        (f"/key-value-stores/{ARN.replace('/', '%2F')}/keys", ARN),
        ("/key-value-stores/", None),
        ("/2020-05-31/key-value-store/decant-dev", None),
    ],
)
def test_the_store_is_found_in_the_path(path: str, arn: str | None) -> None:
    assert store_arn(path) == arn


def test_an_openapi_document_says_what_the_api_is() -> None:
    assert _api_settings({}) == {"binaryMediaTypes": [], "policy": None}
    assert _api_settings(
        {
            "x-amazon-apigateway-binary-media-types": ["image/*"],
            "x-amazon-apigateway-minimum-compression-size": 0,
        }
    ) == {"binaryMediaTypes": ["image/*"], "policy": None, "minimumCompressionSize": 0}


def test_headers_on_several_lines_become_one() -> None:
    sent = [(b"Cookie", b"a=1"), (b"cookie", b"b=2"), (b"Accept", b"x"), (b"accept", b"y")]
    assert _joined(sent) == {"cookie": "a=1; b=2", "accept": "x, y"}
