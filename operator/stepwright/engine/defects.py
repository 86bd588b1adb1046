"""Unforeseen exceptions, in a step or on the way to its write. None of them leaves an execution hanging.

The first time, the execution is read again and the step repeated: the failure may have been temporary. The
second time, the execution fails with ``States.Runtime``, which nothing catches. The cause says where to look
in the log, and only the class of the exception: its message may contain data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stepwright.asl.failure import errors
from stepwright.asl.signals import Break

PAUSE_SECONDS: Final = 1.0
"""The pause before a failed step is tried again."""

TIMES: Final = 2
"""How often a step may fail before its execution does."""
TIMES_IN_ALL: Final = 8
"""The same for all steps of an execution since it was taken up: otherwise one that advances a little in
between would never end."""


@dataclass(frozen=True, slots=True)
class Defect:
    error_id: str
    """The id in the log beside the trace, and in the cause."""
    kind: str
    """The exception's class."""
    times: int
    """How often this step has failed so far."""

    @property
    def hopeless(self) -> bool:
        """Even failing the execution has failed."""
        return self.times > TIMES

    @property
    def cause(self) -> str:
        return (
            f"An internal error of Stepwright ({self.kind}) kept the execution from going on. "
            f"Its log says more at error_id {self.error_id}."
        )


class Defects:
    """The defects of one execution while it runs here."""

    __slots__ = ("_in_all", "_last", "_seq")

    def __init__(self) -> None:
        self._last: Defect | None = None
        self._seq: int | None = None
        self._in_all = 0

    def met(self, error: Exception, seq: int, error_id: str) -> Defect:
        """``seq``: how often the execution had been written, which identifies the step."""
        self._in_all += 1
        before = self._last.times if self._last is not None and self._seq == seq else 0
        if not before and self._in_all >= TIMES_IN_ALL:
            before = TIMES - 1
        self._seq = seq
        self._last = Defect(error_id, type(error).__name__, before + 1)
        return self._last

    def failure(self, seq: int) -> Break | None:
        """How the execution fails instead of continuing from ``seq``; None if it may continue."""
        if self._last is None or self._seq != seq or self._last.times < TIMES:
            return None
        return Break(errors.RUNTIME, self._last.cause)
