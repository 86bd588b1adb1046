"""Work on an execution is tried until it is done, or nothing is left to do.

If a service is away, it is waited for. After a defect the work is tried once more, and then the execution
ends (``defective``). If the status has no room, the work is given up until the object changes.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from stepwright.cluster import conditions
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.uncarried import Refusals, Unwritable
from stepwright.controllers.defective import Defective
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.failing import Failing
from stepwright.controllers.failure_events import FailureEvents
from stepwright.engine import backoff, defects
from stepwright.engine.defects import Defect, Defects
from stepwright.engine.observer import Observer
from stepwright.engine.ports import Clock, Elsewhere, ExecutionRef, Gone, Uid, Unavailable

log = structlog.get_logger(__name__)

# After this many attempts a Pending execution says what it waits for.
SILENT_ATTEMPTS = 4


class NotHeld(Unavailable):
    """It belongs to another operator, or may soon."""


class Insisting:
    """``held``: whether the execution may be acted on right now; ``carries``: whether the engine has it;
    ``find`` returns what the watch has of one."""

    def __init__(
        self,
        journal: ClusterJournal,
        refusals: Refusals,
        failing: Failing,
        failures: FailureEvents,
        clock: Clock,
        observer: Observer,
        *,
        held: Callable[[Uid], bool],
        carries: Callable[[Uid], bool],
        find: Callable[[ExecutionRef], Seen | None],
    ) -> None:
        self._journal: Final = journal
        self._refusals: Final = refusals
        self._failing: Final = failing
        self._failures: Final = failures
        self._clock: Final = clock
        self._observer: Final = observer
        self._held: Final = held
        self._carries: Final = carries
        self._find: Final = find
        self._defective: Final = Defective(journal, refusals, failing.fail_for_defect, find)
        self._unwritable: dict[Uid, str] = {}
        """Executions given up because of their size, each with the resourceVersion for which that holds."""

    def has_given_up(self, seen: Seen) -> bool:
        """Whether nothing can be done about it because it has not changed since it was given up."""
        return self._defective.holds(seen) or self._unwritable.get(seen.uid) == seen.metadata.resourceVersion

    def forget(self, uid: Uid) -> None:
        self._unwritable.pop(uid, None)
        self._defective.forget(uid)

    async def while_held(
        self, ref: ExecutionRef, act: Callable[[], Awaitable[None]], failed: Exception | None = None
    ) -> None:
        """``until_done``; each attempt only while the execution is this operator's."""

        async def attempt() -> None:
            if not self._held(ref.uid):
                raise NotHeld("it belongs to another operator, or may soon")
            await act()

        await self.until_done(ref, attempt, failed)

    async def until_done(
        self, ref: ExecutionRef, act: Callable[[], Awaitable[None]], failed: Exception | None = None
    ) -> None:
        """Try ``act`` until it ends without an error, the execution is gone or another's, or it is given up. ``failed``:
        how it has failed already, before this was asked for."""
        met = Defects()
        if failed is not None:
            self._count(ref, met, failed)
        for attempt, delay in enumerate(backoff.delays(), 1):
            try:
                await act()
                return
            except Unavailable as error:
                log.warning(
                    "execution waits to be taken up", execution=str(ref), reason=str(error), retry=delay
                )
                if attempt == SILENT_ATTEMPTS and not isinstance(error, NotHeld):
                    await self._say_why(ref, str(error))
            except (Gone, Elsewhere):
                return
            except Unwritable as error:
                if await self._end_without_room(ref, error):
                    return
            except Exception as error:  # noqa: BLE001 - counted, logged, and given up in the end
                defect = self._count(ref, met, error)
                if defect.times >= defects.TIMES and await self._give_up_defective(ref, defect):
                    return
            await self._clock.sleep(delay)

    def _count(self, ref: ExecutionRef, met: Defects, error: Exception) -> Defect:
        defect = met.met(error, 0, uuid.uuid4().hex)
        log.error(
            "execution cannot be taken up",
            execution=str(ref),
            error_id=defect.error_id,
            times=defect.times,
            exc_info=error,
        )
        self._observer.broke(ref)
        return defect

    async def _give_up_defective(self, ref: ExecutionRef, defect: Defect) -> bool:
        """Whether nothing more can be done about it."""
        if self._carries(ref.uid):
            return True  # it runs on; only examining it failed
        if not self._held(ref.uid):
            return False
        try:
            return await self._defective.give_up(ref, defect)
        except Unwritable as error:
            self._give_up_writing(ref, error)
            return True

    async def _end_without_room(self, ref: ExecutionRef, error: Unwritable) -> bool:
        """If not even the reason for waiting can be written into one that has not begun, it cannot run; there
        may be room for its smallest end. Returns whether nothing more can be done about it."""
        if error.was_smallest or self._carries(ref.uid):
            self._give_up_writing(ref, error)
            return True
        if not self._held(ref.uid):
            return False
        try:
            stored = await self._journal.read_lean(ref)
            if not stored.has_begun:
                await self._failing.refuse(stored, "the Execution is so large that its status has no room")
                return True
        except (Gone, Elsewhere):
            return True
        except Unavailable:
            return False
        except Unwritable as again:
            error = again
        self._give_up_writing(ref, error)
        return True

    def _give_up_writing(self, ref: ExecutionRef, error: Unwritable) -> None:
        """Trying again is useless until the object has changed."""
        log.error("execution is too large for a status", execution=str(ref), reason=str(error))
        seen = self._find(ref)
        if seen is not None and seen.uid == ref.uid:
            self._unwritable[ref.uid] = seen.metadata.resourceVersion
        self._failures.unwritable(ref)

    async def _say_why(self, ref: ExecutionRef, problem: str) -> None:
        """A Pending execution never waits without saying why."""
        try:
            stored = await self._journal.read_lean(ref)
            if not stored.has_begun:
                await self._refusals.wait(stored, conditions.START_DELAYED, problem)
        except (Unavailable, Gone, Unwritable) as error:
            log.warning("cannot say why an execution waits", execution=str(ref), reason=str(error))
