"""Turns at something scarce, fair among namespaces: one tenant's ten thousand calls do not stand before another's first.

A semaphore serves whoever came first, so whoever comes with many is served alone for as long as they last. Here each
namespace has a queue of its own, and the queues are served in a ring.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from types import TracebackType
from typing import Final


class Turns:
    """So many turns at once. ``async with turns.of(namespace):`` waits for one and gives it back.

    No turn is left unused while anybody waits. Of the namespaces that wait each gets its next turn before any of them
    gets a second one; within a namespace they come in the order in which they were asked for.
    """

    def __init__(self, at_once: int) -> None:
        if at_once < 1:
            raise ValueError(f"at_once must be 1 or more, not {at_once}")
        self.at_once: Final = at_once
        self._free = at_once
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        """Who waits, by namespace; the namespace that is next stands first. None of the queues is empty."""

    @property
    def taken(self) -> int:
        """How many turns are under way."""
        return self.at_once - self._free

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return sum(not granted.done() for queue in self._waiting.values() for granted in queue)

    def of(self, namespace: str) -> Turn:
        return Turn(self, namespace)

    async def take(self, namespace: str) -> None:
        if self._free:  # then nobody waits
            self._free -= 1
            return
        granted = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(namespace, deque()).append(granted)
        try:
            await granted
        except asyncio.CancelledError:
            if not granted.cancelled():
                self.give_back()  # it was granted in the same moment
            raise

    def give_back(self) -> None:
        """Hand the turn to whoever is next."""
        while self._waiting:
            namespace, queue = self._waiting.popitem(last=False)
            # Who was cancelled is passed over here: to look for one among ten thousand takes too long.
            while queue:
                granted = queue.popleft()
                if granted.done():
                    continue
                if queue:
                    self._waiting[namespace] = queue  # behind all others
                granted.set_result(None)
                return
        self._free += 1


class Turn:
    """One turn, for ``async with``."""

    __slots__ = ("_namespace", "_turns")

    def __init__(self, turns: Turns, namespace: str) -> None:
        self._turns = turns
        self._namespace = namespace

    async def __aenter__(self) -> None:
        await self._turns.take(self._namespace)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._turns.give_back()
