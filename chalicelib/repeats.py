"""Repeated requests: the first answer is kept in DynamoDB and given again, by Powertools.

The items share the stage's table (partition `idempotency`) and expire by its time to live.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyValidationError,
)

from chalicelib.errors import Conflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PARTITION = "idempotency"
KEPT_SECONDS = 60 * 60  # repeats by SDKs, EventBridge and impatient people come within an hour


class Repeats:
    """Runs a request once per key."""

    def __init__(self, table: str, client: DynamoDBClient) -> None:
        self._table = table
        self._client = client

    def once(
        self, purpose: str, key: str, request: object, act: Callable[[], Any], context: Any
    ) -> Any:
        """What `act` returns (JSON), or returned when `key` was first used for `purpose`.

        `context` is the Lambda context: it tells how long a run that dies blocks its repeats.
        Raises Conflict when `key` comes again with another `request`, or while the first runs.
        """
        config = IdempotencyConfig(
            event_key_jmespath="key",
            payload_validation_jmespath="request",
            expires_after_seconds=KEPT_SECONDS,
            lambda_context=context,
        )
        run = idempotent_function(
            lambda data: act(),  # noqa: ARG005  Powertools hands over what it hashed
            data_keyword_argument="data",
            persistence_store=self._layer(),
            config=config,
            key_prefix=purpose,
        )
        try:
            return run(data={"key": key, "request": request})
        except IdempotencyValidationError as error:
            raise Conflict("This idempotency key was used for another request.") from error
        except IdempotencyAlreadyInProgressError as error:
            raise Conflict("The same request is being carried out right now: wait.") from error

    def _layer(self) -> DynamoDBPersistenceLayer:
        return DynamoDBPersistenceLayer(
            table_name=self._table,
            key_attr="pk",
            sort_key_attr="sk",
            static_pk_value=PARTITION,
            expiry_attr="expires_at",
            boto3_client=self._client,
        )
