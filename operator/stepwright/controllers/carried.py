"""Executions that the engine carries: handed to it, stopped and given other bounds on request, compared with what is stored. As long as it has
one, the execution's state machine waits for it (``under_way``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from stepwright.asl.signals import MapBounds
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
        self._bounds: dict[Uid, Sequence[MapBounds]] = {}
        """Those that the engine knows of."""

    @property
    def counts(self) -> dict[str, int]:
        """As ``Busy.counts``."""
        return {
            "stopped executions": len(self._stopped),
            "executions with other bounds": len(self._bounds),
            "carried executions": len(self._under_way),
        }

    def adopt(self, loaded: Loaded) -> None:
        """``UnderWay.pin`` was called for it."""
        if loaded.stop is not None:
            self._stopped.add(loaded.ref.uid)
        if loaded.bounds:
            self._bounds[loaded.ref.uid] = loaded.bounds
        self._engine.adopt(loaded)

    def park(self, seen: Seen, pinned: Pinned, parked: Parked) -> None:
        """It only waits: the engine takes it without reading it."""
        self._under_way.pin(seen, pinned)
        self._engine.park(parked)

    def go_on(self, seen: Seen) -> None:
        """Somebody may have changed its spec."""
        self._journal.observe_generation(seen.uid, seen.metadata.generation, seen.redrive_request)
        self._bound(seen.uid, seen.bounds)
        if seen.stop_request is not None:
            self.stop(seen.uid, seen.stop_request)
        elif not seen.has_ended:
            self._stopped.discard(seen.uid)  # a redrive has taken it back

    def _bound(self, uid: Uid, bounds: Sequence[MapBounds]) -> None:
        if not bounds:
            return
        known = self._bounds.get(uid, ())
        self._bounds[uid] = bounds
        for each in bounds:
            if each not in known:
                self._engine.tell(uid, each)

    def restored(self, uid: Uid) -> None:
        """The engine has read it again, in an earlier state: with other bounds, perhaps, than were given before."""
        self._bounds.pop(uid, None)

    def stop(self, uid: Uid, request: StopRequest) -> None:
        """Once for each time that it goes on: it cannot be asked for in another way."""
        if uid not in self._stopped:
            self._stopped.add(uid)
            self._engine.stop_execution(uid, request)

    def compare(self, ref: ExecutionRef) -> None:
        """Somebody may have edited its status, or have restored all of it."""
        self._busy.check_on(ref, self._restate_if_edited)

    async def _restate_if_edited(self, ref: ExecutionRef) -> None:
        stored = await self._journal.read_lean(ref)
        self._engine.is_stored(ref.uid, stored.seq)
        if not self._engine.carries(ref.uid):
            return
        self._bound(ref.uid, stored.bounds)
        if not self._journal.is_as_written(stored):
            log.warning("status is not the one written last, writing it again", execution=str(ref))
            self._engine.restate(ref.uid)

    def finished(self, uid: Uid) -> None:
        """The engine no longer has it, or does not get it."""
        key = self._under_way.unpin(uid)
        self._stopped.discard(uid)
        self._bounds.pop(uid, None)
        if key is not None:
            self._machines.execution_ended(key)
        self._busy.look_again(uid)
