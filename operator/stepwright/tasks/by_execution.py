"""What a driver knows about tasks, by execution and task, or for a whole execution at once.

The engine asks a driver about one execution at a time, for each of thousands after a restart: searching all
tasks each time would take quadratic time.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TypeVar

from stepwright.asl.signals import TaskId
from stepwright.engine.ports import Uid

V = TypeVar("V")
Key = tuple[Uid, TaskId]


class ByExecution(MutableMapping[Key, V]):
    """A mapping; ``of`` and ``holds`` look at one execution only."""

    def __init__(self) -> None:
        self._by_uid: dict[Uid, dict[TaskId, V]] = {}

    def of(self, uid: Uid) -> tuple[TaskId, ...]:
        return tuple(self._by_uid.get(uid, ()))

    def holds(self, uid: Uid) -> bool:
        return uid in self._by_uid

    def __getitem__(self, key: Key) -> V:
        uid, task = key
        try:
            return self._by_uid[uid][task]
        except KeyError:
            raise KeyError(key) from None

    def __setitem__(self, key: Key, value: V) -> None:
        uid, task = key
        self._by_uid.setdefault(uid, {})[task] = value

    def __delitem__(self, key: Key) -> None:
        uid, task = key
        of = self._by_uid.get(uid, {})
        if task not in of:
            raise KeyError(key)
        del of[task]
        if not of:
            del self._by_uid[uid]

    def __iter__(self) -> Iterator[Key]:
        return ((uid, task) for uid, of in self._by_uid.items() for task in of)

    def __len__(self) -> int:
        return sum(map(len, self._by_uid.values()))
