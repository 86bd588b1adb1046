"""The Lease of two operators, after the election of client-go: who cannot renew in time ends, who sees no renewal for
the lease's duration takes over. Clocks are those of the processes; none trusts another's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from stepwright.engine.ports import Uid
from tests.simulation.api_server import OUTSIDE

DURATION_SECONDS = 6.0
DEADLINE_SECONDS = 4.0
RETRY_SECONDS = 1.5


class LeaseObject:
    """What is stored."""

    def __init__(self) -> None:
        self.holder: str | None = None
        self.version = 0

    def replace(self, holder: str, version: int) -> bool:
        if version != self.version:
            return False
        self.holder, self.version = holder, version + 1
        return True


class SimulatedLease:
    """Implements ``engine.ports.Lease`` for one process. ``arrives`` draws whether and when a request arrives."""

    def __init__(self, stored: LeaseObject, identity: str, arrives: Callable[[], float | None]) -> None:
        self._stored = stored
        self._identity = identity
        self._arrives = arrives
        self._valid_until = -1.0
        self._seen: tuple[int, float] = (-1, 0.0)
        self.acquired = asyncio.Event()

    def held(self, uid: Uid) -> bool:  # noqa: ARG002
        return self.truly_held

    @property
    def truly_held(self) -> bool:
        """Also for those who forbid ``held`` to say so."""
        return asyncio.get_running_loop().time() < self._valid_until

    async def hold(self) -> None:
        """Returns when it is lost."""
        loop = asyncio.get_running_loop()
        renewed = loop.time()
        while True:
            asked = loop.time()
            if await self._ask():
                self._valid_until = asked + DURATION_SECONDS
                renewed = asked
                self.acquired.set()
            elif self.acquired.is_set() and (
                self._stored.holder != self._identity or loop.time() - renewed > DEADLINE_SECONDS
            ):
                return
            await asyncio.sleep(RETRY_SECONDS)

    async def _ask(self) -> bool:
        loop = asyncio.get_running_loop()
        seconds = self._arrives()
        if seconds is None:
            await asyncio.sleep(1)
            return False
        answer: asyncio.Future[bool] = loop.create_future()
        loop.call_later(seconds, self._land, answer, loop.time(), context=OUTSIDE)
        return await answer

    def _land(self, answer: asyncio.Future[bool], asked: float) -> None:
        if answer.done():
            return
        stored = self._stored
        if self.acquired.is_set() and stored.holder != self._identity:
            # Others have led meanwhile, even where the lease is free again: what is known here is of the past.
            answer.set_result(False)
            return
        if stored.holder not in (None, self._identity):
            if self._seen[0] != stored.version:
                self._seen = (stored.version, asyncio.get_running_loop().time())
            if asked - self._seen[1] < DURATION_SECONDS:
                answer.set_result(False)
                return
        answer.set_result(stored.replace(self._identity, stored.version))

    def give_back(self) -> None:
        if self.truly_held and self._stored.holder == self._identity:
            self._valid_until = -1.0
            self._stored.holder = None
            self._stored.version += 1
