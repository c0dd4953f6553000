"""Where in its calls to AWS a task meets trouble.

Every stand-in passes its calls through one `Faults`. Inside `armed` one call of the task's own
thread, counted from 1, is the one where it happens; else calls just pass.

Calls of other threads (Copy's and Plan's) come in no order that could be repeated, so they are not
counted. When the task dies at its next counted call, which of them are still stored depends on
their names alone: some are, some are not, and the same the next time.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeVar

T = TypeVar("T")

How = Literal["die before", "die after", "answer twice", "throttle", "meanwhile"]


class Died(Exception):
    """The function was stopped here. No error of ours, and one that thread pools hand on."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at call number `at` (from 1) of a task.

    "die before" and "die after": the function is stopped, the call undone or done; its later calls
    do nothing. "answer twice": the first answer was lost and the client asked again. "throttle":
    the call is refused once. "meanwhile": `meanwhile` runs before the call, as another function.
    """

    at: int
    how: How
    meanwhile: Callable[[], None] | None = field(default=None, compare=False)


@dataclass
class _Task:
    fault: Fault | None
    thread: int = field(default_factory=threading.get_ident)
    calls: int = 0
    dead: bool = False

    @property
    def dies_next(self) -> bool:
        fault = self.fault
        return fault is not None and fault.how.startswith("die") and self.calls + 1 == fault.at


class Faults:
    """The calls of whichever task is under way."""

    def __init__(self) -> None:
        self._tasks: list[_Task] = []

    @contextmanager
    def armed(self, fault: Fault | None) -> Iterator[None]:
        """Inside, one task's calls are counted and `fault` happens to it.

        A task that has died raises Died at the end, whatever it made of it itself: its answer
        reaches nobody. May be nested: the inner task is another function.
        """
        task = _Task(fault)
        self._tasks.append(task)
        try:
            yield
        finally:
            self._tasks.remove(task)
            if task.dead:
                raise Died  # whatever was under way: nobody hears of it

    def call(self, act: Callable[[], T], refuse: Callable[[], Exception]) -> T:
        """What `act` gives, unless its task is dead or dies; `refuse` makes a throttling error."""
        task = self._tasks[-1] if self._tasks else None
        if task is None or task.thread != threading.get_ident():
            return act()
        return self._count(task, act, refuse)

    def store(self, key: str, act: Callable[[], None], refuse: Callable[[], Exception]) -> None:
        """The same for a write under `key` that other threads of the task make as well."""
        task = self._tasks[-1] if self._tasks else None
        if task is None:
            act()
        elif task.thread == threading.get_ident():
            self._count(task, act, refuse)
        elif not (task.dead or task.dies_next) or zlib.crc32(key.encode()) % 2:
            act()

    def _count(self, task: _Task, act: Callable[[], T], refuse: Callable[[], Exception]) -> T:
        task.calls += 1
        fault = task.fault
        if task.dead:
            raise Died
        if fault is None or task.calls != fault.at:
            return act()
        if fault.how == "throttle":
            raise refuse()
        if fault.how == "die before":
            task.dead = True
            raise Died
        if fault.how == "meanwhile" and fault.meanwhile:
            fault.meanwhile()
        elif fault.how == "answer twice":
            act()
        answer = act()
        if fault.how == "die after":
            task.dead = True
            raise Died
        return answer
