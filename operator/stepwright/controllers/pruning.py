"""Deletes former revisions of a state machine once nobody can start an execution with them any more.

Others may still begin with one that the status named until a moment ago. So deletion waits for a while after
the change has been seen; if it fails it is tried again, less and less often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

import structlog

from stepwright.asl.signals import Millis
from stepwright.cluster.revisions import Revisions
from stepwright.controllers.state_machine_watch import Key
from stepwright.engine import backoff
from stepwright.engine.ports import Clock, Unavailable
from stepwright.kube.api_errors import ApiError

log = structlog.get_logger(__name__)

LONGEST_DELAY_SECONDS: Final = 600.0


@dataclass(slots=True)
class _Wanted:
    delays: Iterator[float]
    """Until the next attempt."""
    due: Millis | None = None
    """None until the change has been seen."""


class Pruning:
    """``in_use`` returns the revisions that executions under way are known to need. ``rest_seconds``: how
    long others may take to hear of a change."""

    def __init__(
        self,
        revisions: Revisions,
        clock: Clock,
        in_use: Callable[[Key], AbstractSet[str]],
        rest_seconds: float,
    ) -> None:
        self._revisions = revisions
        self._clock = clock
        self._in_use = in_use
        self._rest_seconds = rest_seconds
        self._wanted: dict[Key, _Wanted] = {}

    def want(self, key: Key) -> None:
        """Another revision than before is about to be named."""
        self._wanted[key] = _Wanted(backoff.delays(first=self._rest_seconds, longest=LONGEST_DELAY_SECONDS))

    def forget(self, key: Key) -> None:
        self._wanted.pop(key, None)

    async def go_on(self, key: Key, uid: str, named: AbstractSet[str]) -> float | None:
        """``named``: the revisions that executions start with, as seen so far. Returns the seconds after
        which to ask again; None if nothing is left to do."""
        wanted = self._wanted.get(key)
        if wanted is None:
            return None
        now = self._clock.now()
        if wanted.due is not None and wanted.due <= now and await self.prune(key, uid, named):
            if self._wanted.get(key) is wanted:
                del self._wanted[key]
            return None
        if wanted.due is None or wanted.due <= now:
            wanted.due = Millis(self._clock.now() + round(next(wanted.delays) * 1000))
        return (wanted.due - self._clock.now()) / 1000

    async def prune(self, key: Key, uid: str, named: AbstractSet[str]) -> bool:
        """Delete what neither these nor executions under way need. Returns whether that was possible."""
        try:
            await self._revisions.prune(*key, uid, named | self._in_use(key))
        except (ApiError, Unavailable) as error:
            log.warning("old revisions not deleted", name="/".join(key), reason=str(error))
            return False
        return True
