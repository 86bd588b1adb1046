"""Quarantined executions are examined, not taken up: whether somebody has released or stopped them."""

from __future__ import annotations

from typing import Final

from stepwright.cluster.journal import ClusterJournal
from stepwright.controllers import execution_watch
from stepwright.controllers.busy import Busy
from stepwright.controllers.setting_apart import SettingApart
from stepwright.engine.ports import ExecutionRef, Uid


class Examining:
    def __init__(self, apart: SettingApart, journal: ClusterJournal, busy: Busy) -> None:
        self._apart: Final = apart
        self._journal: Final = journal
        self._busy: Final = busy
        self._examined: set[Uid] = set()

    def is_due(self, uid: Uid) -> bool:
        """Whether it is quarantined, and not being examined: whatever else is done about it has to end."""
        return self._apart.holds(uid) and uid not in self._examined

    def examine(self, ref: ExecutionRef) -> None:
        self._examined.add(ref.uid)
        self._busy.keep_at(ref, lambda: self._examine(ref), after=self._examined.discard)

    async def _examine(self, ref: ExecutionRef) -> None:
        if await self._apart.releases(await self._journal.read_lean(ref)):
            self._busy.put_off(execution_watch.of_stored(await self._journal.read_lean(ref)))
