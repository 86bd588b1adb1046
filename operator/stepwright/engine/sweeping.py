"""Stopping what runs for an execution and should not, as far as drivers find it themselves."""

from __future__ import annotations

from functools import partial

import structlog

from stepwright.asl.signals import TaskId
from stepwright.engine import backoff
from stepwright.engine.holding import Holding
from stepwright.engine.insisting import insist
from stepwright.engine.ports import ExecutionRef, Unavailable
from stepwright.engine.world import World

log = structlog.get_logger(__name__)


class OutOfDate(Exception):  # noqa: N818 - it names a condition
    """What is known of the execution has been waited with for a while: the store may have been restored since."""


class Sweeping:
    __slots__ = ("_delays", "_holding", "_world")

    def __init__(self, world: World, holding: Holding) -> None:
        self._world = world
        self._holding = holding
        self._delays = backoff.delays()

    async def beyond(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
        """Leave only these. Raises OutOfDate where that had to wait: what is not wanted by what was read may be wanted by
        what is stored."""
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

    async def gone(self, ref: ExecutionRef) -> None:
        """Leave nothing of an execution that is stored no more, while it is this engine's."""
        for driver in self._world.drivers:
            await insist(
                ref,
                self._world.clock,
                self._holding.while_held(partial(driver.sweep, ref, frozenset())),
            )

    async def abandoned(self, ref: ExecutionRef) -> None:
        """Leave nothing of an execution that was deleted and is served no more, as far as the drivers know of it. What its
        deletion takes with it needs no stop, so this is for speed, for drivers outside the cluster, and for drivers to
        forget what they watched."""
        for driver in self._world.drivers:
            await insist(ref, self._world.clock, partial(driver.sweep, ref, frozenset()))
