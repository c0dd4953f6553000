"""The shipped edge functions and the two engines that the tests run them on.

QuickJS stands for the newest JavaScript a function could meet, njs 0.7.9 for the oldest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from decant.local.edge_runtime import EdgeFunction, EdgeFunctionError
from edge.template import shipped, source
from tests.unit.edge import njs
from tests.unit.edge.event_files import Event

SOURCES = {name: source(f"edge/{name}") for name in ("router", "response.js")}
ROUTER = shipped("router", SOURCES["router"])
RESPONSE = shipped("response.js", SOURCES["response.js"])


def altered(name: str, old: str, new: str) -> str:
    """What would ship of the function `name`, were `old`, which its source has once, `new`."""
    code = SOURCES[name]
    assert code.count(old) == 1
    return shipped(name, code.replace(old, new))


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a function; `raw_query` is the query as sent, None without a `?`."""

    event: Event
    store: dict[str, str] = field(default_factory=dict)
    raw_query: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call gave (None when it threw) and how often it read the store."""

    result: Event | None
    error: str | None
    reads: int


class Engine(Protocol):
    """Runs a function's code."""

    name: str

    def run(self, code: str, calls: list[Call]) -> list[Outcome]:
        """The outcomes of `calls`, in order, within one process and one loading of `code`."""


class QuickJs:
    """decant.local.edge_runtime, each code compiled once."""

    name = "quickjs"

    def __init__(self) -> None:
        self._functions: dict[str, EdgeFunction] = {}
        self._store: dict[str, str] = {}

    def run(self, code: str, calls: list[Call]) -> list[Outcome]:
        """See Engine.run."""
        if code not in self._functions:
            self._functions[code] = EdgeFunction(code, lambda key: self._store.get(key))
        return [self._call(self._functions[code], call) for call in calls]

    def _call(self, function: EdgeFunction, call: Call) -> Outcome:
        self._store = call.store
        try:
            result = function.call(call.event, call.raw_query)
        except EdgeFunctionError as error:
            return Outcome(None, str(error), function.reads)
        return Outcome(result, None, function.reads)


class Njs:
    """Debian's njs, one process for each `run`."""

    name = "njs"

    def run(self, code: str, calls: list[Call]) -> list[Outcome]:
        """See Engine.run."""
        cases = [
            {"event": call.event, "store": call.store, "rawQuery": call.raw_query} for call in calls
        ]
        return [Outcome(**outcome) for outcome in njs.run(code, cases)]
