"""DynamoDB in memory: MiniStack's own table engine, called without HTTP, so that the real `Records`
runs on what local AWS runs on.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import request_scope
from ministack.services import dynamodb

from edge.template import edge_template
from tests.unit.world.faults import Faults

Json = dict[str, Any]
ACCOUNT, REGION = "000000000000", "us-east-1"

_numbers = itertools.count(1)


class MemoryDynamo:
    """A DynamoDB client with one table, defined as the edge stack does. `close` drops the table.

    `rows` passes `faults` by.
    """

    def __init__(self, faults: Faults) -> None:
        number = next(_numbers)
        self.table = f"decant-world-{number}"
        self._faults = faults
        self._tokens = (f"{number}-{n}" for n in itertools.count(1))
        _ask("CreateTable", {"TableName": self.table, **_definition()})

    def close(self) -> None:
        """Forget the table."""
        _ask("DeleteTable", {"TableName": self.table})

    def rows(self) -> list[Json]:
        """Every row, in the order of the keys."""
        found: list[Json] = []
        query: Json = {"TableName": self.table}
        for page in _pages("Scan", query):
            found.extend(page["Items"])
        return sorted(found, key=lambda row: (row["pk"]["S"], row["sk"]["S"]))

    # The client ------------------------------------------------------------------------------

    def get_item(self, **request: Any) -> Json:
        return self._call("GetItem", request)

    def put_item(self, **request: Any) -> Json:
        return self._call("PutItem", request)

    def update_item(self, **request: Any) -> Json:
        return self._call("UpdateItem", request)

    def delete_item(self, **request: Any) -> Json:
        return self._call("DeleteItem", request)

    def query(self, **request: Any) -> Json:
        return self._call("Query", request)

    def transact_write_items(self, **request: Any) -> Json:
        # botocore adds a token, so that a request which it sends again is carried out once.
        token = {"ClientRequestToken": next(self._tokens)}
        return self._call("TransactWriteItems", token | request)

    def batch_write_item(self, **request: Any) -> Json:
        return self._call("BatchWriteItem", request)

    def get_paginator(self, operation: str) -> Paginator:
        assert operation == "query", operation
        return Paginator(partial(self._call, "Query"))

    def _call(self, action: str, request: Json) -> Json:
        return self._faults.call(
            lambda: _ask(action, request),
            lambda: refusal("ProvisionedThroughputExceededException", action),
        )


class Paginator:
    """Pages of a query as botocore gives them."""

    def __init__(self, query: Callable[[Json], Json]) -> None:
        self._query = query

    def paginate(self, **request: Any) -> Iterator[Json]:
        config = request.pop("PaginationConfig", {})
        assert config.keys() <= {"MaxItems", "PageSize"}, config
        if "PageSize" in config:
            request["Limit"] = config["PageSize"]
        left = config.get("MaxItems")
        for page in _pages_of(self._query, request):
            if left is not None:
                page["Items"] = page["Items"][:left]
                left -= len(page["Items"])
            yield page
            if left == 0:
                return


def refusal(code: str, operation: str) -> ClientError:
    """An error as botocore raises it."""
    return ClientError({"Error": {"Code": code, "Message": "in memory"}}, operation)


def _pages(action: str, request: Json) -> Iterator[Json]:
    return _pages_of(partial(_ask, action), request)


def _pages_of(ask: Callable[[Json], Json], request: Json) -> Iterator[Json]:
    start: Json = {}
    while True:
        page = ask(request | start)
        yield page
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _ask(action: str, request: Json) -> Json:
    """What DynamoDB answers. Raises botocore's ClientError as its client does."""
    headers = {"x-amz-target": f"DynamoDB_20120810.{action}"}
    with request_scope(ACCOUNT, REGION):
        task = dynamodb.handle_request("POST", "/", headers, json.dumps(request).encode(), {})
        try:
            task.send(None)
        except StopIteration as done:
            status, _, body = done.value
        else:
            raise AssertionError("MiniStack's DynamoDB waits for something: this adapter cannot.")
    answer: Json = json.loads(body)
    if status == 200:
        return answer
    code = answer.pop("__type").rpartition("#")[2]
    message = answer.pop("message", "")
    told: Any = {"Error": {"Code": code, "Message": message}, **answer}
    raise ClientError(told, action)  # `answer` may have CancellationReasons


@cache
def _definition() -> Json:
    """The table's properties that tell how it works, from the stack."""
    properties = edge_template()["Resources"]["Table"]["Properties"]
    names = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    return {name: properties[name] for name in names}
