"""Runs the published CloudFront Functions of local AWS, with the KeyValueStore they are tied to.

Knows the JavaScript runtime, not the emulator: `seams` hands in the code, the event and the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from decant.local.edge_runtime import EdgeFunction

Event = dict[str, Any]
Compile = Callable[[str, Callable[[str], str | None]], EdgeFunction]

# A viewer waits for this; a function that takes longer is stuck, not slow.
_TIMEOUT_SECONDS = 10
# Published code changes with each deployment of the edge stack; old code is never asked for again.
_MAX_COMPILED = 16


class EdgeFunctionRunner:
    """Compiles each code once and runs all of it on one thread, as the engine demands."""

    def __init__(self, compile_function: Compile = EdgeFunction) -> None:
        """`compile_function` makes a runnable function from code and a store reader."""
        self._compile = compile_function
        self._compiled: dict[str, EdgeFunction] = {}
        self._store: Mapping[str, str] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="edge-function")

    def run(
        self, code: str, event: Event, store: Mapping[str, str], raw_query: str | None = None
    ) -> Event:
        """What the function answers to `event`, reading keys from `store`.

        `raw_query` is the viewer's query string as sent, None without one.

        Raises EdgeFunctionError when the code cannot be compiled, throws, or has no handler, and
        TimeoutError when it does not return in 10 seconds.
        """
        answer: Future[Event] = self._thread.submit(self._run, code, event, store, raw_query)
        return answer.result(timeout=_TIMEOUT_SECONDS)

    def _run(
        self, code: str, event: Event, store: Mapping[str, str], raw_query: str | None
    ) -> Event:
        self._store = store
        function = self._compiled.get(code)
        if function is None:
            if len(self._compiled) >= _MAX_COMPILED:
                self._compiled.clear()
            function = self._compiled[code] = self._compile(code, lambda key: self._store.get(key))
        return function.call(event, raw_query)
