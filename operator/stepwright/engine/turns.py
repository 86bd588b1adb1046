"""Turns at something scarce, fair among namespaces: one tenant's ten thousand calls do not delay another's
first.

A semaphore serves callers in order of arrival, so somebody with many calls is served alone for as long as
they last. Here each namespace has its own queue, and the queues are served round robin.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from types import TracebackType
from typing import Final


class Ring:
    """Those who wait for a turn: each namespace in its own queue, the queues served one after the other."""

    def __init__(self) -> None:
        self._queues: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        """The next namespace comes first. None of the queues is empty."""

    def __bool__(self) -> bool:
        return bool(self._queues)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(not granted.done() for queue in self._queues.values() for granted in queue)

    def join(self, namespace: str) -> asyncio.Future[None]:
        """Queue behind all others of the namespace. ``until`` must follow."""
        granted = asyncio.get_running_loop().create_future()
        self._queues.setdefault(namespace, deque()).append(granted)
        return granted

    async def until(self, granted: asyncio.Future[None], give_back: Callable[[], None]) -> None:
        """Wait for the turn. ``give_back`` is called with one that nobody waits for any more."""
        try:
            await granted
        except asyncio.CancelledError:
            if not granted.cancelled():
                give_back()  # it was granted in the same moment
            raise

    def serve(self, may: Callable[[str], bool] = lambda _: True) -> str | None:
        """Grant a turn to the next in line of the namespaces that may have one. Returns whose it is; None if
        none of these waits."""
        while (namespace := next(filter(may, self._queues), None)) is not None:
            queue = self._queues.pop(namespace)
            # Cancelled ones are skipped here: finding one among ten thousand takes too long.
            while queue and (granted := queue.popleft()).done():
                pass
            if queue:
                self._queues[namespace] = queue  # behind all others
            if not granted.done():
                granted.set_result(None)
                return namespace
        return None


class Turns:
    """A limited number of turns at once. ``async with turns.of(namespace):`` waits for one and gives it back.

    No turn is left unused while anybody waits. Each waiting namespace gets its next turn before any of them
    gets a second one; within a namespace turns come in the order of the requests.
    """

    def __init__(self, at_once: int) -> None:
        if at_once < 1:
            raise ValueError(f"at_once must be 1 or more, not {at_once}")
        self.at_once: Final = at_once
        self._free = at_once
        self._ring = Ring()

    @property
    def taken(self) -> int:
        """How many turns are under way."""
        return self.at_once - self._free

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return self._ring.waiting

    def of(self, namespace: str) -> Turn:
        return Turn(self, namespace)

    async def take(self, namespace: str) -> None:
        if self._free:  # then nobody waits
            self._free -= 1
            return
        await self._ring.until(self._ring.join(namespace), self.give_back)

    def take_now(self) -> bool:
        """Take a turn if one is free; then nobody waits."""
        if not self._free:
            return False
        self._free -= 1
        return True

    def give_back(self) -> None:
        """Pass the turn to the next in line."""
        if not self._ring or self._ring.serve() is None:
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
