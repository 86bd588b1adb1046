"""Executions that cannot continue as they are stored: others' edits are corrected, everything else fails and
says why."""

from __future__ import annotations

from typing import Final

import structlog

from stepwright.cluster import conditions, consistency
from stepwright.cluster.clearing import Clearing
from stepwright.cluster.consistency import Edited
from stepwright.cluster.stored import Stored
from stepwright.cluster.uncarried import Refusals
from stepwright.controllers.failure_events import FailureEvents
from stepwright.engine.ports import Uid

log = structlog.get_logger(__name__)


class Failing:
    """Writes the ends that the engine cannot write. Whatever runs for an execution is stopped before it
    fails."""

    def __init__(self, refusals: Refusals, clearing: Clearing, failures: FailureEvents) -> None:
        self._refusals: Final = refusals
        self._clearing: Final = clearing
        self._failures: Final = failures

    def holds(self, uid: Uid) -> bool:
        """Whether any of its work still runs or has to be released."""
        return self._clearing.holds(uid)

    async def refuse(self, stored: Stored, problem: str) -> None:
        """It has not begun, and cannot with this input."""
        stop = stored.stop
        if stop is not None:
            await self._refusals.abort(stored, stop)
        else:
            await self._fail(stored, conditions.INVALID_INPUT, "InvalidExecutionInput", problem)

    async def fail_plainly(self, stored: Stored, reason: str) -> None:
        """An execution cannot continue because of what is stored of it, or of what it runs."""
        if not stored.has_ended:
            await self._fail_at_once(stored, reason)
            return
        await self.sweep(stored)
        if not stored.settled:
            await self._refusals.settle(stored)

    async def fail_for_defect(self, stored: Stored, cause: str) -> None:
        await self.sweep(stored)
        await self._fail(stored, conditions.FAILED, "States.Runtime", cause)

    async def has_put_right(self, uid: Uid, stored: Stored) -> bool:
        """Whether somebody else had edited the status; if so, it is corrected, or the execution fails."""
        try:
            consistency.check(stored)
            if stored.pinned is None and self.holds(uid):
                raise Edited("status is")  # with Jobs it has begun, whatever is left of its status
        except Edited as edited:
            await self.put_right(stored, edited)
            return True
        return False

    async def put_right(self, stored: Stored, edited: Edited) -> None:
        log.warning("status was edited", execution=str(stored.reference), found=str(edited))
        if edited.truth is None:
            await self._fail_at_once(stored, str(edited))
        else:
            await self._refusals.correct(stored, edited.truth.phase, settled=edited.truth.settled)

    async def _fail_at_once(self, stored: Stored, reason: str) -> None:
        await self.fail_for_defect(stored, f"The execution cannot go on: {reason}.")

    async def sweep(self, stored: Stored) -> None:
        """Stop whatever runs for it."""
        await self._clearing.stop_all(stored)

    async def _fail(self, stored: Stored, reason: conditions.Reason, error: str, cause: str) -> None:
        if await self._refusals.fail(stored, reason, error, cause):
            self._failures.failed(stored.reference, error)
