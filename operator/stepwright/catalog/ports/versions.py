"""Published versions of state machines, and aliases."""

from __future__ import annotations

from typing import Protocol

from stepwright.asl.signals import Millis
from stepwright.catalog.ports.lists import Cursor, Page
from stepwright.catalog.records import Alias, StateMachine, Version


class Versions(Protocol):
    """Published versions and their aliases, stored. What is written is durable when the call returns."""

    async def publish(self, machine: StateMachine, description: str | None, now: Millis) -> Version:
        """The version of the machine's revision: if there is one, the one published before with this
        description, or with any if none is given."""

    async def version(self, arn: str) -> Version | None: ...

    async def versions(self, machine_arn: str, after: Cursor | None, limit: int) -> Page[Version]:
        """The newest first."""

    async def delete_version(self, arn: str) -> None:
        """A missing one is not an error. Raises VersionInUse: in the same moment no alias routes to it, and none will."""

    async def add_alias(self, alias: Alias) -> Alias:
        """The alias as it is stored: the existing one, if its name was taken. Raises NoSuchVersion."""

    async def alias(self, arn: str) -> Alias | None: ...

    async def aliases(
        self, machine_arn: str, version_arn: str | None, after: Cursor | None, limit: int
    ) -> Page[Alias]:
        """Of a state machine, or those that route to a version of it; by name."""

    async def replace_alias(self, alias: Alias) -> None:
        """Nothing is written if it no longer exists. Raises NoSuchVersion."""

    async def delete_alias(self, arn: str) -> None: ...
