"""Which executions are being stepped right now, for another thread to read: a step that does not end can only
be noticed from outside."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from stepwright.engine.ports import ExecutionRef

T = TypeVar("T")

Current: TypeAlias = tuple[int, ExecutionRef]
"""A step's number, which never repeats, and whose it is."""


class Stepping:
    """At most one step in the loop, and one beside it. Each is set by one assignment: readers see the old or
    the new one."""

    def __init__(self) -> None:
        self._count = 0
        self.current: Current | None = None
        """In the loop."""
        self.aside: Current | None = None
        """In a thread beside it."""
        self.thread: int | None = None
        """The thread that last took steps beside the loop."""

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
