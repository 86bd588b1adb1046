"""Tasks that workers ask for."""

from __future__ import annotations

from typing import Protocol

from stepwright.catalog.records import ActivityTask


class Work(Protocol):
    """The tasks of activities, as workers get them."""

    async def take(self, arn: str, worker: str | None, seconds: float) -> ActivityTask | None:
        """Wait this long for a task; each is handed out once, even across a restart."""
