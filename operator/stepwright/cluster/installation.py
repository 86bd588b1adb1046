"""Which installation of Stepwright carries an execution: what its status names. Replicas are one installation; two that do
not know of each other's Leases are two."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Installation:
    """``adopts``: names of installations that are gone, whose executions go on here."""

    name: str
    adopts: frozenset[str] = frozenset()

    def carries(self, operator: str | None) -> bool:
        """Whether an execution with this in its status is one of this installation. One without, that has not begun or
        was begun by an older version, may be anybody's."""
        return not operator or operator == self.name or operator in self.adopts
