"""Executions that the engine cannot continue: a newer version does, they begin again, or they fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from stepwright.asl.checkpoint.checkpoint import NewerVersion
from stepwright.cluster import conditions, executions
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.stored import Stored
from stepwright.cluster.uncarried import Refusals
from stepwright.controllers import execution_watch
from stepwright.controllers.busy import Busy
from stepwright.controllers.failing import Failing
from stepwright.engine.ports import ExecutionRef, Uid, Unavailable

log = structlog.get_logger(__name__)


class Stalled:
    """``carries``: whether the engine has an execution."""

    def __init__(
        self,
        journal: ClusterJournal,
        refusals: Refusals,
        failing: Failing,
        busy: Busy,
        carries: Callable[[Uid], bool],
    ) -> None:
        self._journal: Final = journal
        self._refusals: Final = refusals
        self._failing: Final = failing
        self._busy: Final = busy
        self._carries: Final = carries
        self.for_newer_version: Final[set[Uid]] = set()
        """Those that a newer version has written, and this one cannot read."""
        self._unbegun: Final[set[Uid]] = set()
        """Those restored to a time before they had begun, until they begin again."""

    def begins_again(self, uid: Uid) -> None:
        """It was restored to a time before it had begun: whatever is left of it is of another beginning."""
        self._unbegun.add(uid)

    def was_here(self, uid: Uid) -> bool:
        """Whether something of it is left, though it is not seen to have begun, and no restore explains that."""
        return self._failing.holds(uid) and uid not in self._unbegun

    def forget(self, uid: Uid) -> None:
        """It goes on, or is not this operator's any more."""
        self.for_newer_version.discard(uid)
        self._unbegun.discard(uid)

    def has_ended(self, uid: Uid) -> None:
        self.for_newer_version.discard(uid)

    def give_up(self, ref: ExecutionRef, reason: str) -> None:
        """The engine cannot continue it: it is read once more, and begins again or fails."""
        if not self._busy.takes_up(ref.uid):
            self._busy.keep_at(ref, lambda: self._give_up(ref, reason))

    async def _give_up(self, ref: ExecutionRef, reason: str) -> None:
        stored = await self._journal.read_lean(ref)
        if ref.uid in self._unbegun:
            await self._failing.sweep(stored)
            if self._carries(ref.uid):
                raise Unavailable("what it ran before is still being let go of")
            self._busy.put_off(execution_watch.of_stored(stored))
            return
        try:
            executions.check_version(stored)
        except NewerVersion as newer:
            await self.leave_to_newer(stored, newer)
            return
        if not await self._failing.has_put_right(ref.uid, stored):
            await self._failing.fail_plainly(stored, reason)

    async def leave_to_newer(self, stored: Stored, newer: NewerVersion) -> None:
        """Nothing is lost: a version that knows its form will continue it. Until then it is tried again
        whenever operators come or go."""
        log.error("execution is for a newer version", execution=str(stored.reference), reason=str(newer))
        self.for_newer_version.add(stored.uid)
        await self._refusals.stall(stored, conditions.NEWER_VERSION, str(newer))
