"""What the language must know about an installation to warn of what will not run there."""

from __future__ import annotations

from typing import Protocol

from stepwright.asl.resource import Resource


class Installation(Protocol):
    """Each method returns None, or a sentence that says why executions cannot run it."""

    def lacks_resource(self, resource: Resource) -> str | None:
        """A task's Resource."""

    def lacks_map_field(self, name: str) -> str | None:
        """A Map's ItemReader or ResultWriter."""

    def lacks_express(self) -> str | None:
        """State machines of the type EXPRESS."""
