"""The KeyValueStore that the edge reads: every write is conditional on the whole store's ETag."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from chalicelib.backoff import Backoff
from chalicelib.errors import AwsError, Missing, PreconditionFailed
from chalicelib.gateways.translate import translated

if TYPE_CHECKING:
    from mypy_boto3_cloudfront_keyvaluestore import CloudFrontKeyValueStoreClient

# Key -> its new value; None deletes it.
Changes = Mapping[str, str] | Mapping[str, None] | Mapping[str, str | None]

ATTEMPTS = 12  # a lost ETag is normal when several deployments finish together
MAX_KEYS_AN_UPDATE = 50  # CloudFront's quota


class KeyValueStore:
    """Reads and writes the store `arn`."""

    def __init__(
        self,
        client: CloudFrontKeyValueStoreClient,
        arn: str,
        *,
        backoff: Backoff,
    ) -> None:
        self._client = client
        self._arn = arn
        self._backoff = backoff

    def get(self, key: str) -> str | None:
        """The value of `key`; None when there is none."""
        try:
            with translated(f"the key {key} of the KeyValueStore"):
                return self._client.get_key(KvsARN=self._arn, Key=key)["Value"]
        except Missing:
            return None

    def entries(self) -> Iterator[tuple[str, str]]:
        """Every key with its value: one request for each 50."""
        pages = self._client.get_paginator("list_keys")
        with translated("the KeyValueStore"):
            for page in pages.paginate(KvsARN=self._arn):
                for item in page.get("Items", []):
                    yield item["Key"], item["Value"]

    def size_bytes(self) -> int:
        """What all keys and values take of the store's 5 MB."""
        with translated("the KeyValueStore"):
            return self._client.describe_key_value_store(KvsARN=self._arn)["TotalSizeInBytes"]

    def update(self, decide: Callable[[], Changes]) -> Changes:
        """Write what `decide` returns (at most 50: key -> value, None deletes), all or nothing;
        returns what was written.

        `decide` is called after the store's ETag was read, and again whenever somebody else
        wrote in between, so that it always judges by facts at least as new as the ETag.

        Raises PreconditionFailed when all attempts (12, with backoff and jitter) were lost.
        """
        for attempt in range(ATTEMPTS):
            etag = self._etag()
            changes = decide()
            if not changes:
                return changes
            try:
                self._write(etag, changes)
                return changes
            except AwsError as error:
                # A stale ETag: AWS does not say whether as 409 or as 400, so both are retried.
                stale = isinstance(error, PreconditionFailed) or error.code == "ValidationException"
                if not stale or attempt == ATTEMPTS - 1:
                    raise
            self._backoff.wait(attempt)
        raise AssertionError("the last attempt returns or raises")

    def _etag(self) -> str:
        with translated("the KeyValueStore"):
            return self._client.describe_key_value_store(KvsARN=self._arn)["ETag"]

    def _write(self, etag: str, changes: Changes) -> None:
        with translated("the KeyValueStore"):
            self._client.update_keys(
                KvsARN=self._arn,
                IfMatch=etag,
                Puts=[{"Key": k, "Value": v} for k, v in changes.items() if v is not None],
                Deletes=[{"Key": k} for k, v in changes.items() if v is None],
            )
