"""How many calls are made at once: no host gets more than it can bear."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

MOST_AT_ONCE: Final = 256
"""Concurrent calls of one driver. Others wait, without a connection; their tasks' TimeoutSeconds keep
counting."""

MOST_OF_A_HOST: Final = 64


class Slots:
    """How many calls one driver makes at once: of all hosts, and of each."""

    def __init__(self, most: int = MOST_AT_ONCE, most_of_a_host: int = MOST_OF_A_HOST) -> None:
        self._all = asyncio.Semaphore(most)
        self._most_of_a_host = most_of_a_host
        # Only those in use: host names may come from data.
        self._hosts: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def one_of(self, host: str) -> AsyncIterator[None]:
        """A call that waits for its host takes no slot from others."""
        of_host = self._hosts.get(host)
        if of_host is None:
            of_host = self._hosts[host] = asyncio.Semaphore(self._most_of_a_host)
        async with of_host, self._all:
            yield
