"""A bounded number of daemon threads: work in progress never keeps the server from ending."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

logger = logging.getLogger("decant.local")


class DaemonWorkers:
    """Runs jobs in the order they came in, at most `limit` at a time."""

    def __init__(self, name: str, limit: int) -> None:
        """Start no thread yet: they come with the jobs and go when none is left."""
        self._name = name
        self._limit = limit
        self._lock = threading.Lock()
        self._jobs: deque[Callable[[], None]] = deque()
        self._threads = 0

    def submit(self, job: Callable[[], None]) -> None:
        """Run `job` as soon as a thread is free; an error it raises is logged."""
        with self._lock:
            self._jobs.append(job)
            if self._threads >= self._limit:
                return
            self._threads += 1
        threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._threads -= 1
                    return
                job = self._jobs.popleft()
            try:
                job()
            except Exception:  # the edge of a thread: nobody above can report it
                logger.exception("A job of %s ended with an error.", self._name)
