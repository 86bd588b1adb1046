"""What runs definitions, as far as the language must know it to warn of what will not run."""

from __future__ import annotations

from typing import Protocol

from stepwright.asl.resource import Resource


class Installation(Protocol):
    """Each method gives None, or says in a sentence why executions cannot run that."""

    def lacks_resource(self, resource: Resource) -> str | None:
        """A task's Resource."""

    def lacks_map_field(self, name: str) -> str | None:
        """A Map's ItemReader or ResultWriter."""

    def lacks_express(self) -> str | None:
        """State machines of the type EXPRESS."""
