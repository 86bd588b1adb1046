"""One live execution: its incoming signals, and its run, however often that has to start again."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import structlog

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import NewerVersion
from stepwright.asl.signals import Millis, Signal, TaskId, TimerFired
from stepwright.engine import defects
from stepwright.engine.brake import Brake
from stepwright.engine.carrying import Carrying
from stepwright.engine.defects import Defect, Defects
from stepwright.engine.holding import PATIENCE_SECONDS, Holding
from stepwright.engine.insisting import OutOfDate, insist
from stepwright.engine.mailbox import Mailbox
from stepwright.engine.moments import Moments
from stepwright.engine.parking import Parked
from stepwright.engine.ports import (
    Elsewhere,
    ExecutionRef,
    Fenced,
    Gone,
    Heartbeat,
    JournalError,
    Loaded,
    Refused,
    Reported,
)
from stepwright.engine.sweeping import Sweeping
from stepwright.engine.world import World

log = structlog.get_logger(__name__)


class Run:
    """``loaded`` is where to continue from. Without it the journal is asked first; ``parked``: what is known of it."""

    __slots__ = (
        "_brake",
        "_carrying",
        "_defects",
        "_holding",
        "_known",
        "_loaded",
        "_mailbox",
        "_moments",
        "_sweeping",
        "_world",
        "ref",
    )

    def __init__(
        self, ref: ExecutionRef, world: World, loaded: Loaded | None, parked: Parked | None = None
    ) -> None:
        self.ref = ref
        self._world = world
        self._loaded = loaded
        self._known = parked
        self._mailbox = Mailbox(ref.uid, world.clock, world.timers)
        self._holding = Holding(ref.uid, world.lease, world.clock)
        self._moments = Moments(world.clock, world.seed)
        self._brake = Brake(world.limits.events_per_second)
        self._sweeping = Sweeping(world, self._holding)
        self._defects = Defects()
        self._carrying: Carrying | None = None
        """What ran it last, while it is being read again."""

    # --- What comes in -------------------------------------------------------------------------------------------

    def post(self, reported: Reported) -> None:
        """Never blocks. A sign of life counts at once, and changes nothing that is written."""
        carrying = self._carrying
        if isinstance(reported, Heartbeat):
            if carrying is not None:
                carrying.heartbeat(reported.task)
        elif not (
            isinstance(reported, TimerFired) and carrying is not None and carrying.expire(reported.timer)
        ):
            self._mailbox.post(reported)

    async def read(self) -> None:
        """Return once what was due is processed and written."""
        await self._mailbox.read()

    def restate(self) -> None:
        """Somebody has edited what is stored: write all of it again."""
        self._mailbox.restates = True
        self._mailbox.look()

    def unread(self) -> list[Signal]:
        """Signals that came too late to be processed."""
        return self._mailbox.unread()

    def has_open(self, task: TaskId, scheduled: Millis | None = None) -> bool:
        """Whether the task is open by what is written, and stays so by what is being written. ``scheduled``:
        when it must have been scheduled, if known."""
        if self._carrying is not None:
            return self._carrying.has_open(task, scheduled)
        if self._loaded is None:
            return self._known is not None and self._known.has_open(task, scheduled)
        return checkpoints.has_open_encoded(self._loaded.parts, task, scheduled)

    @property
    def is_ending(self) -> bool:
        """Whether its end is written here: only cleaning up is left to do."""
        return self._carrying is not None and self._carrying.is_ending

    # --- Who carries it ------------------------------------------------------------------------------------------

    async def serve(self) -> Parked | None:
        """Run the execution to its end. Returns when it has settled, is gone, or belongs to another engine,
        and earlier if there is nothing to do for long."""
        try:
            while True:
                try:
                    return await self._carried(self._loaded or await self._load())
                except Fenced:
                    await self._let_go()
                    if not await self._holding.within(PATIENCE_SECONDS):
                        log.info("execution left to another engine", execution=str(self.ref))
                        return None
                    log.warning(
                        "another writer has advanced the execution, reloading", execution=str(self.ref)
                    )
                    self._loaded = None
                except OutOfDate:
                    await self._let_go()
                    self._loaded = None
                except Gone:
                    log.info("execution is gone", execution=str(self.ref))
                    await self._let_go()
                    if await self._sweeping.gone(self.ref):
                        return None
                    self._loaded = None
                except (JournalError, NewerVersion):
                    raise
                except Exception as error:
                    # It must neither end the others nor leave this one stuck forever.
                    seq = 0 if self._carrying is None else self._carrying.seq
                    defect = self._defects.met(error, seq, self._world.commit_id())
                    log.exception(
                        "execution failed in the engine",
                        execution=str(self.ref),
                        error_id=defect.error_id,
                        times=defect.times,
                    )
                    await self._recover(defect)
        except NewerVersion as newer:
            # Nothing is lost: a version that knows it will continue it.
            log.error("execution is for a newer version", execution=str(self.ref), reason=str(newer))
            self._world.observer.stalled(self.ref, str(newer))
        except Elsewhere as error:
            log.warning("execution left to others", execution=str(self.ref), reason=str(error))
        except Refused as error:
            log.error("execution cannot go on", execution=str(self.ref), reason=str(error))
            self._world.observer.stalled(self.ref, str(error))
        finally:
            self._holding.over = True
            await self._let_go()
        return None

    async def abandon(self) -> None:
        """The execution was deleted and no longer runs here: stop what runs for it, as far as the drivers
        know."""
        await self._sweeping.gone(self.ref)

    def _carried(self, loaded: Loaded) -> Coroutine[Any, Any, Parked | None]:
        self._loaded = None
        self._carrying = Carrying(
            loaded,
            self._world,
            self._mailbox,
            self._holding,
            self._moments,
            self._brake,
        )
        return self._carrying.on(loaded, self._defects.failure(loaded.seq), self._sweeping)

    async def _load(self) -> Loaded:
        try:
            async with self._world.loads.of(self.ref.namespace):
                self.ref = (loaded := await self._read()).ref
                return loaded
        finally:
            self._known = None

    async def _read(self) -> Loaded:
        """What is old may do if it was parked with nothing but timers: but if there are tasks, it has gone on since then, and they
        would be stopped as unwanted."""
        journal, clock, known = self._world.journal, self._world.clock, self._known
        if known is not None and not known.tasks:
            loaded = await insist(self.ref, clock, lambda: journal.load(self.ref, known.seq))
            if not any(driver.holds(self.ref.uid) for driver in self._world.drivers):
                return loaded
        return await insist(self.ref, clock, lambda: journal.load(self.ref))

    async def _recover(self, defect: Defect) -> None:
        """Prepare to try again, or to fail the execution instead. Raises Refused if that has failed, too."""
        self._world.observer.broke(self.ref)
        if defect.hopeless:
            raise Refused(defect.cause)
        await self._let_go()
        self._loaded = None
        await self._world.clock.sleep(defects.PAUSE_SECONDS)

    async def _let_go(self) -> None:
        """Leave nothing under way; what has been written stays as it is."""
        self._world.timers.cancel_all(self.ref.uid)
        self._mailbox.timers_cancelled()
        if self._carrying is not None:
            await self._carrying.leave()
