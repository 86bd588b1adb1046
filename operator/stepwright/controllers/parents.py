"""Executions that tasks have started, and what becomes of them when their parents end or are gone.

A task that is over has what it waited for stopped, by a stop that is kept until it is made. That is not enough where the
parent is deleted, with all that is kept in it, or where a request to start a child lands after its task was given up. So
whoever has a child asks after its parent when it takes the child up, and whenever the parent ends or is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from stepwright.cluster.nested.ends import Ends
from stepwright.controllers import execution_watch
from stepwright.controllers.awaited import Awaited
from stepwright.controllers.busy import Busy
from stepwright.controllers.carried import Carried
from stepwright.controllers.execution_watch import Seen, Stop
from stepwright.engine.engine import Engine
from stepwright.engine.ports import Clock, ExecutionRef, StopRequest, Uid
from stepwright.kube.informer import Informer

OWN_STOP_SECONDS: Final = 10.0
"""How long a parent that has ended has to stop its children itself, which then shows in their specs. It cannot if its
account has lost the right to."""


class Parents:
    """``take_up``: have a child looked at that the engine does not carry."""

    def __init__(
        self,
        engine: Engine,
        watch: Informer[Seen],
        ends: Ends,
        awaited: Awaited,
        busy: Busy,
        carried: Carried,
        clock: Clock,
        *,
        owns: Callable[[Uid], bool],
        take_up: Callable[[Seen], None],
    ) -> None:
        self._engine: Final = engine
        self._watch: Final = watch
        self._ends: Final = ends
        self._awaited: Final = awaited
        self._busy: Final = busy
        self._carried: Final = carried
        self._clock: Final = clock
        self._owns: Final = owns
        self._take_up: Final = take_up

    def observe(self, type: str, seen: Seen) -> None:
        """Let whoever waits for it know that it has ended or is gone, or how far a shard has come, and look after what it has
        waited for."""
        is_gone = type == "DELETED" or seen.metadata.deletionTimestamp is not None
        if seen.is_shard:
            self._ends.look(seen.metadata.namespace, seen.metadata.name)
            if seen.pinned is None and self._owns(seen.uid) and not self._awaited.seems_so(seen):
                # The request that created it has landed late: nobody writes any more what it begins with.
                self._look_after(seen.reference, in_time=False)
        if not (seen.has_ended or is_gone):
            return
        self._ends.look(seen.metadata.namespace, seen.metadata.name)
        for child in self._watch.by_index(execution_watch.index_of_awaited(seen.metadata.uid)):
            if self._owns(child.uid) and not child.has_ended:
                self._look_after(child.reference, in_time=is_gone)

    def _look_after(self, ref: ExecutionRef, *, in_time: bool) -> None:
        # What is being taken up may have asked just before.
        if not self._busy.when_taken_up(ref.uid, lambda: self._look_after(ref, in_time=in_time)):
            self._busy.check_on(ref, self._stop_if_abandoned if in_time else self._stop_if_left_over)

    async def _stop_if_left_over(self, ref: ExecutionRef) -> None:
        await self._clock.sleep(OWN_STOP_SECONDS)
        await self._stop_if_abandoned(ref)

    async def _stop_if_abandoned(self, ref: ExecutionRef) -> None:
        child = self._watch.get(ref.namespace, ref.name)
        if (
            child is None
            or child.uid != ref.uid
            or child.has_ended
            or not await self._awaited.no_longer(child)
        ):
            return
        if self._engine.carries(ref.uid):
            self._carried.stop(ref.uid, StopRequest())
        elif self._owns(ref.uid) and ref.uid not in self._busy:
            self._take_up(child)


def as_if_stopped(seen: Seen) -> Seen:
    """The child, as if its parent had asked for its stop."""
    spec = msgspec.structs.replace(seen.spec, stop=Stop())
    return msgspec.structs.replace(seen, spec=spec)
