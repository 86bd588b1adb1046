"""Other installations that serve the same namespaces are noticed by what they write, and one of two gives
way.

No installation touches an execution that another one has begun, so none is run by two. Sharing a namespace is
still a mistake: chance decides which one begins an execution. So when another one is seen at work, the one
whose name sorts first continues, and the other begins nothing new there and says so. What it has begun it
finishes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from stepwright.asl.signals import Millis
from stepwright.cluster.installation import Installation
from stepwright.controllers.execution_watch import Seen
from stepwright.engine.ports import Clock, Uid

log = structlog.get_logger(__name__)

AT_WORK_SECONDS: Final = 600.0
"""How long after a write an installation counts as being at work."""
LOOKS_EVERY_SECONDS: Final = 60.0
MOST_NAMED: Final = 5


@dataclass(slots=True)
class _Neighbour:
    seqs: dict[Uid, int] = field(default_factory=dict)
    """How far each execution was when it was seen last."""
    worked: Millis | None = None
    """When it was seen to write."""


class Neighbours:
    """``changed`` is called when what may be begun changes. For the engine's loop only."""

    def __init__(self, mine: Installation, clock: Clock, changed: Callable[[], None] = lambda: None) -> None:
        self._mine = mine
        self._clock = clock
        self._changed = changed
        self._known: dict[tuple[str, str], _Neighbour] = {}
        """By namespace and name."""
        self._yielded: frozenset[str] = frozenset()

    @property
    def carried(self) -> int:
        """How many executions under way belong to others."""
        return sum(len(neighbour.seqs) for neighbour in tuple(self._known.values()))

    @property
    def obstacle(self) -> str | None:
        """For people: where this installation begins nothing, and because of whom."""
        if not self._yielded:
            return None
        named = sorted(self._yielded)[:MOST_NAMED]
        others = sorted({name for namespace, name in tuple(self._known) if namespace in self._yielded})
        return (
            f"installation {', '.join(others)} serves namespace {', '.join(named)}, too: this one, {self._mine.name}, "
            "begins nothing there. Let each namespace be served by one installation"
        )

    def has(self, seen: Seen) -> bool:
        """Whether another installation runs the execution."""
        return not self._mine.carries(seen.status.operator)

    def observe(self, seen: Seen) -> None:
        """An execution of another installation was seen."""
        name = seen.status.operator
        if not name:
            return
        neighbour = self._known.setdefault((seen.metadata.namespace, name), _Neighbour())
        before = neighbour.seqs.get(seen.uid)
        if before is not None and seen.status.seq > before:
            neighbour.worked = self._clock.now()
        neighbour.seqs[seen.uid] = seen.status.seq
        if seen.status.settled:
            del neighbour.seqs[seen.uid]
        self._decide()

    def forget(self, seen: Seen) -> None:
        neighbour = self._known.get((seen.metadata.namespace, seen.status.operator or ""))
        if neighbour is not None:
            neighbour.seqs.pop(seen.uid, None)

    def may_begin(self, namespace: str) -> bool:
        return namespace not in self._yielded

    async def run(self) -> None:
        """Notice when others have gone, until cancelled."""
        while True:
            await self._clock.sleep(LOOKS_EVERY_SECONDS)
            self._decide()

    def _decide(self) -> None:
        since = self._clock.now() - AT_WORK_SECONDS * 1000
        at_work = {
            key for key, found in self._known.items() if found.worked is not None and found.worked >= since
        }
        self._known = {key: found for key, found in self._known.items() if found.seqs or key in at_work}
        yielded = frozenset(namespace for namespace, name in at_work if name < self._mine.name)
        if yielded == self._yielded:
            return
        before, self._yielded = self._yielded, yielded
        if yielded - before:
            log.error("another installation serves the same namespace", reason=self.obstacle)
        self._changed()
