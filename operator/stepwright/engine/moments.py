"""The moments of one execution: they never go back, whichever clock it used before."""

from __future__ import annotations

from collections.abc import Callable

from stepwright.asl.signals import Millis, Moment
from stepwright.engine.ports import Clock


class Moments:
    __slots__ = ("_clock", "_latest", "_seed")

    def __init__(self, clock: Clock, seed: Callable[[], int]) -> None:
        self._clock = clock
        self._seed = seed
        self._latest = Millis(0)

    def not_before(self, known: Millis) -> None:
        """Something was recorded at this moment."""
        self._latest = max(self._latest, known)

    def now(self) -> Millis:
        self.not_before(self._clock.now())
        return self._latest

    def next(self, at: Millis | None = None) -> Moment:
        """The moment of a step: now, or a known one."""
        return Moment(self.now() if at is None else at, self._seed())
