"""Lambda: starts another of our functions and does not wait for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from chalicelib.gateways.translate import translated

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class Functions:
    """Starts functions."""

    def __init__(self, client: LambdaClient) -> None:
        self._client = client

    def start(self, name: str, event: Mapping[str, str]) -> None:
        """Have the function called with `event`, some time soon. Raises AwsError and its kinds."""
        with translated(f"the function {name}"):
            self._client.invoke(
                FunctionName=name, InvocationType="Event", Payload=json.dumps(dict(event)).encode()
            )
