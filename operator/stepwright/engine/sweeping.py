"""Stops what should not run for an execution, as far as drivers find it themselves."""

from __future__ import annotations

from functools import partial

import structlog

from stepwright.asl.signals import TaskId
from stepwright.engine import backoff
from stepwright.engine.holding import PATIENCE_SECONDS, Holding
from stepwright.engine.insisting import OutOfDate, all_of, insist
from stepwright.engine.ports import ExecutionRef, JournalError, TaskDriver, Unavailable
from stepwright.engine.world import World

log = structlog.get_logger(__name__)


class _Anothers(Exception):  # noqa: N818
    """Another engine has the lease."""


class Sweeping:
    __slots__ = ("_delays", "_holding", "_world")

    def __init__(self, world: World, holding: Holding) -> None:
        self._world = world
        self._holding = holding
        self._delays = backoff.delays()

    async def beyond(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
        """Leave only these. A driver that fails keeps no other from it. Raises OutOfDate if that had to wait: what is not wanted by
        what was read may be wanted by what is stored."""
        if not self._holding.held:
            await self._holding.until_held()
            raise OutOfDate
        try:
            await all_of(partial(driver.sweep, ref, wanted) for driver in self._world.drivers)
        except Unavailable as error:
            delay = next(self._delays)
            log.warning("sweep waits", execution=str(ref), reason=str(error), retry=delay)
            await self._world.clock.sleep(delay)
            raise OutOfDate from error
        self._delays = backoff.delays()

    async def gone(self, ref: ExecutionRef) -> bool:
        """Stop everything for an execution that is no longer stored, unless another engine runs it by now. Returns False
        if it is stored again, which is checked before each attempt: while one waits, a restore of the store may
        bring it back, with what ran for it. What one driver cannot stop keeps no other from it, and nobody from being done."""
        for driver in self._world.drivers:
            try:
                is_gone = await insist(ref, self._world.clock, partial(self._clear_away, driver, ref))
            except _Anothers:
                self._let_go(ref)
                return True
            except JournalError:
                raise
            except Exception:
                log.exception("what a driver runs for an execution that is gone is left", execution=str(ref))
                continue
            if not is_gone:
                self._let_go(ref)
                return False
        return True

    async def _clear_away(self, driver: TaskDriver, ref: ExecutionRef) -> bool:
        if not await self._holding.within(PATIENCE_SECONDS):
            raise _Anothers
        is_gone = await self._world.journal.is_gone(ref)
        if is_gone:
            await driver.sweep(ref, frozenset())
        return is_gone

    def _let_go(self, ref: ExecutionRef) -> None:
        for driver in self._world.drivers:
            driver.let_go(ref.uid)
