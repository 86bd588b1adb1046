"""Who may do what in the simulated cluster: exactly what the shipped rules and docs/identity.md give."""

from __future__ import annotations

from functools import cache, lru_cache

from tests.on_cluster import rights
from tests.on_cluster.rights import Right


@cache
def of_the_operator() -> frozenset[Right]:
    objects, account, namespace = rights.shipped()
    return frozenset(rights.granted(objects, account, namespace))


@cache
def _of_a_state_machines_account() -> frozenset[Right]:
    objects, account = rights.documented()
    return frozenset(rights.granted(objects, account))


_needed = lru_cache(100_000)(rights.needed)
"""Names are the same in many seeds."""


class Access:
    """``own_namespaces``: where the operators' Leases are, one for each installation."""

    def __init__(self, *own_namespaces: str) -> None:
        self._own_namespaces = own_namespaces
        self.missing: set[Right] = set()
        """What was asked for, and is given to nobody."""
        self.taken: list[Right] = []
        """What was given to the operator, and is taken away at the moment."""
        self.foreseen: set[Right] = set()
        """What it may ask for though nobody gives it."""

    def allows(self, method: str, path: str, account: str | None, *, watching: bool = False) -> bool:
        """``account``: None for the operator itself, else the ServiceAccount as which it acts."""
        first = self._own_namespaces[0]
        own = next((name for name in self._own_namespaces if f"/namespaces/{name}/" in path), first)
        right = _needed(method, path, own, watching=watching)
        if account is None and right in self.taken:
            return False
        allowed = right in (of_the_operator() if account is None else _of_a_state_machines_account())
        if not allowed and right not in self.foreseen:
            self.missing.add(right)
        return allowed
