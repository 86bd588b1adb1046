"""Which executions are being stepped at this moment, for another thread to look at: a step that does not end can only be
told from outside."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from stepwright.engine.ports import ExecutionRef

T = TypeVar("T")

Current: TypeAlias = tuple[int, ExecutionRef]
"""A step's number, which never repeats, and whose it is."""


class Stepping:
    """One step in the loop, and one beside it at most. An assignment each: whoever looks sees one or another."""

    def __init__(self) -> None:
        self._count = 0
        self.current: Current | None = None
        """In the loop."""
        self.aside: Current | None = None
        """In a thread beside it."""
        self.thread: int | None = None
        """The thread in which steps beside the loop were taken last."""

    def begin(self, ref: ExecutionRef) -> None:
        self._count += 1
        self.current = (self._count, ref)

    def end(self) -> None:
        self.current = None

    def begin_aside(self, ref: ExecutionRef) -> None:
        self._count += 1
        self.aside = (self._count, ref)

    def in_thread(self, step: Callable[[], T]) -> T:
        """Take the step beside the loop: called in the thread that takes it."""
        self.thread = threading.get_ident()
        return step()

    def end_aside(self) -> None:
        self.aside = None
