"""Who may do what in the simulated cluster: exactly what the shipped rules and docs/identity.md give."""

from __future__ import annotations

from functools import cache

from tests import rights
from tests.rights import Right


@cache
def _of_the_operator() -> frozenset[Right]:
    objects, account, namespace = rights.shipped()
    return frozenset(rights.granted(objects, account, namespace))


@cache
def _of_a_state_machines_account() -> frozenset[Right]:
    objects, account = rights.documented()
    return frozenset(rights.granted(objects, account))


class Access:
    """``own_namespaces``: where the operators' Leases are, one for each installation."""

    def __init__(self, *own_namespaces: str) -> None:
        self._own_namespaces = own_namespaces
        self.missing: set[Right] = set()
        """What was asked for, and is given to nobody."""

    def allows(self, method: str, path: str, account: str | None, *, watching: bool = False) -> bool:
        """``account``: None for the operator itself, else the ServiceAccount as which it acts."""
        first = self._own_namespaces[0]
        own = next((name for name in self._own_namespaces if f"/namespaces/{name}/" in path), first)
        right = rights.needed(method, path, own, watching=watching)
        allowed = right in (_of_the_operator() if account is None else _of_a_state_machines_account())
        if not allowed:
            self.missing.add(right)
        return allowed
