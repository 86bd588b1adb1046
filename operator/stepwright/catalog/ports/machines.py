"""State machines and their revisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from stepwright.catalog.arns import Place
from stepwright.catalog.ports.lists import Cursor, Page
from stepwright.catalog.records import Revision, StateMachine, Version


class KnownMachines(Protocol):
    """State machines, by their ARNs."""

    async def machine(self, arn: str) -> StateMachine | None: ...


class Machines(KnownMachines, Protocol):
    """State machines and their revisions, stored. What is written is durable when the call returns."""

    async def add(self, machine: StateMachine, version: Version | None = None) -> StateMachine:
        """The machine as it is stored: the existing one, if its name was taken. ``version``: its first
        version, if it is published at once."""

    async def machines(self, place: Place, after: Cursor | None, limit: int) -> Page[StateMachine]:
        """Those of a place, by name."""

    async def revise(self, arn: str, revision: Revision) -> Revision:
        """Give a machine its next revision, which may get another id."""

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Replace the tags of a machine."""

    async def delete(self, arn: str) -> None:
        """It is deleted at once or, if executions run, once these have failed at their next transition. They
        stay."""

    async def revision(self, id: str) -> Revision | None: ...
