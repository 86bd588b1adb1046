"""Stops what should not run for an execution, as far as drivers find it themselves."""

from __future__ import annotations

from functools import partial

import structlog

from stepwright.asl.signals import TaskId
from stepwright.engine import backoff
from stepwright.engine.holding import Holding
from stepwright.engine.insisting import insist
from stepwright.engine.ports import ExecutionRef, TaskDriver, Unavailable
from stepwright.engine.world import World

log = structlog.get_logger(__name__)


class OutOfDate(Exception):  # noqa: N818 - it names a condition
    """What was read of the execution is old, after a wait: the store may have been restored since."""


class Sweeping:
    __slots__ = ("_delays", "_holding", "_world")

    def __init__(self, world: World, holding: Holding) -> None:
        self._world = world
        self._holding = holding
        self._delays = backoff.delays()

    async def beyond(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
        """Leave only these. Raises OutOfDate if that had to wait: what is not wanted by what was read may be
        wanted by what is stored."""
        if not self._holding.held:
            await self._holding.until_held()
            raise OutOfDate
        for driver in self._world.drivers:
            try:
                await driver.sweep(ref, wanted)
            except Unavailable as error:
                delay = next(self._delays)
                log.warning("sweep waits", execution=str(ref), reason=str(error), retry=delay)
                await self._world.clock.sleep(delay)
                raise OutOfDate from error
        self._delays = backoff.delays()

    async def gone(self, ref: ExecutionRef) -> bool:
        """Leave nothing of an execution that is stored no more; whether it still is not. Asked before each attempt: a
        restore of the store may bring it back, with what ran for it, while one is waited for."""
        for driver in self._world.drivers:
            if not await insist(ref, self._world.clock, partial(self._clear_away, driver, ref)):
                for each in self._world.drivers:
                    each.let_go(ref.uid)
                return False
        return True

    async def _clear_away(self, driver: TaskDriver, ref: ExecutionRef) -> bool:
        await self._holding.until_held()
        is_gone = await self._world.journal.is_gone(ref)
        if is_gone:
            await driver.sweep(ref, frozenset())
        return is_gone
