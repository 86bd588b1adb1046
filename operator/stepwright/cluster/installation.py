"""Which installation of Stepwright runs an execution: the one named in its status. Replicas are one
installation; operators that do not see each other's Leases are two."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Installation:
    """``adopts``: names of installations that are gone, whose executions continue here."""

    name: str
    adopts: frozenset[str] = frozenset()

    def carries(self, operator: str | None) -> bool:
        """Whether an execution with this in its status belongs to this installation. One without it, which
        has not begun or was begun by an older version, may be anybody's."""
        return not operator or operator == self.name or operator in self.adopts
