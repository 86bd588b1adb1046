"""Executions are taken up: the engine gets them, or what keeps it from that is written.

One that only waits is not read at all, and one that is too large fails on sight. All others are read, as
``beginning`` says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec

from stepwright.cluster.stored import lean, unfit
from stepwright.controllers.awaited import Awaited
from stepwright.controllers.beginning import Beginning, ForNewer, Unbegun
from stepwright.controllers.busy import Busy
from stepwright.controllers.carried import Carried
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.failing import Failing
from stepwright.controllers.neighbours import Neighbours
from stepwright.controllers.parents import as_if_stopped
from stepwright.controllers.restored import Restored
from stepwright.controllers.stalled import Stalled
from stepwright.controllers.waiting import Waiting
from stepwright.engine.parking import Parked
from stepwright.engine.ports import Clock, Loaded


class TakingUp:
    def __init__(
        self,
        beginning: Beginning,
        busy: Busy,
        carried: Carried,
        failing: Failing,
        neighbours: Neighbours,
        restored: Restored,
        stalled: Stalled,
        waiting: Waiting,
        clock: Clock,
        awaited: Awaited,
    ) -> None:
        self._beginning: Final = beginning
        self._busy: Final = busy
        self._carried: Final = carried
        self._failing: Final = failing
        self._neighbours: Final = neighbours
        self._restored: Final = restored
        self._stalled: Final = stalled
        self._waiting: Final = waiting
        self._clock: Final = clock
        self._awaited: Final = awaited

    def take_up(self, seen: Seen, text: msgspec.Raw | None = None) -> None:
        """``text``: the whole text of a new one. Nothing happens to a new one where another installation
        begins all (``neighbours``)."""
        uid = seen.uid
        self._waiting.stop(seen.machine, uid)
        if seen.pinned is None and not self._neighbours.may_begin(seen.metadata.namespace):
            return
        if self._park(seen):
            return
        problem = None if text is None else unfit(text)
        if text is None or problem is None:
            if text is not None:
                self._beginning.keep(uid, text)
            self._busy.keep_at(
                seen.reference, lambda: self._start_or_wait(seen), after=self._beginning.forget
            )
        else:
            stored = lean(text)
            self._busy.keep_at(seen.reference, lambda: self._failing.refuse(stored, problem))

    def _park(self, seen: Seen) -> bool:
        """Take up an execution that only waits, without reading it. Returns whether that was possible. An
        outdated view does no harm: the event of a later write will come, and the engine reads the execution
        then."""
        pinned, due = seen.pinned, seen.waiting_until
        if pinned is None or due is None or due <= self._clock.now():
            return False
        is_stopped = seen.has_ended or seen.stop_request is not None
        if is_stopped or seen.bounds or self._failing.holds(seen.uid) or not seen.seems_intact:
            return False
        if not self._awaited.seems_so(seen):
            return False
        self._carried.park(seen, pinned, Parked(seen.reference, due, seen.status.seq))
        return True

    async def _start_or_wait(self, seen: Seen) -> None:
        uid = seen.uid
        if await self._awaited.no_longer(seen):
            seen = as_if_stopped(seen)
        match await self._beginning.open(seen, was_here=self._stalled.was_here(uid)):
            case Unbegun(found):
                self._restored.note(seen.reference, seen.status.seq, 0)
                self._busy.put_off(found)
            case ForNewer(stored, error):
                await self._stalled.leave_to_newer(stored, error)
            case Loaded() as loaded:
                self._stalled.forget(uid)
                self._carried.adopt(replace(loaded, stop=loaded.stop or seen.stop_request))
