"""How many calls are made at once: no host gets more than it can bear."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple
from weakref import WeakValueDictionary

MOST_AT_ONCE: Final = 256
"""Concurrent calls of one driver. Others wait, without a connection; their tasks' TimeoutSeconds keep
counting."""

MOST_OF_A_HOST: Final = 64


class Host(NamedTuple):
    """Whose calls share a limit, and that limit, which may be another for the next call."""

    name: str
    most: int


class Slots:
    """How many calls one driver makes at once: of all hosts, and of each (``most_of_a_host``, where a host says nothing else)."""

    def __init__(self, most: int = MOST_AT_ONCE, most_of_a_host: int = MOST_OF_A_HOST) -> None:
        self._all = asyncio.Semaphore(most)
        self._most_of_a_host = most_of_a_host
        # Only those in use: host names may come from data.
        self._hosts: WeakValueDictionary[str, _OfHost] = WeakValueDictionary()

    @asynccontextmanager
    async def one_of(self, host: str | Host) -> AsyncIterator[None]:
        """In the order of asking. A call that waits for its host takes no slot from others."""
        if isinstance(host, str):
            host = Host(host, self._most_of_a_host)
        of_host = self._hosts.get(host.name)
        if of_host is None:
            of_host = self._hosts[host.name] = _OfHost()
        await of_host.enter(host.most)
        try:
            async with self._all:
                yield
        finally:
            of_host.leave()


class _OfHost:
    """A semaphore whose size the newest caller says."""

    def __init__(self) -> None:
        self._most = 0
        self._open = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self, most: int) -> None:
        self._most = most
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it had just been let in
                self.leave()
            raise

    def leave(self) -> None:
        self._open -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._open < self._most:
            turn = self._waiting.popleft()
            if not turn.done():  # else it was given up
                self._open += 1
                turn.set_result(None)
