"""What was read from the database, kept in memory until it changes.

Every start of an execution asks for its state machine, and for an alias and a version if named. They change
seldom, and only through this process, the only one that has the database open.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from stepwright.catalog.records import Alias, StateMachine, Version

V = TypeVar("V")

MOST_CHARACTERS: Final = 32 * 1024 * 1024
"""The size of definitions kept for each kind of thing, most recently used first. One definition may have 1
MiB."""

SMALL: Final = 1024
"""The size of anything without its definition."""


class Known(Generic[V]):
    """By ARN."""

    def __init__(self, size: Callable[[V], int], most_characters: int = MOST_CHARACTERS) -> None:
        self._size = size
        self._free = most_characters
        self._found: OrderedDict[str, V] = OrderedDict()
        self._changes = 0

    async def get(self, arn: str, read: Callable[[], Awaitable[V | None]]) -> V | None:
        """The cached value, else the one read. A missing one is not cached."""
        found = self._found.get(arn)
        if found is not None:
            self._found.move_to_end(arn)
            return found
        changes = self._changes
        value = await read()
        # The value may have been read before a change made meanwhile.
        if value is not None and changes == self._changes:
            self._drop(arn)  # two may have asked at once
            self._found[arn] = value
            self._free -= self._size(value)
            while self._free < 0:
                self._drop(next(iter(self._found)))
        return value

    def changed(self, arn: str | None = None) -> None:
        """To be called once the change is written, before anybody hears of it. None: any of them."""
        self._changes += 1
        for known in tuple(self._found) if arn is None else (arn,):
            self._drop(known)

    def _drop(self, arn: str) -> None:
        dropped = self._found.pop(arn, None)
        if dropped is not None:
            self._free += self._size(dropped)


class Machines:
    """State machines with their versions and aliases."""

    def __init__(self) -> None:
        self.machines: Known[StateMachine] = Known(_size)
        self.versions: Known[Version] = Known(_size)
        self.aliases: Known[Alias] = Known(lambda _: SMALL)

    def deleted(self, arn: str) -> None:
        """A state machine, and with it all of its versions and aliases."""
        self.machines.changed(arn)
        self.versions.changed()
        self.aliases.changed()


def _size(one: StateMachine | Version) -> int:
    return SMALL + len(one.revision.definition)
