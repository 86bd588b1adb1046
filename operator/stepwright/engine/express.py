"""Express executions: run by an engine whose journal forgets, and gone when they end.

One that ends in its first step without calling anything needs no engine at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from stepwright.asl.limits import EXPRESS, Limits
from stepwright.asl.step import Outcome
from stepwright.asl.unusable import Unusable, known_later
from stepwright.engine.alone import Held
from stepwright.engine.engine import Engine
from stepwright.engine.forgetting import ExpressJournal
from stepwright.engine.ports import Clock, ExecutionRef, Loaded, StopRequest, TaskDriver, TokenIn
from stepwright.engine.reports import Reports
from stepwright.engine.steps import Aside, Whose


class Express:
    """``finished`` is called once an execution no longer runs. ``aside``, ``whose``, ``token``,
    ``unusable``, ``reports``: see ``Engine``."""

    def __init__(
        self,
        drivers: Sequence[TaskDriver],
        clock: Clock,
        limits: Limits = EXPRESS,
        aside: Aside | None = None,
        whose: Whose | None = None,
        finished: Callable[[ExecutionRef], None] = lambda _ref: None,
        token: TokenIn | None = None,
        unusable: Unusable = known_later,
        reports: Reports | None = None,
    ) -> None:
        self._journal = ExpressJournal()
        self._finished = finished
        self._engine = Engine(
            self._journal,
            drivers,
            Held(),
            clock=clock,
            limits=limits,
            aside=aside,
            whose=whose,
            finished=finished,
            token=token,
            unusable=unusable,
            reports=reports,
        )

    async def run(self) -> None:
        """Until cancelled."""
        await self._engine.run()

    def start(self, loaded: Loaded) -> None:
        """Begin a new execution whose outcome nobody awaits."""
        if self._at_once(loaded) is None:
            self._begin(loaded)

    async def outcome(self, loaded: Loaded) -> tuple[Outcome, int]:
        """Run a new execution. Returns its outcome, and when it ended (milliseconds). It is stopped if nobody
        waits any more."""
        if (ended := self._at_once(loaded)) is not None:
            return ended
        try:
            return await self._begin(loaded)
        except asyncio.CancelledError:
            self._engine.stop_execution(loaded.ref.uid, StopRequest())
            raise

    def _at_once(self, loaded: Loaded) -> tuple[Outcome, int] | None:
        ended = self._engine.at_once(loaded)
        if ended is not None:
            self._finished(loaded.ref)
        return ended

    def _begin(self, loaded: Loaded) -> asyncio.Future[tuple[Outcome, int]]:
        ended = self._journal.add(loaded)
        self._engine.adopt(loaded)
        return ended
