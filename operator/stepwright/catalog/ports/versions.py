"""Published versions of state machines, and aliases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from stepwright.asl.signals import Millis
from stepwright.catalog.records import Alias, StateMachine, Version


class Versions(Protocol):
    """Published versions and their aliases, stored. What is written is durable when the call returns."""

    async def publish(self, machine: StateMachine, description: str | None, now: Millis) -> Version:
        """The version of the machine's revision: the one that was published before with this description, or with any
        where none is given, if there is one."""

    async def version(self, arn: str) -> Version | None: ...

    async def versions(self, machine_arn: str, before: int | None, limit: int) -> Sequence[Version]:
        """The newest first, those with a number below ``before``."""

    async def delete_version(self, arn: str) -> None: ...

    async def add_alias(self, alias: Alias) -> Alias:
        """The alias as it is stored: the one that was there before, if its name was taken."""

    async def alias(self, arn: str) -> Alias | None: ...

    async def aliases(self, machine_arn: str, after: str, limit: int) -> Sequence[Alias]:
        """By name, those that come after ``after``."""

    async def replace_alias(self, alias: Alias) -> None: ...

    async def delete_alias(self, arn: str) -> None: ...
