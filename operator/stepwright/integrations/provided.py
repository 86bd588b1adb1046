"""What a process provides the integrations of others with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stepwright.asl.json_types import Json
from stepwright.catalog.ports import ConnectionObjects, NoObject
from stepwright.engine.ports import Clock, ExecutionRef
from stepwright.tasks.calls import named_connections, own_connection
from stepwright.tasks.calls.connection_parts import BadConnection
from stepwright.tasks.calls.means import Means
from stepwright.tasks.calls.secrets import Secrets


@dataclass(frozen=True, slots=True, repr=False)
class Values:
    """What a Connection says to an integration, by name, read for one call: it must be forgotten afterwards, and never passed
    on."""

    of: Mapping[str, str]
    _secrets: Secrets

    def hidden(self, value: Json) -> Json:
        """A value without what is secret of these: others may answer with what they were sent."""
        return self._secrets.hidden(value)


@dataclass(frozen=True, slots=True)
class Provided:
    """``own_machine``: whether this is its user's own machine, which that user's tasks may call."""

    integration: str
    clock: Clock
    own_machine: bool
    objects: ConnectionObjects

    @classmethod
    def of(cls, integration: str, means: Means) -> Provided:
        return cls(integration, means.clock, means.own_machine, means.connection_objects)

    async def values(self, ref: ExecutionRef, connection: str) -> Values:
        """Of the Connection that a task of this execution names, if its state machine may use it. Raises CallFailed, Unavailable."""
        try:
            found = await self.objects.find(ref, connection)
            given = own_connection.read(found.spec)
            if given.integration != self.integration:
                raise BadConnection(
                    f"spec.integration.name is {given.integration!r}: the Connection {connection} is not for {self.integration}."
                )
            secrets = Secrets(found)
            return Values({each.name: await secrets.of(each.value) for each in given.values}, secrets)
        except NoObject as lacking:
            raise named_connections.failed(lacking) from lacking
        except BadConnection as bad:
            raise named_connections.unusable(str(bad)) from bad
