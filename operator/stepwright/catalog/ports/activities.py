"""Activities, apart from their tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from stepwright.catalog.arns import Place
from stepwright.catalog.ports.lists import Cursor, Page
from stepwright.catalog.records import Activity


class Activities(Protocol):
    """Activities, stored. What is written is durable when the call returns."""

    async def add(self, activity: Activity) -> Activity:
        """The activity as it is stored: the existing one, if its name was taken."""

    async def activity(self, arn: str) -> Activity | None: ...

    async def activities(self, place: Place, after: Cursor | None, limit: int) -> Page[Activity]:
        """Those of a place, by name."""

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Replace the tags of an activity."""

    async def delete(self, arn: str) -> None: ...
