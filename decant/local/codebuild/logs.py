"""Writes a build's output to CloudWatch Logs, as the build's own role."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

logger = logging.getLogger("decant.local")

KB = 1024
MB = 1024 * KB
MAX_LOG_BYTES = 10 * MB  # of one build; memory of the server
MAX_LINE_CHARACTERS = 64 * KB
_BATCH_LINES = 500
_BATCH_BYTES = 512 * KB
_FLUSH_SECONDS = 0.5


class LogStream:
    """One stream; lines are sent in batches every half second by a thread of its own."""

    def __init__(
        self, client: Any, group: str, stream: str, clock: Callable[[], float] = time.time
    ) -> None:
        """`client` is a CloudWatch Logs client; `clock` gives seconds since 1970."""
        self._client = client
        self._where = {"logGroupName": group, "logStreamName": stream}
        self._clock = clock
        self._lock = threading.Lock()
        self._lines: list[dict[str, Any]] = []
        self._bytes = 0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._keep_sending, daemon=True)

    def open(self) -> None:
        """Create the stream and, when there is none, its group; raises ClientError if denied."""
        try:
            self._client.create_log_stream(**self._where)
        except self._client.exceptions.ResourceNotFoundException:
            self._client.create_log_group(logGroupName=self._where["logGroupName"])
            self._client.create_log_stream(**self._where)
        self._thread.start()

    def write(self, line: str) -> None:
        """Add a line; what comes after 10 MB is dropped, and the last line says so."""
        text = line[:MAX_LINE_CHARACTERS] or " "  # an event may not be empty
        with self._lock:
            if self._bytes > MAX_LOG_BYTES:
                return
            self._bytes += len(text.encode()) + 1
            if self._bytes > MAX_LOG_BYTES:
                text = f"The log is cut off here: it has reached {MAX_LOG_BYTES // MB} MB."
            self._lines.append({"timestamp": int(self._clock() * 1000), "message": text})

    def close(self) -> None:
        """Send what is left."""
        self._closed.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _keep_sending(self) -> None:
        while not self._closed.wait(_FLUSH_SECONDS):
            if not self._send_all():
                return
        self._send_all()

    def _send_all(self) -> bool:
        while batch := self._take_batch():
            try:
                self._client.put_log_events(**self._where, logEvents=batch)
            except (ClientError, BotoCoreError) as error:
                logger.warning("The log of %s is lost: %s", self._where["logStreamName"], error)
                return False
        return True

    def _take_batch(self) -> list[dict[str, Any]]:
        with self._lock:
            size, count = 0, 0
            for line in self._lines[:_BATCH_LINES]:
                size += len(line["message"].encode())
                if count and size > _BATCH_BYTES:
                    break
                count += 1
            batch, self._lines = self._lines[:count], self._lines[count:]
            return batch
