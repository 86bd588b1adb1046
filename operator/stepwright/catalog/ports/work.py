"""Tasks that workers ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from stepwright.catalog.records import ActivityLoad, ActivityTask


class Work(Protocol):
    """The tasks of activities, as workers get them."""

    async def take(self, arn: str, worker: str | None, seconds: float) -> ActivityTask | None:
        """Wait this long for a task; each is handed out once, even across a restart."""

    def loads(self) -> Mapping[str, ActivityLoad]:
        """Of the activities of which tasks are open, or for which workers ask, by ARN: as it is now."""
