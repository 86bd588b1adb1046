"""Executions pass from one operator to another whenever operators come or go: what belongs to others by now is released, what
belongs here is taken up. Which belong to whom is decided in ``controllers.standing``, what follows in ``passing_on``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from stepwright.controllers.busy import Busy
from stepwright.controllers.examining import Examining
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.insisting import Insisting
from stepwright.controllers.passing_on import Held, is_cleared, is_released, is_taken_up
from stepwright.controllers.retention import Retention
from stepwright.controllers.setting_apart import SettingApart
from stepwright.controllers.stalled import Stalled
from stepwright.controllers.waiting import Waiting
from stepwright.engine.engine import Engine
from stepwright.engine.ports import Uid
from stepwright.kube.informer import Informer

BREATHE_EVERY: Final = 200
"""How many executions are considered between two turns of the loop."""


class HandingOver:
    """``owns``: whether an execution belongs to this operator. ``take_up`` is called for those about which nothing is done
    here yet."""

    def __init__(
        self,
        engine: Engine,
        watch: Informer[Seen],
        retention: Retention,
        apart: SettingApart,
        insisting: Insisting,
        busy: Busy,
        examining: Examining,
        stalled: Stalled,
        waiting: Waiting,
        *,
        owns: Callable[[Uid], bool],
        take_up: Callable[[Seen], None],
    ) -> None:
        self._engine: Final = engine
        self._watch: Final = watch
        self._retention: Final = retention
        self._apart: Final = apart
        self._insisting: Final = insisting
        self._busy: Final = busy
        self._examining: Final = examining
        self._stalled: Final = stalled
        self._waiting: Final = waiting
        self._owns: Final = owns
        self._take_up: Final = take_up
        self._changed: Final = asyncio.Event()

    def changed(self) -> None:
        """Different executions belong to this operator than before. Nothing is done with those that no longer do, since each
        act checks first; they are released soon."""
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
            if is_released(owned=self._owns(uid), to_examine=self._examining.is_due(uid)):
                self._let_go(uid)

    def _here(self) -> list[Uid]:
        """All that something is done about, or waited for, here."""
        return [
            *self._engine.uids(),
            *self._busy.taking_up(),
            *self._waiting,
            *self._stalled.for_newer_version,
        ]

    def _let_go(self, uid: Uid) -> None:
        self._waiting.stop_everywhere(uid)
        self._stalled.forget(uid)
        self._busy.stop_taking_up(uid, after=self._look_again)
        if self._engine.carries(uid) and not self._busy.lets_go(uid):
            self._busy.let_go(uid, self._engine.let_go(uid), after=self._look_again)

    def _look_again(self, uid: Uid) -> None:
        """It may have come back while it was being released."""
        if self._owns(uid):
            self._changed.set()

    async def _take_up_own(self) -> None:
        for count, seen in enumerate(self._watch.all(), 1):
            if count % BREATHE_EVERY == 0:
                await asyncio.sleep(0)
            newest = self._watch.get(seen.metadata.namespace, seen.metadata.name)
            if newest is not None and is_taken_up(seen, newest, self._held(newest)):
                self._take_up(newest)
        if self._watch.synced.is_set():
            await self._forget_suspects()

    def _held(self, seen: Seen) -> Held:
        uid = seen.uid
        return Held(
            owned=self._owns(uid),
            carried=self._engine.carries(uid),
            ending=self._engine.is_ending(uid),
            waiting=seen in self._waiting,
            taken_up=self._busy.takes_up(uid),
        )

    async def _forget_suspects(self) -> None:
        """Forget those recorded for executions that have ended or are gone."""
        for suspect in self._apart.suspects():
            seen = self._watch.get(suspect.ref.namespace, suspect.ref.name)
            if is_cleared(suspect, seen, owned=self._owns(suspect.ref.uid)):
                await self._insisting.until_done(suspect.ref, partial(self._apart.forget, suspect.ref.uid))
