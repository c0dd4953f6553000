"""Who may be in a stage: the locks of the execution modes QUEUED and SUPERSEDED.

Touches only its own memory; waiting threads are woken, never polled.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from decant.local.codepipeline.errors import Superseded


@dataclass(slots=True)
class _Gate:
    holder: str | None = None
    waiting: list[str] = field(default_factory=list)
    overtaken: set[str] = field(default_factory=set)


class StageGates:
    """One gate per stage: a single execution inside, the others in order of arrival."""

    def __init__(self) -> None:
        """No execution is anywhere yet."""
        self._changed = threading.Condition()
        self._gates: dict[Hashable, _Gate] = {}

    def arrive(self, stage: Hashable, execution_id: str, *, overtake: bool) -> None:
        """Stand in line; with `overtake`, whoever waits there already is superseded."""
        with self._changed:
            gate = self._gates.setdefault(stage, _Gate())
            if execution_id in gate.waiting:
                return
            if overtake:
                gate.overtaken.update(gate.waiting)
                gate.waiting.clear()
            gate.waiting.append(execution_id)
            self._changed.notify_all()

    def enter(self, stage: Hashable, execution_id: str, halted: Callable[[], bool]) -> bool:
        """Wait for the turn of an execution that has arrived; False when `halted` says to stop.

        Raises Superseded when a newer execution has taken the place.
        """
        with self._changed:
            gate = self._gates.setdefault(stage, _Gate())
            while True:
                if execution_id in gate.overtaken:
                    gate.overtaken.discard(execution_id)
                    raise Superseded(f"A newer execution overtook {execution_id}.")
                if halted():
                    if execution_id in gate.waiting:
                        gate.waiting.remove(execution_id)
                    self._changed.notify_all()
                    return False
                if gate.holder is None and gate.waiting[:1] == [execution_id]:
                    gate.waiting.pop(0)
                    gate.holder = execution_id
                    return True
                self._changed.wait()

    def leave(self, stage: Hashable, execution_id: str) -> None:
        """Let the next one in; nothing happens when `execution_id` is not inside."""
        with self._changed:
            gate = self._gates.get(stage)
            if gate and gate.holder == execution_id:
                gate.holder = None
                self._changed.notify_all()

    def wake(self) -> None:
        """Have every waiting execution look again at whether it is halted."""
        with self._changed:
            self._changed.notify_all()
