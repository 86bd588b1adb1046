"""What integrations have in common whose tasks call servers that Connections name, each call on a connection of its own."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from stepwright.asl.failure.errors import PERMISSIONS, RUNTIME
from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.catalog.ports import ConnectionObjects, NoObject
from stepwright.tasks.calls import named_connections
from stepwright.tasks.calls.at_once import AtOnce
from stepwright.tasks.calls.connection_parts import BadConnection
from stepwright.tasks.calls.integration import Call, CallFailed
from stepwright.tasks.calls.offered import Offered
from stepwright.tasks.calls.policy import NotAllowed
from stepwright.tasks.calls.secrets import Secrets
from stepwright.tasks.calls.servers import BoundedSocket, CannotConnect, Connector, Server
from stepwright.tasks.calls.trust import BadCertificates

FAREWELL_SECONDS: Final = 1.0
"""How long the end of a connection may take that is not needed any more."""

T_co = TypeVar("T_co", covariant=True)


class Read(Protocol[T_co]):
    def __call__(self, spec: Any, *, loopback: bool) -> T_co:
        """What a Connection says. Raises BadConnection."""


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """A connection, and what is needed to use it. ``context``: of TLS, which is still to begin; None: there is none. Empty texts
    where the Connection names nobody."""

    socket: BoundedSocket
    context: ssl.SSLContext | None
    user: str
    password: str

    def options(self, expected: str) -> dict[str, Any]:
        """Of asyncio, to use it: with TLS, if there is to be any, and the certificate of that host."""
        if self.context is None:
            return {"sock": self.socket}
        return {
            "sock": self.socket,
            "ssl": self.context,
            "server_hostname": expected,
            "ssl_shutdown_timeout": FAREWELL_SECONDS,
        }


@contextmanager
def hiding(secrets: Secrets) -> Iterator[None]:
    """Failures within say nothing of what the Connection keeps secret."""
    try:
        yield
    except CallFailed as failed:
        raise CallFailed(failed.error, str(secrets.hidden(failed.cause))) from failed


def read_message(data: bytes) -> Json:
    """Of one that came: the value, if it is JSON, else its text; None if there is nothing in it. Raises CallFailed."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise CallFailed(RUNTIME, "The answer is not text (UTF-8).") from error
    try:
        return jsontext.parse(text) if text else None
    except InvalidJson:
        return text


class AtServers(AtOnce):
    """``loopback``: whether this machine is the user's own, so that Connections may name it. ``connection_failed``: the error of
    tasks for which there is no connection."""

    offered: Offered
    connection_failed: str

    def __init__(
        self, objects: ConnectionObjects, *, loopback: bool = False, connector: Connector | None = None
    ) -> None:
        self._objects = objects
        self._loopback = loopback
        self._connector = connector or Connector()

    def serves(self, resource: Resource) -> bool:
        return self.offered.serves(resource)

    async def close(self) -> None:
        self._connector.close()

    async def _connection(self, call: Call, name: str, read: Read[T_co]) -> tuple[Secrets, T_co]:
        """Raises CallFailed, Unavailable."""
        try:
            found = await self._objects.find(call.ref, name)
            return Secrets(found), read(found.spec, loopback=self._loopback)
        except NoObject as lacking:
            raise named_connections.failed(lacking) from lacking
        except BadConnection as bad:
            raise named_connections.unusable(str(bad)) from bad

    async def _line(self, server: Server, secrets: Secrets, most_bytes: int) -> Line:
        """Whoever calls this limits the time, and closes the socket. Raises CallFailed, Unavailable."""
        try:
            context = await self._connector.context(server, secrets)
            user = password = ""
            if server.login is not None:
                user = (await secrets.of(server.login.user)).strip("\r\n")
                password = (await secrets.of(server.login.password)).strip("\r\n")
            return Line(await self._connector.connect(server, most_bytes), context, user, password)
        except NoObject as lacking:
            raise named_connections.failed(lacking) from lacking
        except BadCertificates as bad:
            raise named_connections.unusable(str(bad)) from bad
        except NotAllowed as refused:
            raise CallFailed(PERMISSIONS, str(refused)) from refused
        except CannotConnect as cannot:
            raise CallFailed(self.connection_failed, str(cannot)) from cannot
