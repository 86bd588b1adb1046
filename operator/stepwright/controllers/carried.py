"""Executions that the engine carries: handed to it, stopped on request, compared with what is stored. As long as it has
one, the execution's state machine waits for it (``under_way``).
"""

from __future__ import annotations

from typing import Final

import structlog

from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.stored import Pinned
from stepwright.controllers.busy import Busy
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.state_machines import StateMachines
from stepwright.controllers.under_way import UnderWay
from stepwright.engine.engine import Engine
from stepwright.engine.parking import Parked
from stepwright.engine.ports import ExecutionRef, Loaded, StopRequest, Uid

log = structlog.get_logger(__name__)


class Carried:
    def __init__(
        self,
        engine: Engine,
        journal: ClusterJournal,
        machines: StateMachines,
        under_way: UnderWay,
        busy: Busy,
    ) -> None:
        self._engine: Final = engine
        self._journal: Final = journal
        self._machines: Final = machines
        self._under_way: Final = under_way
        self._busy: Final = busy
        self._stopped: set[Uid] = set()
        """Those whose stop the engine knows of."""

    @property
    def counts(self) -> dict[str, int]:
        """As ``Busy.counts``."""
        return {"stopped executions": len(self._stopped), "carried executions": len(self._under_way)}

    def adopt(self, loaded: Loaded) -> None:
        """``UnderWay.pin`` was called for it."""
        if loaded.stop is not None:
            self._stopped.add(loaded.ref.uid)
        self._engine.adopt(loaded)

    def park(self, seen: Seen, pinned: Pinned, parked: Parked) -> None:
        """It only waits: the engine takes it without reading it."""
        self._under_way.pin(seen, pinned)
        self._engine.park(parked)

    def go_on(self, seen: Seen) -> None:
        """Somebody may have changed its spec."""
        self._journal.observe_generation(seen.uid, seen.metadata.generation)
        if seen.stop_request is not None:
            self.stop(seen.uid, seen.stop_request)

    def stop(self, uid: Uid, request: StopRequest) -> None:
        """Once: it cannot be asked for in another way."""
        if uid not in self._stopped:
            self._stopped.add(uid)
            self._engine.stop_execution(uid, request)

    def compare(self, ref: ExecutionRef) -> None:
        """Somebody may have edited its status."""
        self._busy.check_on(ref, self._restate_if_edited)

    async def _restate_if_edited(self, ref: ExecutionRef) -> None:
        stored = await self._journal.read_lean(ref)
        if self._engine.carries(ref.uid) and not self._journal.is_as_written(stored):
            log.warning("status was edited by somebody else, writing it again", execution=str(ref))
            self._engine.restate(ref.uid)

    def finished(self, uid: Uid) -> None:
        """The engine no longer has it, or does not get it."""
        key = self._under_way.unpin(uid)
        self._stopped.discard(uid)
        if key is not None:
            self._machines.execution_ended(key)
        self._busy.look_again(uid)
