"""Servers that speak something else than HTTP: what a Connection says of one, and how it is connected to.

A host is looked up once, each of its addresses is judged as for HTTP tasks (``policy``), and one of those is connected to. The
socket is handed to whatever library speaks the protocol, so that no library looks anything up, and none reads more than it may.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from stepwright.tasks.calls import policy, target, trust
from stepwright.tasks.calls.connection_parts import (
    BadConnection,
    SecretKey,
    network,
    optional,
    secret,
)
from stepwright.tasks.calls.host_names import HostNames, NoSuchHost, words
from stepwright.tasks.calls.policy import NotAllowed, Policy
from stepwright.tasks.calls.secrets import Secrets
from stepwright.tasks.calls.target import Address, BadUrl, Target
from stepwright.tasks.calls.trust import BadCertificates, Contexts, Tls

SECONDS: Final = 60
"""How long a whole call may take, where the Connection does not say."""


class CannotConnect(Exception):  # noqa: N818 - it names a condition
    """Why there is no connection, as a whole sentence: nothing was sent."""


@dataclass(frozen=True, slots=True)
class Login:
    user: str | SecretKey
    password: SecretKey


@dataclass(frozen=True, slots=True)
class Server:
    """``tls``: None where the Connection says that there is none."""

    target: Target
    within: Policy
    tls: Tls | None
    login: Login | None
    seconds: float

    @property
    def name(self) -> str:
        return self.target.place

    @property
    def expected(self) -> str:
        """Whose certificate."""
        return (self.tls.server_name if self.tls is not None else None) or self.target.host


def read(part: Mapping[str, Any], where: str, port: int, *, loopback: bool) -> Server:
    """``where``: as in ``spec.sql``; ``port``: if the Connection names none. Raises BadConnection."""
    try:
        called = target.of("http", part["host"], part.get("port") or port)
    except BadUrl as bad:
        raise BadConnection(f"{where}.host: {part['host']!r} {bad}.") from bad
    networks = tuple(
        network(text, f"{where}.networks.{at}") for at, text in enumerate(part.get("networks") or ())
    )
    auth, tls = part.get("auth") or {}, part.get("tls") or {}
    return Server(
        called,
        Policy((), networks, loopback),
        None if tls.get("mode") == "Disabled" else _tls(tls, where),
        _login(auth, where) if auth else None,
        float(part.get("timeoutSeconds") or SECONDS),
    )


def _tls(given: Mapping[str, Any], where: str) -> Tls:
    pair = [given.get(name) for name in ("certificateFrom", "keyFrom")]
    if (pair[0] is None) != (pair[1] is None):
        raise BadConnection(f"{where}.tls: certificateFrom and keyFrom belong together.")
    certificate, key = (None if each is None else secret(each) for each in pair)
    return Tls(optional(given, "ca"), certificate, key, given.get("serverName") or None)


def _login(given: Mapping[str, Any], where: str) -> Login:
    user = optional(given, "username")
    if user is None:
        raise BadConnection(f"{where}.auth: username or usernameFrom is missing.")
    return Login(user, secret(given["passwordFrom"]))


class BoundedSocket(socket.socket):
    """Reads no more than this many bytes: then it is as if the other side had closed the connection, and ``exceeded``."""

    def __init__(self, family: int, most_bytes: int) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self._left = most_bytes
        self.exceeded = False

    def recv(self, size: int, flags: int = 0) -> bytes:
        data = super().recv(size, flags)
        self._count(len(data))
        return data

    def recv_into(self, buffer: Any, size: int = 0, flags: int = 0) -> int:
        count = super().recv_into(buffer, size, flags)
        self._count(count)
        return count

    def _count(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            self.exceeded = True
            raise ConnectionResetError("more was sent than may be read")


@dataclass(slots=True)
class Connector:
    """``names``: how hosts are looked up."""

    names: HostNames = field(default_factory=HostNames)
    contexts: Contexts = field(default_factory=Contexts)

    def close(self) -> None:
        self.names.close()

    async def connect(self, server: Server, most_bytes: int) -> BoundedSocket:
        """Raises NotAllowed, CannotConnect. Whoever calls this limits the time."""
        return await self.socket(server.target, server.within, most_bytes)

    async def addresses(self, called: Target, within: Policy) -> Sequence[Address]:
        """Those that may be connected to, at least one. Raises NotAllowed, CannotConnect."""
        try:
            return policy.reachable(called, within, await self.names.addresses(called))
        except NoSuchHost as none:
            raise CannotConnect(str(none)) from none

    async def socket(self, called: Target, within: Policy, most_bytes: int) -> BoundedSocket:
        """Connected to one of them. Raises NotAllowed, CannotConnect. Whoever calls this limits the time."""
        loop, failed = asyncio.get_running_loop(), ""
        for address in await self.addresses(called, within):
            family = socket.AF_INET if address.version == 4 else socket.AF_INET6
            connected = BoundedSocket(family, most_bytes)
            try:
                connected.setblocking(False)
                await loop.sock_connect(connected, (str(address), called.port))
            except OSError as error:
                connected.close()
                failed = words(error)
            except BaseException:
                connected.close()
                raise
            else:
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return connected
        raise CannotConnect(f"{called.place} cannot be connected to: {failed}.")

    async def context(self, server: Server, secrets: Secrets) -> ssl.SSLContext | None:
        """None where there is no TLS. Raises NoObject, Unavailable, BadCertificates."""
        if server.tls is None:
            return None
        return await self.contexts.of(await trust.read(server.tls, secrets))


__all__ = [
    "BadCertificates",
    "BoundedSocket",
    "CannotConnect",
    "Connector",
    "Login",
    "NotAllowed",
    "Server",
    "read",
]
