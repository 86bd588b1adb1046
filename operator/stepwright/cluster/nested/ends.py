"""Who waits for the end of an execution. The operator's watch of all executions shows it, whoever carries them: waiting costs no
request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeAlias

from stepwright.asl.signals import ShardCounts
from stepwright.cluster.nested.parent import Parent

Key: TypeAlias = tuple[str, str]
"""Namespace and name of an Execution."""


class Glance(NamedTuple):
    """What the watch has seen of an execution."""

    uid: str
    has_ended: bool
    parent: Parent | None
    counts: ShardCounts | None = None
    """Of a shard of a distributed Map, how far it has come."""
    has_begun: bool = True


Look: TypeAlias = Callable[[str, str], Glance | None]
"""What the watch of executions has seen of one, by its namespace and name. None: nothing, or it has settled."""


class Ends:
    def __init__(self) -> None:
        self._waiting: dict[Key, list[asyncio.Event]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def look(self, namespace: str, name: str) -> None:
        """It has ended, or is gone."""
        for waiting in self._waiting.get((namespace, name), ()):
            waiting.set()

    def look_at_all(self) -> None:
        """Any of them may have: the watch was cut, and what settles meanwhile is in no list."""
        for key in list(self._waiting):
            self.look(*key)

    @contextmanager
    def of(self, namespace: str, name: str) -> Iterator[asyncio.Event]:
        """Set whenever it may have ended."""
        key, ended = (namespace, name), asyncio.Event()
        self._waiting.setdefault(key, []).append(ended)
        try:
            yield ended
        finally:
            waiting = self._waiting[key]
            waiting.remove(ended)
            if not waiting:
                del self._waiting[key]
