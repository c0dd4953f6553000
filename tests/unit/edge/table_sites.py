"""Sites with a route table, as the edge finds them in the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from chalicelib.alias_record import encode, table_rules
from chalicelib.records import EdgeRules, Version
from chalicelib.resolution import Answer, Found, Missing, Redirect, Refused, resolve
from chalicelib.route_table import RouteTable, compile_table
from tests.unit.edge.engines import Outcome
from tests.unit.sites import Files

VERSION = Version(
    number=300,
    status="ready",
    alias="production",
    deployment_id="d",
    source_key="k",
    order="o",
    created_at="t",
)


@dataclass(frozen=True, slots=True)
class TableSite:
    """A version with a table, and the store when production points at it."""

    table: RouteTable
    rules: EdgeRules
    store: dict[str, str]

    def answer(self, uri: str, *, navigation: bool = False) -> Answer:
        """What it must answer, by chalicelib."""
        return resolve(self.table, self.rules, uri, navigation=navigation)


def live(files: Files, **modes: Any) -> TableSite:
    """The site of `files`; `modes` are those of alias_record.table_rules."""
    table = compile_table(files.items())
    rules, _ = table_rules(table, files, **modes)
    record = encode(replace(VERSION, rules=rules))
    store = table.store_entries(VERSION.number) | {"a/production": record}
    return TableSite(table, rules, store)


def shown(outcome: Outcome) -> Answer | str:
    """What the router did, as chalicelib says it; another text when it did something else."""
    result = outcome.result
    if result is None:
        return f"threw {outcome.error}"
    status = result.get("statusCode")
    if status is None:
        return str(result["uri"])
    if status == 307:
        return Redirect(result["headers"]["location"]["value"])
    pages: dict[int, Answer] = {400: Refused(), 404: Missing()}
    return pages.get(status, f"status {status}")


def expected(answer: Answer) -> Answer | str:
    """`answer` as `shown` gives it: a file is known by where the origin has it."""
    return answer.uri if isinstance(answer, Found) else answer
