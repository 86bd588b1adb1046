"""Redrives: an execution that has ended without success goes on where it failed, if somebody asks for that and it can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stepwright.asl.checkpoint.checkpoint import NewerVersion
from stepwright.asl.failure import causes
from stepwright.asl.signals import Millis
from stepwright.catalog.redrives import no_such_state
from stepwright.cluster import redrives
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.stored import Pinned, Stored
from stepwright.cluster.uncarried import Refusals
from stepwright.controllers.awaited import Awaited
from stepwright.controllers.busy import Busy
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.retention import Retention
from stepwright.controllers.state_machines import StateMachines
from stepwright.engine.ports import Clock, ExecutionRef, Loaded, Refused, Uid

NOT_AWAITED: Final = "Execution is a part of a distributed Map that does not wait for it"
LOST: Final = "Execution cannot be read as it is stored"


class Redriving:
    """``pin`` is called before the state machine of one that goes on is looked at, which waits for it from then on; ``unpin`` if
    it does not go on after all; ``adopt`` if it does."""

    def __init__(
        self,
        journal: ClusterJournal,
        refusals: Refusals,
        machines: StateMachines,
        retention: Retention,
        busy: Busy,
        awaited: Awaited,
        clock: Clock,
        *,
        pin: Callable[[Seen, Pinned], None],
        adopt: Callable[[Loaded], None],
        unpin: Callable[[Uid], None],
    ) -> None:
        self._journal: Final = journal
        self._refusals: Final = refusals
        self._machines: Final = machines
        self._retention: Final = retention
        self._busy: Final = busy
        self._awaited: Final = awaited
        self._clock: Final = clock
        self._pin: Final = pin
        self._adopt: Final = adopt
        self._unpin: Final = unpin

    def redrive(self, seen: Seen) -> None:
        """The first write of what goes on tells that it does; until then it has ended, and may be gone."""
        self._retention.forget(seen.uid)
        ref = seen.reference
        self._busy.keep_at(ref, lambda: self._redrive(seen, ref))

    async def _redrive(self, seen: Seen, ref: ExecutionRef) -> None:
        stored = await self._journal.read(ref)
        request, pinned = stored.redrive, stored.pinned
        if request is None or not (stored.settled and redrives.is_asked_for(stored)):
            return  # it was done, or taken back, and the event for that is on its way
        # When a shard may go on is up to its Map.
        found: Loaded | str | None = redrives.refusal(
            stored, Millis(0) if stored.is_shard else self._clock.now()
        )
        if found is None and stored.is_shard and await self._awaited.no_longer(seen):
            found = NOT_AWAITED
        if found is None:
            found = LOST if pinned is None else await self._opened(seen, stored, pinned)
        if isinstance(found, Loaded):
            self._adopt(found)
        else:
            await self._refusals.refuse_redrive(stored, request.id, found)

    async def _opened(self, seen: Seen, stored: Stored, pinned: Pinned) -> Loaded | str:
        """Or why it cannot go on. Raises Unavailable, Elsewhere."""
        self._pin(seen, pinned)  # before anything more is awaited
        try:
            if await self._has_machine(seen, pinned):
                opened = await self._journal.open(stored, pinned)
                problem = no_such_state(stored.redrive_from, opened.machine)
                if problem is None:
                    return opened
                self._journal.forget(seen.reference)
                why_not = problem
            else:
                why_not = causes.machine_deleted(pinned.name)
        except (NewerVersion, Refused) as error:
            why_not = f"{LOST}: {error}"
        except BaseException:
            self._unpin(seen.uid)
            raise
        self._unpin(seen.uid)
        return why_not

    async def _has_machine(self, seen: Seen, pinned: Pinned) -> bool:
        known = await self._machines.newest(seen.machine)
        return known is not None and known.uid == pinned.uid and not known.deleting
