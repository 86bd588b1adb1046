"""Executions that tasks have started, as their parents see them: whether a task still waits for one.

A task that is over has what it waited for stopped, by a stop that is kept until it is made. That is not enough where the
parent is deleted, with all that is kept in it, or where a request to start a child lands after its task was given up. So
whoever has a child asks after its parent when it takes the child up, and whenever the parent ends or is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import NewerVersion, PartId
from stepwright.cluster import executions
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.nested.ends import Ends
from stepwright.cluster.nested.parent import Parent
from stepwright.cluster.stored import Stored
from stepwright.controllers import execution_watch
from stepwright.controllers.busy import Busy
from stepwright.controllers.carried import Carried
from stepwright.controllers.execution_watch import Seen, Stop
from stepwright.engine.engine import Engine
from stepwright.engine.ports import Clock, ExecutionRef, Gone, StopRequest, Uid
from stepwright.kube.informer import Informer

OWN_STOP_SECONDS: Final = 10.0
"""For so long a parent that has ended has time to stop its children itself, in whose specs that is then seen. It cannot if its
account has lost the right to."""


class Parents:
    """``namespaces``: those that are served; all if there are none. ``take_up``: have a child looked at that the engine does
    not carry."""

    def __init__(
        self,
        engine: Engine,
        journal: ClusterJournal,
        watch: Informer[Seen],
        ends: Ends,
        busy: Busy,
        carried: Carried,
        clock: Clock,
        *,
        namespaces: Sequence[str],
        owns: Callable[[Uid], bool],
        take_up: Callable[[Seen], None],
    ) -> None:
        self._engine: Final = engine
        self._journal: Final = journal
        self._watch: Final = watch
        self._ends: Final = ends
        self._busy: Final = busy
        self._carried: Final = carried
        self._clock: Final = clock
        self._namespaces: Final = tuple(namespaces)
        self._owns: Final = owns
        self._take_up: Final = take_up

    # --- What the watch sees ------------------------------------------------------------------------------------

    def observe(self, type: str, seen: Seen) -> None:
        """Tell who waits for it that it has ended or is gone, and look after what it has waited for."""
        is_gone = type == "DELETED" or seen.metadata.deletionTimestamp is not None
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
        if child is None or child.uid != ref.uid or child.has_ended or not await self.have_left(child):
            return
        if self._engine.carries(ref.uid):
            self._carried.stop(ref.uid, StopRequest())
        elif self._owns(ref.uid) and ref.uid not in self._busy:
            self._take_up(child)

    # --- Whether a task waits -----------------------------------------------------------------------------------

    def seem_to_wait(self, seen: Seen) -> bool:
        """Whether nothing speaks against it, as far as the watch knows. It costs no request."""
        parent = seen.spec.parent
        if parent is None or not parent.awaited:
            return True
        found = self._watch.get(parent.namespace, parent.name)
        return found is not None and found.uid == parent.uid and not found.has_ended

    async def have_left(self, seen: Seen) -> bool:
        """Whether the task that was to wait for it does not. Raises Unavailable."""
        parent = seen.spec.parent
        if parent is None or not parent.awaited or seen.stop_request is not None:
            return False
        return not await self._wait(parent)

    async def may_miss(self, ref: ExecutionRef) -> bool:
        """Whether an execution that has ended may be deleted as far as its parent is concerned: not before the task that
        waits for it has its output. Raises Unavailable."""
        try:
            seen = execution_watch.of_stored(await self._journal.read_lean(ref))
        except Gone:
            return True
        parent = seen.spec.parent
        return parent is None or not parent.awaited or not await self._wait(parent)

    async def _wait(self, parent: Parent) -> bool:
        if self._engine.has_open(Uid(parent.uid), parent.task_id, parent.scheduled):
            return True
        if self._namespaces and parent.namespace not in self._namespaces:
            return True  # nothing can be read there
        try:
            stored = await self._journal.read_lean(parent.reference)
        except Gone:
            return False
        return not stored.has_ended and _has_open(stored, parent)


def as_if_stopped(seen: Seen) -> Seen:
    """The child, as if its parent had asked for its stop."""
    spec = msgspec.structs.replace(seen.spec, stop=Stop())
    return msgspec.structs.replace(seen, spec=spec)


def _has_open(stored: Stored, parent: Parent) -> bool:
    try:
        executions.check_version(stored)
        parts = {PartId(name): msgspec.json.decode(text) for name, text in stored.checkpoint.items()}
    except (NewerVersion, msgspec.DecodeError):
        return True  # whoever can read it knows
    return checkpoints.has_open_encoded(parts, parent.task_id, parent.scheduled)
