"""CloudFront's KeyValueStore in memory, with its limits, so that the real `KeyValueStore` runs on
it. Its one writer's lock is the ETag of the whole store."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from tests.unit.world.dynamo import refusal
from tests.unit.world.faults import Faults

T = TypeVar("T")
Json = dict[str, Any]

KB, MB = 1024, 1024 * 1024
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
KEY_BYTES, VALUE_BYTES, STORE_BYTES = 512, 1 * KB, 5 * MB
UPDATE_KEYS, UPDATE_BYTES = 50, 3 * MB
_PAGE_KEYS, _MOST_PAGE_KEYS = 10, 50  # of ListKeys: by itself, and at most


class MemoryKvs:
    """A client with the one store `arn`; `items` may be looked at and changed past `faults`.

    `requests` counts the operations by name.
    """

    def __init__(self, faults: Faults, arn: str) -> None:
        self.items: dict[str, str] = {}
        self.requests: Counter[str] = Counter()
        self._faults = faults
        self._arn = arn
        self._etags = itertools.count(1)
        self._etag = f"etag-{next(self._etags)}"

    def describe_key_value_store(self, *, KvsARN: str) -> Json:  # noqa: N803  AWS's name
        return self._call("DescribeKeyValueStore", KvsARN, self._told)

    def get_key(self, *, KvsARN: str, Key: str) -> Json:  # noqa: N803  AWS's names
        def act() -> Json:
            if Key not in self.items:
                raise refusal("ResourceNotFoundException", "GetKey")
            return {"Key": Key, "Value": self.items[Key], **self._size()}

        return self._call("GetKey", KvsARN, act)

    def list_keys(
        self,
        *,
        KvsARN: str,  # noqa: N803  AWS's name
        NextToken: str = "",  # noqa: N803  AWS's name
        MaxResults: int = _PAGE_KEYS,  # noqa: N803  AWS's name
    ) -> Json:
        def act() -> Json:
            if not 1 <= MaxResults <= _MOST_PAGE_KEYS:
                raise refusal("ValidationException", "ListKeys")
            keys = sorted(key for key in self.items if key > NextToken)
            page = keys[:MaxResults]
            more = {"NextToken": page[-1]} if len(keys) > MaxResults else {}
            return {"Items": [{"Key": key, "Value": self.items[key]} for key in page], **more}

        return self._call("ListKeys", KvsARN, act)

    def update_keys(
        self,
        *,
        KvsARN: str,  # noqa: N803  AWS's name
        IfMatch: str,  # noqa: N803  AWS's name
        Puts: Sequence[Mapping[str, str]] = (),  # noqa: N803  AWS's name
        Deletes: Sequence[Mapping[str, str]] = (),  # noqa: N803  AWS's name
    ) -> Json:
        def act() -> Json:
            puts = {put["Key"]: put["Value"] for put in Puts}
            deletes = {delete["Key"] for delete in Deletes}
            if IfMatch != self._etag:
                raise refusal("ConflictException", "UpdateKeys")
            _check(puts, deletes, len(Puts) + len(Deletes))
            kept = {k: v for k, v in (self.items | puts).items() if k not in deletes}
            if _bytes(kept) > STORE_BYTES:
                raise refusal("ServiceQuotaExceededException", "UpdateKeys")
            self.items = kept
            self._etag = f"etag-{next(self._etags)}"
            return self._told()

        return self._call("UpdateKeys", KvsARN, act)

    def get_paginator(self, operation: str) -> ListKeysPaginator:
        assert operation == "list_keys", operation
        return ListKeysPaginator(self)

    def _told(self) -> Json:
        return {"ETag": self._etag, "KvsARN": self._arn, "Status": "READY", **self._size()}

    def _size(self) -> dict[str, int]:
        return {"ItemCount": len(self.items), "TotalSizeInBytes": _bytes(self.items)}

    def _call(self, operation: str, arn: str, act: Callable[[], T]) -> T:
        self.requests[operation] += 1
        if arn != self._arn:
            raise refusal("ResourceNotFoundException", operation)
        return self._faults.call(act, lambda: refusal("ThrottlingException", operation))


class ListKeysPaginator:
    """Pages of keys as botocore gives them."""

    def __init__(self, client: MemoryKvs) -> None:
        self._client = client

    def paginate(self, **request: Any) -> Iterator[Json]:
        config = request.pop("PaginationConfig", {})
        assert config.keys() <= {"PageSize"}, config
        if "PageSize" in config:
            request["MaxResults"] = config["PageSize"]
        while True:
            page = self._client.list_keys(**request)
            yield page
            if "NextToken" not in page:
                return
            request["NextToken"] = page["NextToken"]


def _check(puts: Mapping[str, str], deletes: set[str], named: int) -> None:
    keys = puts.keys() | deletes
    right = (
        0 < named <= UPDATE_KEYS
        and len(keys) == named  # no key twice
        and all(0 < len(key.encode()) <= KEY_BYTES for key in keys)
        and all(len(value.encode()) <= VALUE_BYTES for value in puts.values())
        and _bytes(puts) + sum(len(key.encode()) for key in deletes) <= UPDATE_BYTES
    )
    if not right:
        raise refusal("ValidationException", "UpdateKeys")


def _bytes(items: Mapping[str, str]) -> int:
    return sum(len(key.encode()) + len(value.encode()) for key, value in items.items())
