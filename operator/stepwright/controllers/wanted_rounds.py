"""Which rounds through the executions that have settled are to be made, and when (``rounds`` makes them).

A whole round is made at the start, and then before the first execution that ``retention`` does not remember is due. A
round through one state machine's executions is made when somebody asks for it, but at most once a minute.
"""

from __future__ import annotations

import asyncio
from typing import Final

from stepwright.asl.signals import Millis
from stepwright.controllers.state_machine_watch import Key
from stepwright.engine.nap import nap
from stepwright.engine.ports import Clock

SETTLING_MILLISECONDS: Final = 3_000
"""Reasons for a whole round (operators come, state machines are listed) come in groups: one round serves
all."""
LEAST_GAP_MILLISECONDS: Final = 60_000
"""Between two rounds through the same executions ..."""
WHOLE_GAP_MILLISECONDS: Final = 5_000
"""... and between two whole ones, which no tenant can ask for."""

Scope = Key | None
"""A state machine; None is all of them."""


class WantedRounds:
    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self._wanted: dict[Scope, Millis] = {}
        self._last: dict[Scope, Millis] = {}
        self._changed: Final = asyncio.Event()

    def look_at(self, scope: Scope) -> None:
        """Make a round soon; for one state machine at once, unless there was one within the minute."""
        now = self._clock.now()
        wait, gap = (
            (SETTLING_MILLISECONDS, WHOLE_GAP_MILLISECONDS) if scope is None else (0, LEAST_GAP_MILLISECONDS)
        )
        soon = max(now + wait, self._last.get(scope, Millis(0)) + gap)
        if self._wanted.get(scope, soon + 1) > soon:
            self._wanted[scope] = Millis(soon)
            self._changed.set()

    def begin(self) -> None:
        """A whole round comes first."""
        self._wanted[None] = self._clock.now()

    async def next(self) -> Scope:
        """Return once a round is due, which is then not wanted any more."""
        while True:
            scope = min(self._wanted, key=self._wanted.__getitem__)
            seconds = (self._wanted[scope] - self._clock.now()) / 1000
            if seconds <= 0:
                del self._wanted[scope]
                return scope
            self._changed.clear()
            await nap(self._clock, min(seconds, self._clock.longest_sleep_seconds), self._changed)

    def made(self, scope: Scope) -> None:
        self._last[scope] = self._clock.now()

    def plan_whole(self, horizon: Millis) -> None:
        """Plan the next whole round: before ``horizon``, up to which all that falls due is remembered."""
        soonest = self._last.get(None, Millis(0)) + LEAST_GAP_MILLISECONDS
        due = Millis(max(horizon - LEAST_GAP_MILLISECONDS, soonest))
        self._wanted[None] = min(self._wanted.get(None, due), due)
        now = self._clock.now()
        for scope, last in list(self._last.items()):
            if scope is not None and now - last >= LEAST_GAP_MILLISECONDS:
                del self._last[scope]
