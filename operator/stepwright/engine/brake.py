"""How fast the history of one execution may grow: many events at once, then so many a second.

A loop without a Wait would otherwise fill the store as fast as it can be written, and everybody shares the
store. Only the continuation of a step that was cut (``more``) waits here: signals, including a stop, never
do.
"""

from __future__ import annotations

from typing import Final

from stepwright.asl.signals import Millis

SECONDS_AT_ONCE: Final = 10
"""An execution that did little before may record the events of this many seconds at once."""
SECONDS_SAVED: Final = 1
"""Once they are used up it waits for this many seconds' worth: one write for all of them, not one for
each."""


class Brake:
    """``per_second`` None: no limit."""

    __slots__ = ("_at", "_closed", "_left", "_per_second")

    def __init__(self, per_second: int | None) -> None:
        self._per_second = per_second
        self._left = float((per_second or 0) * SECONDS_AT_ONCE)
        self._at: Millis | None = None
        self._closed = False

    def spend(self, events: int, now: Millis) -> None:
        """``events`` were recorded, perhaps more than there was room for: a step is never cut short."""
        if self._per_second is not None:
            self._refill(self._per_second, now)
            self._left -= events

    def opens(self, now: Millis) -> Millis:
        """When the execution may continue; ``now`` if it may at once."""
        if self._per_second is None:
            return now
        self._refill(self._per_second, now)
        needed = self._per_second * SECONDS_SAVED if self._closed else 1
        self._closed = self._left < needed
        if not self._closed:
            return now
        missing = self._per_second * SECONDS_SAVED - self._left
        return Millis(now + max(int(missing * 1000 / self._per_second), 1))

    def _refill(self, per_second: int, now: Millis) -> None:
        since = 0 if self._at is None else max(now - self._at, 0)  # a clock may be set back
        self._left = min(self._left + since * per_second / 1000, per_second * SECONDS_AT_ONCE)
        self._at = now
