"""What a process provides the integrations of others with."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stepwright.asl.failure.errors import PERMISSIONS
from stepwright.asl.json_types import Json
from stepwright.catalog.ports import ConnectionObjects, NoObject
from stepwright.engine.ports import Clock, ExecutionRef
from stepwright.tasks.calls import named_connections, own_connection, target
from stepwright.tasks.calls.connection_parts import BadConnection
from stepwright.tasks.calls.integration import CallFailed
from stepwright.tasks.calls.means import Means
from stepwright.tasks.calls.policy import NotAllowed, Policy
from stepwright.tasks.calls.secrets import Secrets
from stepwright.tasks.calls.servers import Connector
from stepwright.tasks.calls.target import Address, BadUrl, Target

LARGEST_ANSWER_BYTES = 1024 * 1024
"""What is read of one connection at most, if an integration does not say."""


@dataclass(frozen=True, slots=True, repr=False)
class Values:
    """What a Connection says to an integration, by name, read for one call: it must be forgotten afterwards, and never passed
    on. Hosts that it names are connected to by this, which judges their addresses first."""

    of: Mapping[str, str]
    _secrets: Secrets
    _within: Policy
    _connector: Connector

    def hidden(self, value: Json) -> Json:
        """A value without what is secret of these: others may answer with what they were sent."""
        return self._secrets.hidden(value)

    async def addresses(self, host: str, port: int) -> Sequence[Address]:
        """Those of a host's addresses that may be connected to, at least one, for libraries that take no socket. Raises CallFailed,
        CannotConnect."""
        try:
            return await self._connector.addresses(_target(host, port), self._within)
        except NotAllowed as refused:
            raise CallFailed(PERMISSIONS, str(refused)) from refused

    async def connect(self, host: str, port: int, *, most_bytes: int = LARGEST_ANSWER_BYTES) -> socket.socket:
        """A socket that does not block, connected to one of them: whoever gets it closes it, and limits the time. It reads as if the
        other side had ended the connection after ``most_bytes``. Raises CallFailed, CannotConnect."""
        try:
            return await self._connector.socket(_target(host, port), self._within, most_bytes)
        except NotAllowed as refused:
            raise CallFailed(PERMISSIONS, str(refused)) from refused


@dataclass(frozen=True, slots=True)
class Provided:
    """``own_machine``: whether this is its user's own machine, which that user's tasks may call. Whoever made it closes it."""

    integration: str
    clock: Clock
    own_machine: bool
    objects: ConnectionObjects
    _connector: Connector = field(default_factory=Connector, repr=False, compare=False)

    @classmethod
    def of(cls, integration: str, means: Means) -> Provided:
        return cls(integration, means.clock, means.own_machine, means.connection_objects)

    def close(self) -> None:
        self._connector.close()

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
            values = {each.name: await secrets.of(each.value) for each in given.values}
            return Values(values, secrets, Policy((), given.networks, self.own_machine), self._connector)
        except NoObject as lacking:
            raise named_connections.failed(lacking) from lacking
        except BadConnection as bad:
            raise named_connections.unusable(str(bad)) from bad


def _target(host: str, port: int) -> Target:
    try:
        return target.of("http", host, port)
    except BadUrl as bad:
        raise named_connections.unusable(f"The host {host[:253]!r} {bad}.") from bad
