"""Who may do what in ``stepwright dev``: it serves one user, and demands a key if others could reach it."""

from __future__ import annotations

from stepwright.catalog.callers import Caller


class Unrestricted:
    """Implements ``catalog.ports.Access``: whoever is let in may do everything."""

    async def allows(self, caller: Caller, action: str, resource: str) -> bool:  # noqa: ARG002
        return True

    def needs(self, action: str) -> str:  # noqa: ARG002
        return ""
