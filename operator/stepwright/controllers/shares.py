"""Which executions are this operator's changes whenever operators come or go: what belongs to others is released, what belongs
here is taken up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.insisting import Insisting
from stepwright.controllers.retention import Retention
from stepwright.controllers.setting_apart import SettingApart
from stepwright.engine.ports import Uid
from stepwright.kube.informer import Informer

BREATHE_EVERY: Final = 200
"""How many executions are considered between two turns of the loop."""


class Shares:
    """``owns``: whether an execution belongs to this operator; ``here``: those that something is done about here; ``is_known``:
    whether what is seen of one is acted upon already. ``let_go`` and ``take_up`` act."""

    def __init__(
        self,
        watch: Informer[Seen],
        retention: Retention,
        apart: SettingApart,
        insisting: Insisting,
        *,
        owns: Callable[[Uid], bool],
        here: Callable[[], Iterable[Uid]],
        is_known: Callable[[Seen], bool],
        let_go: Callable[[Uid], None],
        take_up: Callable[[Seen], None],
    ) -> None:
        self._watch: Final = watch
        self._retention: Final = retention
        self._apart: Final = apart
        self._insisting: Final = insisting
        self._owns: Final = owns
        self._here: Final = here
        self._is_known: Final = is_known
        self._let_go: Final = let_go
        self._take_up: Final = take_up
        self._changed: Final = asyncio.Event()
        self.held_apart: Final[set[Uid]] = set()
        """Quarantined executions that are being looked at: there is nothing of them to let go."""

    def changed(self) -> None:
        """Different executions belong to this operator than before. Nothing is done with those that no longer do, since each
        act checks first; they are released soon."""
        self._changed.set()

    def look_again(self, uid: Uid) -> None:
        """It may have come back while it was being released."""
        if self._owns(uid):
            self._changed.set()

    def suspect_ended(self, uid: Uid) -> None:
        """Where operators have died under it, that is to be forgotten."""
        if self._apart.suspected(uid):
            self._changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._retention.keep_own()
            await self._let_go_of_others()
            await self._take_up_own()

    async def _let_go_of_others(self) -> None:
        for count, uid in enumerate(self._here(), 1):
            if count % BREATHE_EVERY == 0:
                await asyncio.sleep(0)
            if not self._owns(uid) or (self._apart.holds(uid) and uid not in self.held_apart):
                self._let_go(uid)

    async def _take_up_own(self) -> None:
        for count, seen in enumerate(self._watch.all(), 1):
            if count % BREATHE_EVERY == 0:
                await asyncio.sleep(0)
            newest = self._watch.get(seen.metadata.namespace, seen.metadata.name)
            is_same = newest is not None and newest.uid == seen.uid
            if newest is not None and is_same and self._owns(seen.uid) and not self._is_known(newest):
                self._take_up(newest)
        if self._watch.synced.is_set():
            await self._forget_suspects()

    async def _forget_suspects(self) -> None:
        """Forget those recorded for executions that have ended or are gone."""
        for suspect in self._apart.suspects():
            uid, seen = suspect.ref.uid, self._watch.get(suspect.ref.namespace, suspect.ref.name)
            there = seen is not None and seen.uid == uid and seen.status.endTime is None
            if self._owns(uid) and not there:
                await self._insisting.until_done(suspect.ref, partial(self._apart.forget, uid))
