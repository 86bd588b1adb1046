"""A server: the sockets on which it listens, and its open connections."""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import Sequence
from typing import Final

from stepwright.http.answers import Answers
from stepwright.http.connection import Connection, Handler
from stepwright.http.encrypted import Encrypted

_PORT_ATTEMPTS: Final = 10

SHUTDOWN_SECONDS: Final = 2.0
"""How long requests on their way may take when the server ends; GetActivityTask may wait for a minute."""


class Server:
    """The listening sockets and the open connections, of which there are ``most`` at a time. ``tls``: how they are encrypted, if they
    are. ``shutdown_seconds``: how long requests under way may take at the end."""

    def __init__(
        self,
        handler: Handler,
        *,
        tls: ssl.SSLContext | None = None,
        most: int | None = None,
        shutdown_seconds: float = SHUTDOWN_SECONDS,
    ) -> None:
        self._handler = handler
        self._tls = tls
        self._most = most
        self._shutdown_seconds = shutdown_seconds
        self._connections: set[Connection] = set()
        self._answers = Answers()
        self._encrypted: set[Encrypted] = set()
        """With those that are about to be."""
        self._listening: list[asyncio.Server] = []

    async def listen(self, hosts: Sequence[str], port: int) -> int:
        """On the same port of each host, which the system chooses for 0; IPv6's loopback is left out where the machine
        has none. Raises OSError."""
        for attempt in range(_PORT_ATTEMPTS):
            bound = port
            try:
                for host in hosts:
                    bound = await self._listen(host, bound)
            except OSError:
                # The system chose a port that is free on the first host and not on the next.
                chosen = bool(self._listening) and not port
                await self._deafen()
                if not chosen or attempt == _PORT_ATTEMPTS - 1:
                    raise
            else:
                return bound
        raise AssertionError

    async def _listen(self, host: str, port: int) -> int:
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(self._connection, host, port, backlog=1024)
        except OSError as error:
            if host == "::1" and error.errno != errno.EADDRINUSE:
                return port
            raise
        self._listening.append(server)
        bound: int = server.sockets[0].getsockname()[1]
        return bound

    def _connection(self) -> asyncio.BaseProtocol:
        if self._tls is None:
            return Connection(self._handler, self._connections, self._answers, self._most)
        one = Connection(self._handler, self._connections, self._answers)
        return Encrypted(one, self._tls, self._encrypted, self._most)

    async def _deafen(self) -> None:
        for server in self._listening:
            server.close()
        self._listening.clear()

    async def cleanup(self) -> None:
        """Listen no more; requests under way may take a moment, then they are abandoned. Streams have no end to wait for."""
        await self._deafen()
        idle = {one for one in self._connections if one.task is None or one.is_streaming}
        for connection in idle:
            connection.close()
        if under_way := {one.task for one in self._connections - idle if one.task is not None}:
            await asyncio.wait(under_way, timeout=self._shutdown_seconds)
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
        for connection in list(self._connections):
            connection.close()


async def start(handler: Handler, hosts: Sequence[str], port: int) -> tuple[Server, int]:
    """Serve on all ``hosts`` until it is cleaned up; the port, which the system chooses for 0. Raises OSError."""
    server = Server(handler)
    return server, await server.listen(hosts, port)
