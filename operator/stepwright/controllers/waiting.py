"""Executions that wait for their state machine, by state machine: for it to appear, or to be ready."""

from __future__ import annotations

from collections.abc import Iterator

from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.state_machine_watch import Key
from stepwright.engine.ports import Uid


class Waiting:
    def __init__(self) -> None:
        self._of: dict[Key, dict[Uid, Seen]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def __contains__(self, seen: Seen) -> bool:
        return seen.uid in self._of.get(seen.machine, {})

    def __iter__(self) -> Iterator[Uid]:
        for waiting in self._of.values():
            yield from waiting

    def add(self, seen: Seen) -> None:
        """Add it, or update what is seen of it."""
        self._of.setdefault(seen.machine, {})[seen.uid] = seen

    def take(self, key: Key) -> list[Seen]:
        """All that wait for this state machine; they no longer wait."""
        return list(self._of.pop(key, {}).values())

    def stop(self, key: Key, uid: Uid) -> bool:
        """It no longer waits; returns whether it did."""
        waiting = self._of.get(key, {})
        did = waiting.pop(uid, None) is not None
        if did and not waiting:
            del self._of[key]
        return did

    def stop_everywhere(self, uid: Uid) -> None:
        """The same, whatever it waits for."""
        for key in [key for key, waiting in self._of.items() if uid in waiting]:
            self.stop(key, uid)
