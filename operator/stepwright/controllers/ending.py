"""Executions that have ended, or are gone: what is left to do about them, and what is kept about them no longer.

One that has ended stays for its time (``retention``); the newest change of its spec is acknowledged, and Jobs that
outlived it are swept.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.uncarried import Refusals
from stepwright.controllers.busy import Busy
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.failing import Failing
from stepwright.controllers.handing_over import HandingOver
from stepwright.controllers.insisting import Insisting
from stepwright.controllers.neighbours import Neighbours
from stepwright.controllers.retention import Retention
from stepwright.controllers.stalled import Stalled
from stepwright.controllers.state_machines import StateMachines
from stepwright.controllers.waiting import Waiting
from stepwright.engine.engine import Engine
from stepwright.engine.ports import ExecutionRef


class Left(Enum):
    """What is left to do about an execution that has ended."""

    LATER = auto()
    """It is considered again once nobody is busy with it."""
    ACKNOWLEDGE = auto()
    """The newest change of its spec."""
    SWEEP = auto()
    """Jobs that outlived the commit of their result: the operator ended before releasing them."""
    NOTHING = auto()


def left_to_do(seen: Seen, *, busy: bool, holds: bool) -> Left:
    """``holds``: whether anything that ran for it is still there."""
    if busy:
        return Left.LATER
    if not seen.is_acknowledged:
        return Left.ACKNOWLEDGE
    return Left.SWEEP if holds and seen.pinned is not None else Left.NOTHING


class Ending:
    """``sweep`` takes up an execution that has ended: the engine stops whatever is left of it, and does nothing else."""

    def __init__(
        self,
        engine: Engine,
        journal: ClusterJournal,
        refusals: Refusals,
        failing: Failing,
        insisting: Insisting,
        busy: Busy,
        machines: StateMachines,
        neighbours: Neighbours,
        retention: Retention,
        handing_over: HandingOver,
        stalled: Stalled,
        waiting: Waiting,
        *,
        sweep: Callable[[Seen], None],
    ) -> None:
        self._engine: Final = engine
        self._journal: Final = journal
        self._refusals: Final = refusals
        self._failing: Final = failing
        self._insisting: Final = insisting
        self._busy: Final = busy
        self._machines: Final = machines
        self._neighbours: Final = neighbours
        self._retention: Final = retention
        self._handing_over: Final = handing_over
        self._stalled: Final = stalled
        self._waiting: Final = waiting
        self._sweep: Final = sweep

    def ended(self, seen: Seen) -> None:
        """It has ended, and nothing of it should run any more."""
        uid = seen.uid
        self._retention.keep(seen)
        self._stalled.has_ended(uid)
        self._handing_over.suspect_ended(uid)
        self._machines.execution_ended(seen.machine)
        busy = self._busy.takes_up(uid) or self._engine.carries(uid)
        if not busy:
            self._insisting.forget(uid)
        match left_to_do(seen, busy=busy, holds=self._failing.holds(uid)):
            case Left.LATER:
                self._busy.put_off(seen)
            case Left.ACKNOWLEDGE:
                ref = seen.reference
                self._busy.keep_at(ref, lambda: self._acknowledge(ref))
            case Left.SWEEP:
                self._sweep(seen)

    async def _acknowledge(self, ref: ExecutionRef) -> None:
        await self._refusals.acknowledge(await self._journal.read_lean(ref))

    def forget(self, seen: Seen) -> None:
        """It is deleted."""
        self._neighbours.forget(seen)
        self._machines.execution_ended(seen.machine)
        self.gone(seen.reference)

    def gone(self, ref: ExecutionRef) -> None:
        """It does not exist any more."""
        uid = ref.uid
        self._waiting.stop((ref.namespace, ref.state_machine), uid)
        self._insisting.forget(uid)
        self._stalled.forget(uid)
        self._busy.stop_taking_up(uid)
        self._retention.forget(uid)
        self._handing_over.suspect_ended(uid)
        if self._engine.carries(uid) and not self._busy.lets_go(uid):
            self._busy.let_go(uid, self._engine.deleted(ref))
