"""Executions of which too little was seen to decide about them: they are read, and decided about as they are stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stepwright.cluster.journal import ClusterJournal
from stepwright.controllers import execution_watch
from stepwright.controllers.busy import Busy
from stepwright.controllers.ending import Ending
from stepwright.controllers.execution_watch import Seen
from stepwright.engine.engine import Engine
from stepwright.engine.ports import ExecutionRef, Gone


class ReadingAgain:
    """``decide`` acts on what is known of one now; what it raises counts as a failure to do so."""

    def __init__(
        self,
        engine: Engine,
        journal: ClusterJournal,
        busy: Busy,
        ending: Ending,
        *,
        decide: Callable[[Seen], None],
    ) -> None:
        self._engine: Final = engine
        self._journal: Final = journal
        self._busy: Final = busy
        self._ending: Final = ending
        self._decide: Final = decide

    def in_place_of(self, ref: ExecutionRef, error: Exception) -> None:
        """Of an event that could not be processed, with this error."""
        self._busy.keep_at(ref, lambda: self._take_in(ref), error)

    async def _take_in(self, ref: ExecutionRef) -> None:
        seen = await self._stored(ref)
        with self._busy.aside(ref.uid):  # this ends by itself, and nothing is to be postponed until then
            if seen is None:
                self._ending.gone(ref)
            else:
                self._decide(seen)

    def find_out(self, ref: ExecutionRef) -> None:
        """Whether it is gone."""
        self._busy.check_on(ref, self._forget_if_gone)

    async def _forget_if_gone(self, ref: ExecutionRef) -> None:
        seen = await self._stored(ref)
        if seen is None:
            self._ending.gone(ref)
        # It has settled, and no further event will come when nobody is busy with it.
        elif self._engine.carries(ref.uid) or self._busy.takes_up(ref.uid):
            self._busy.put_off(seen)
        else:
            self._decide(seen)

    async def _stored(self, ref: ExecutionRef) -> Seen | None:
        """None if it is gone."""
        try:
            return execution_watch.of_stored(await self._journal.read_lean(ref))
        except Gone:
            return None
