"""Runs a CloudFront Function (runtime 2.0) on this machine, in QuickJS.

Knows what a function finds around it on CloudFront: `import cf from 'cloudfront'` with the
KeyValueStore, `require('crypto')`, `require('querystring')`, and no more than the runtime's page
lists. That inside is `edge_runtime.js` and `edge_crypto.js`; this module moves events, store reads
and results across, and bounds time and memory. Touches nothing else: reading the store is the
caller's function.

What it does not imitate: the origin helpers (`cf.updateRequestOrigin` ...), `require('buffer')`,
the frozen `Date`, CloudFront's sub-millisecond limit, and the syntax that CloudFront refuses but
QuickJS takes (tests/unit/edge/test_syntax.py refuses that).
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import quickjs

MB = 1024 * 1024
# CloudFront gives a function 2 MB; QuickJS's own objects are larger, and the shim lives there too.
MEMORY_LIMIT_BYTES = 16 * MB
# CloudFront's limit is unpublished and under a millisecond. This one only ends what is stuck.
# CPU time of the whole process, so that other busy threads count as well.
TIME_LIMIT_SECONDS = 2.0

_RUNTIME_JS = Path(__file__).with_name("edge_runtime.js")
_CRYPTO_JS = Path(__file__).with_name("edge_crypto.js")
# As written by hand or by a minifier, which puts the next statement on the same line.
_IMPORT_CF = re.compile(r"""\A\s*import\s+cf\s+from\s*(['"])cloudfront\1[ \t]*(?:;|(?=\r?\n|\Z))""")

Read = Callable[[str], str | None]
Meta = Callable[[], dict[str, object]]


class EdgeFunctionError(Exception):
    """A function does not compile, threw, ran out of time or memory, or answered with non-JSON.

    CloudFront answers 502 or 503 in these cases.
    """


def without_import(code: str) -> str:
    """`code` without the statement `import cf from 'cloudfront'` at its start, if it is there.

    CloudFront takes it nowhere else, and an engine outside CloudFront knows no such module: what
    runs the rest provides `cf`.
    """
    return _IMPORT_CF.sub("", code, count=1)


class EdgeFunction:
    """One function's code, ready to be called, from any thread.

    A QuickJS context must only ever be touched by the thread that made it, so each thread that
    calls gets its own, compiled on its first call (some milliseconds). Global variables of the
    function therefore live per thread; on CloudFront they live per worker and nobody may rely on
    them. `reads` and `logs` are those of the calling thread's last call.
    """

    def __init__(
        self,
        code: str,
        read: Read,
        meta: Meta | None = None,
        time_limit_seconds: float = TIME_LIMIT_SECONDS,
    ) -> None:
        """Compile `code`; `read` gives a key's value in the KeyValueStore, None when it is missing.

        `meta` answers `cf.kvs().meta()`: creationDateTime, lastUpdatedDateTime, keyCount; without
        it `meta()` rejects. Raises EdgeFunctionError when the code has a syntax error, throws
        while it is loaded, or has no function `handler`.
        """
        self._code = code
        self._read = read
        self._meta = meta
        self._time_limit_seconds = time_limit_seconds
        self._local = threading.local()
        self._local.engine = _Engine(code, time_limit_seconds)

    @property
    def reads(self) -> int:
        """How many KeyValueStore reads (`get`, `exists`) this thread's last call made."""
        return int(getattr(self._local, "reads", 0))

    @property
    def logs(self) -> list[str]:
        """What this thread's last call wrote with `console.log`, one entry per message."""
        return list(getattr(self._local, "logs", ()))

    def call(self, event: dict[str, object], raw_query: str | None = None) -> dict[str, object]:
        """What `handler(event)` returns or resolves to: a request or a response.

        `raw_query` is the viewer's query string without `?`, exactly as sent, for
        `request.rawQueryString()`; None when there was no `?`. The event is copied, not changed.
        Raises EdgeFunctionError as its class says; what `read` raises passes through.
        """
        engine = getattr(self._local, "engine", None)
        engine = engine or _Engine(self._code, self._time_limit_seconds)
        self._local.engine = None
        self._local.reads, self._local.logs = 0, []
        outcome, self._local.logs = engine.run(event, raw_query, self._serve)
        if "error" in outcome:
            if outcome["error"] == _INTERRUPTED:  # the time limit met it inside a promise's job
                raise EdgeFunctionError(_STUCK)
            raise EdgeFunctionError(f"The edge function failed: {outcome['error']}.")
        # Only now: one that failed may hold half-run jobs, or globals that fill its memory.
        self._local.engine = engine
        result = outcome["result"]
        if not isinstance(result, dict):
            raise EdgeFunctionError(f"The edge function returned {result!r}, not an object.")
        return result

    def _serve(self, what: str, key: str) -> tuple[str | None, object]:
        """(error, value) of one store request of the function."""
        if what == "meta":
            if self._meta is None:
                return "this machine's store has no meta information", None
            return None, self._meta()
        self._local.reads += 1
        return None, self._read(key)


class _Engine:
    """A QuickJS context with the function loaded; for one thread."""

    def __init__(self, code: str, time_limit_seconds: float) -> None:
        self._limit_seconds = time_limit_seconds
        self._context = quickjs.Context()
        # The shim itself is loaded without limits; they are there for the function.
        crypto = self._context.eval(_CRYPTO_JS.read_text(encoding="utf-8"))
        runtime = self._context.eval(_RUNTIME_JS.read_text(encoding="utf-8"))
        self._dispatch = runtime(crypto)
        self._context.set_memory_limit(MEMORY_LIMIT_BYTES)
        self._context.set_time_limit(time_limit_seconds)
        answer = self._send("load", without_import(code))
        if "outcome" in answer:
            problem = answer["outcome"]["error"]
            raise EdgeFunctionError(f"The edge function does not load: {problem}.")
        if not answer["ok"]:
            raise EdgeFunctionError("The edge function's code defines no function `handler`.")

    def run(
        self,
        event: dict[str, object],
        raw_query: str | None,
        serve: Callable[[str, str], tuple[str | None, object]],
    ) -> tuple[dict[str, Any], list[str]]:
        """({"result"} or {"error"}, logs) of one call; `serve` answers each store request."""
        deadline = time.monotonic() + self._limit_seconds
        state = self._send("start", {"event": event, "rawQuery": raw_query})
        while "outcome" not in state:
            if state["waiting"]:
                replies = [[number, *serve(what, key)] for number, what, key in state["waiting"]]
                self._send("answer", replies)
            elif not self._context.execute_pending_job():
                raise EdgeFunctionError(_UNSETTLED)
            self._drain(deadline)
            state = self._send("poll", None)
        return state["outcome"], state["logs"]

    def _drain(self, deadline: float) -> None:
        """Run jobs until none is left; `deadline` in seconds of the monotonic clock."""
        try:
            while self._context.execute_pending_job():
                if time.monotonic() > deadline:
                    raise EdgeFunctionError(_STUCK)
        except quickjs.JSException as error:
            raise EdgeFunctionError(_STUCK) from error

    def _send(self, op: str, payload: object) -> Any:
        try:
            return json.loads(self._dispatch(op, json.dumps(payload)))
        except (quickjs.JSException, quickjs.StackOverflow) as error:
            raise EdgeFunctionError(_STUCK) from error


_INTERRUPTED = "InternalError: interrupted"  # QuickJS's own words
_STUCK = "The edge function ran past its time limit and was stopped."
# A promise also stays open when its reaction ran out of memory.
_UNSETTLED = "The edge function waits for a promise that never settles, or ran out of memory."
