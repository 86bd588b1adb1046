"""Answers that count for a while, and are asked for once by all that want them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Answer(NamedTuple, Generic[V]):
    """``seconds``: for how long it counts."""

    value: V
    seconds: float


class Remembered(Generic[K, V]):
    """``most``: how many are remembered, those asked for last. ``monotonic``: seconds that pass."""

    def __init__(self, most: int, monotonic: Callable[[], float]) -> None:
        self._most: Final = most
        self._monotonic: Final = monotonic
        self._known: Final[OrderedDict[K, tuple[float, V]]] = OrderedDict()
        """Each until when."""
        self._asking: Final[dict[K, asyncio.Task[V]]] = {}

    def recall(self, key: K) -> tuple[V] | None:
        """The answer, if it still counts."""
        found = self._known.get(key)
        if found is None or found[0] <= self._monotonic():
            return None
        self._known.move_to_end(key)
        return (found[1],)

    def last(self, key: K) -> tuple[V] | None:
        """The last answer, even if it does not count any more, as long as there is room for it."""
        found = self._known.get(key)
        return None if found is None else (found[1],)

    async def answer(self, key: K, ask: Callable[[], Awaitable[Answer[V]]]) -> V:
        """All that want it while it is asked for share the answer, or what ``ask`` raises."""
        if (recalled := self.recall(key)) is not None:
            return recalled[0]
        if key not in self._asking:
            self._asking[key] = asyncio.create_task(self._ask(key, ask))
            self._asking[key].add_done_callback(lambda done: self._has_asked(key, done))
        return await asyncio.shield(self._asking[key])

    async def _ask(self, key: K, ask: Callable[[], Awaitable[Answer[V]]]) -> V:
        answer = await ask()
        self._known[key] = self._monotonic() + answer.seconds, answer.value
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return answer.value

    def _has_asked(self, key: K, done: asyncio.Task[V]) -> None:
        del self._asking[key]
        if not done.cancelled():
            done.exception()  # those who asked may have gone meanwhile
