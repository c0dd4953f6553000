"""Where the admin API is, seen from a stage profile."""

from __future__ import annotations

import pytest

from decant.bootstrap import at_endpoint
from decant.profiles import StageProfile

URL = "https://abc123.execute-api.eu-west-1.amazonaws.com/api"


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        (None, URL),
        ("http://localhost:4566", "http://abc123.execute-api.localhost:4566/api"),
    ],
)
def test_the_api_is_where_the_endpoint_is(endpoint: str | None, expected: str) -> None:
    profile = StageProfile(stage="prod", region="eu-west-1", endpoint_url=endpoint)
    assert at_endpoint(URL, profile) == expected
