"""The bounded pool of daemon threads."""

from __future__ import annotations

import logging
import threading

import pytest

from decant.local.codepipeline.workers import DaemonWorkers

LIMIT_SECONDS = 10


def test_runs_at_most_as_many_jobs_as_allowed_and_the_others_after() -> None:
    workers = DaemonWorkers("test", 2)
    running = threading.Semaphore(0)
    go_on = threading.Event()
    done = threading.Semaphore(0)

    def job() -> None:
        running.release()
        assert go_on.wait(LIMIT_SECONDS)
        done.release()

    for _ in range(3):
        workers.submit(job)
    assert running.acquire(timeout=LIMIT_SECONDS)
    assert running.acquire(timeout=LIMIT_SECONDS)
    assert not running.acquire(blocking=False)
    go_on.set()
    for _ in range(3):
        assert done.acquire(timeout=LIMIT_SECONDS)


def test_a_job_that_fails_is_logged_and_the_next_one_runs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    workers = DaemonWorkers("test", 1)
    done = threading.Event()

    def broken() -> None:
        raise ValueError("broken")

    with caplog.at_level(logging.ERROR, "decant.local"):
        workers.submit(broken)
        workers.submit(done.set)
        assert done.wait(LIMIT_SECONDS)
    assert "A job of test ended with an error." in caplog.text


def test_threads_do_not_keep_the_process_alive() -> None:
    workers = DaemonWorkers("test", 1)
    seen: list[bool] = []
    done = threading.Event()

    def look() -> None:
        seen.append(threading.current_thread().daemon)
        done.set()

    workers.submit(look)
    assert done.wait(LIMIT_SECONDS)
    assert seen == [True]
