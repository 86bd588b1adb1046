"""Which execution is being stepped at this moment, for another thread to look at: a step that does not end can only be
told from outside."""

from __future__ import annotations

from stepwright.engine.ports import ExecutionRef


class Stepping:
    """Two assignments a step; whoever looks sees one step or another, never half of one."""

    def __init__(self) -> None:
        self._number = 0
        self._ref: ExecutionRef | None = None

    def begin(self, ref: ExecutionRef) -> None:
        self._number += 1
        self._ref = ref

    def end(self) -> None:
        self._ref = None

    @property
    def current(self) -> tuple[int, ExecutionRef] | None:
        """The step's number, which never repeats, and whose it is; None between steps."""
        number, ref = self._number, self._ref
        return None if ref is None else (number, ref)
