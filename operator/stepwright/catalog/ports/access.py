"""Who may do what."""

from __future__ import annotations

from typing import Protocol

from stepwright.catalog.callers import Caller


class Access(Protocol):
    """The decision about each request, before anything is looked up for it."""

    async def allows(self, caller: Caller, action: str, resource: str) -> bool:
        """``action`` is an operation's name (``StartExecution``), ``resource`` the ARN of its subject,
        whether that exists or not, with ``*`` for a name if the subject is everything in one place. Raises
        Unavailable."""

    def needs(self, action: str) -> str:
        """The rights for it, as those call them who give them; empty where nobody gives any."""
