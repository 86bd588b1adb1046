"""Which state machines have time series of their own. Names cost their makers nothing, so the number of series is bounded."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

MOST_MACHINES: Final = 10_000
"""How many state machines have their own series."""
OTHERS: Final = "_others"
"""The name under which the rest is counted. No object can have it."""


class Removed(Enum):
    """Which series go with a state machine."""

    NONE = auto()
    ITS_OWN = auto()
    ALL_OF_THE_NAMESPACE = auto()


class NamedSeries:
    def __init__(self, most: int = MOST_MACHINES) -> None:
        self._free = most
        self._machines: dict[str, set[str]] = {}
        """Those that have series, by namespace."""

    def name_of(self, namespace: str, state_machine: str) -> str:
        """The name under which it is counted."""
        machines = self._machines.setdefault(namespace, set())
        if state_machine not in machines:
            if self._free <= 0:
                return OTHERS
            self._free -= 1
            machines.add(state_machine)
        return state_machine

    def remove(self, namespace: str, state_machine: str) -> Removed:
        """It was deleted, which makes room for another."""
        machines = self._machines.get(namespace, set())
        if state_machine not in machines:
            return Removed.NONE
        machines.discard(state_machine)
        self._free += 1
        if machines:
            return Removed.ITS_OWN
        del self._machines[namespace]
        return Removed.ALL_OF_THE_NAMESPACE
