"""Whether the task that has started an execution waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import NewerVersion, PartId
from stepwright.cluster import executions
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.nested.parent import Parent
from stepwright.cluster.stored import Stored
from stepwright.controllers import execution_watch
from stepwright.controllers.execution_watch import Seen
from stepwright.engine.engine import Engine
from stepwright.engine.ports import ExecutionRef, Gone, Uid
from stepwright.kube.informer import Informer


class Awaited:
    """``namespaces``: those that are served; all if there are none."""

    def __init__(
        self, engine: Engine, journal: ClusterJournal, watch: Informer[Seen], namespaces: Sequence[str]
    ) -> None:
        self._engine: Final = engine
        self._journal: Final = journal
        self._watch: Final = watch
        self._namespaces: Final = tuple(namespaces)

    def seems_so(self, seen: Seen) -> bool:
        """Whether nothing speaks against it, as far as the watch knows. It costs no request."""
        parent = seen.spec.parent
        if parent is None or not parent.awaited:
            return True
        found = self._watch.get(parent.namespace, parent.name)
        return found is not None and found.uid == parent.uid and not found.has_ended

    async def no_longer(self, seen: Seen) -> bool:
        """Whether the task that was to wait for it does not. Raises Unavailable."""
        parent = seen.spec.parent
        if parent is None or not parent.awaited or seen.stop_request is not None:
            return False
        return not await self._waits(parent)

    async def may_miss(self, ref: ExecutionRef) -> bool:
        """Whether an execution that has ended may be deleted as far as its parent is concerned: not before the task that
        waits for it has its output. Raises Unavailable."""
        try:
            seen = execution_watch.of_stored(await self._journal.read_lean(ref))
        except Gone:
            return True
        parent = seen.spec.parent
        return parent is None or not parent.awaited or not await self._waits(parent)

    async def _waits(self, parent: Parent) -> bool:
        if self._engine.has_open(Uid(parent.uid), parent.task_id, parent.scheduled):
            return True
        if self._namespaces and parent.namespace not in self._namespaces:
            return True  # nothing can be read there
        try:
            stored = await self._journal.read_lean(parent.reference)
        except Gone:
            return False
        return not stored.has_ended and _has_open(stored, parent)


def _has_open(stored: Stored, parent: Parent) -> bool:
    """Whether the parent, as it is stored, has the task open that has started the child."""
    try:
        executions.check_version(stored)
        parts = {PartId(name): msgspec.json.decode(text) for name, text in stored.checkpoint.items()}
    except (NewerVersion, msgspec.DecodeError):
        return True  # whoever can read it knows
    return checkpoints.has_open_encoded(parts, parent.task_id, parent.scheduled)
