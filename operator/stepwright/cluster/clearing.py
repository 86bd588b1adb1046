"""Stopping all that runs for an execution that the engine does not carry, before its end is written.

Most drivers find what runs for it themselves. Only the checkpoint knows what runs elsewhere: tasks that are open in it, and stops
that were kept and not made. A checkpoint that somebody else has edited is not followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

import structlog

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.machine import Map, Task
from stepwright.asl.step import CancelTask
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.stored import Stored
from stepwright.engine import serving
from stepwright.engine.insisting import all_of
from stepwright.engine.ports import Loaded, Refused, TaskDriver, Uid

log = structlog.get_logger(__name__)


class Clearing:
    def __init__(self, journal: ClusterJournal, drivers: Sequence[TaskDriver]) -> None:
        self._journal: Final = journal
        self._drivers: Final = drivers

    def holds(self, uid: Uid) -> bool:
        """Whether anything of it is left that runs, or is to be let go, as far as drivers find that themselves."""
        return any(driver.holds(uid) for driver in self._drivers)

    async def stop_all(self, stored: Stored) -> None:
        """Returns once nothing runs for it any more. Raises Unavailable, NewerVersion."""
        await all_of(partial(driver.sweep, stored.reference, frozenset()) for driver in self._drivers)
        try:
            loaded = await self._journal.peek(stored)
        except Refused as error:
            log.warning(
                "what runs elsewhere is not known",
                execution=str(stored.reference),
                reason=str(error),
            )
            return
        if loaded is None:
            return
        for task in _running(loaded):
            runs = serving.driver_of(self._drivers, task.resource)
            if runs is not None and runs.keeps_stops(task.resource):
                await runs.stop(loaded.ref, task)


def _running(loaded: Loaded) -> Iterator[CancelTask]:
    """What may run of it according to its checkpoint, except for tasks whose Resource nobody knows any more."""
    yield from checkpoints.kept_stops(loaded.parts)
    if loaded.ended or not loaded.parts:
        return
    for branch in checkpoints.decode(loaded.parts).branches():
        scope = loaded.machine.scopes.get(branch.scope)
        state = None if scope is None else scope.states.get(branch.state)
        if branch.task is not None and isinstance(state, Task | Map):
            yield checkpoints.cancel_task(checkpoints.resource_of(state, branch.task), branch.task)
