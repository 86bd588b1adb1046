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
        parent = seen.awaited_by
        if parent is None:
            return True
        found = self._watch.get(parent.namespace, parent.name)
        return found is not None and found.uid == parent.uid and not found.has_ended

    async def no_longer(self, seen: Seen) -> bool:
        """Whether the task that was to wait for it does not. Raises Unavailable."""
        parent = seen.awaited_by
        if parent is None or seen.stop_request is not None:
            return False
        return not await self._waits(parent)

    async def may_miss(self, ref: ExecutionRef) -> bool:
        """Whether an execution that has ended may be deleted as far as its parent is concerned: not before the task that
        waits for it has its output, nor while a redrive of its parent would go on in it. Raises Unavailable."""
        try:
            seen = execution_watch.of_stored(await self._journal.read_lean(ref))
        except Gone:
            return True
        parent = seen.awaited_by
        return parent is None or not await self._waits(parent, may_go_on=seen.is_shard)

    async def _waits(self, parent: Parent, *, may_go_on: bool = False) -> bool:
        """``may_go_on``: also where it does not any more, and would again after a redrive."""
        if self._engine.has_open(Uid(parent.uid), parent.task_id, parent.scheduled):
            return True
        if self._namespaces and parent.namespace not in self._namespaces:
            return True  # nothing can be read there
        try:
            stored = await self._journal.read_lean(parent.reference)
        except Gone:
            return False
        if stored.has_ended and not (may_go_on and stored.status.get("redrivable")):
            return False
        try:
            executions.check_version(stored)
            parts = {PartId(name): msgspec.json.decode(text) for name, text in stored.checkpoint.items()}
        except (NewerVersion, msgspec.DecodeError):
            return True  # whoever can read it knows
        is_needed = checkpoints.keeps_shard if stored.has_ended else checkpoints.has_open_encoded
        return is_needed(parts, parent.task_id, parent.scheduled)
