"""Runs uploads in threads while the bytes that they hold stay below a bound."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from chalicelib.work import MB

WINDOW_BYTES = 16 * MB  # at 100 ms a round trip still 160 MB/s

# PUTs under way at once. If one takes 30 ms, 16 make 530 files a second, and 8 shards at once more
# than the 3,500 that S3 takes below one prefix.
THREADS = 16


class Window:
    """Bounds the bytes that wait to be stored; the first failure comes out of the next call.

    Used as a context: at its end all threads have ended.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS)
        self._changed = threading.Condition()
        self._held_bytes = 0
        self._failure: Exception | None = None

    def __enter__(self) -> Window:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def submit(self, held_bytes: int, store: Callable[[], None]) -> None:
        """Run `store` in another thread, once there is room for the bytes that it holds (at most
        `WINDOW_BYTES`). Raises an earlier failure."""
        with self._changed:
            while self._held_bytes + held_bytes > WINDOW_BYTES and not self._failure:
                self._changed.wait()
            self._raise_failure()
            self._held_bytes += held_bytes
        self._pool.submit(self._run, held_bytes, store)

    def drain(self) -> None:
        """Wait until all is stored; nothing can be submitted after. Raises the first failure."""
        self.end()
        self._raise_failure()

    def end(self) -> None:
        """Wait until nothing is under way; nothing can be submitted after."""
        self._pool.shutdown()  # and not the condition, which every file would wake

    def _run(self, held_bytes: int, store: Callable[[], None]) -> None:
        failure = None
        try:
            if not self._failure:  # else the shard has failed: store no more of it
                store()
        except Exception as error:  # noqa: BLE001 - the reading thread raises it again
            failure = error
        with self._changed:
            self._held_bytes -= held_bytes
            self._failure = self._failure or failure
            self._changed.notify()

    def _raise_failure(self) -> None:
        if self._failure:
            raise self._failure
