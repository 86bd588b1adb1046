"""What a Connection keeps secret, read for one call and forgotten after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stepwright.asl.json_types import Json
from stepwright.catalog.ports import ConnectionObject
from stepwright.tasks.calls.connection_parts import SecretKey


@dataclass(slots=True, repr=False)
class Secrets:
    """Reads what one call needs, and remembers it until then: ``hidden`` takes it out of what came back."""

    connection: ConnectionObject
    _read: list[str] = field(default_factory=list)

    async def of(self, given: str | SecretKey) -> str:
        """Raises NoObject, Unavailable."""
        if isinstance(given, str):
            return given
        value = await self.connection.secret(given.name, given.key)
        self.keep(value)
        return value

    def keep(self, *values: str) -> None:
        self._read += [value.strip() for value in values if len(value.strip()) >= 4]

    def are_in(self, body: bytes) -> bool:
        """Whether a server has answered with what it was sent."""
        return any(secret.encode() in body for secret in self._read)

    def hidden(self, value: Json) -> Json:
        """With asterisks in place of all that was read: a server may answer with what it was sent."""
        if isinstance(value, str):
            for secret in self._read:
                value = value.replace(secret, "***")
            return value
        if isinstance(value, list):
            return [self.hidden(item) for item in value]
        if isinstance(value, Mapping):
            return {str(self.hidden(name)): self.hidden(item) for name, item in value.items()}
        return value
