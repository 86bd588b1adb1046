"""One connection to a server of NATS, for one task.

nats-py looks up hosts, goes on to other servers that the first one names, and gives its password without TLS to a server that does
not ask for TLS. So it gets a connection that was chosen and made before, and no other, and writes nothing to it before there is the
TLS that there has to be.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final
from urllib.parse import ParseResult

from nats.aio.client import Client
from nats.aio.transport import TcpTransport

from stepwright.tasks.calls.at_servers import FAREWELL_SECONDS, Line
from stepwright.tasks.calls.servers import Server

_NEVER_SECONDS: Final = 24 * 3600

_DENIED: Final = "permissions violation"


class NoTls(Exception):  # noqa: N818 - it names a condition
    """The server does not offer what there has to be."""


class Denied(Exception):  # noqa: N818
    """What the server does not allow, in its words."""


class Closed(Exception):  # noqa: N818
    """The server has closed the connection, or said what ends it. In its words, if it has said any."""


class _Transport(TcpTransport):
    def __init__(self, line: Line) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._line = line
        self._secure = line.context is None
        self._raw: asyncio.WriteTransport | None = None

    def __bool__(self) -> bool:
        return True

    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: int) -> None:  # noqa: ARG002
        reader, writer = await asyncio.open_connection(sock=self._line.socket, limit=buffer_size)
        self._raw = writer.transport
        self._bare_io_reader = self._io_reader = reader
        self._bare_io_writer = self._io_writer = writer

    async def connect_tls(
        self, uri: str | ParseResult, ssl_context: ssl.SSLContext, buffer_size: int, connect_timeout: int
    ) -> None:
        await super().connect_tls(uri, ssl_context, buffer_size, connect_timeout)
        self._secure = True

    def write(self, payload: bytes) -> Any:
        if not self._secure:
            raise NoTls
        return super().write(payload)  # type: ignore[no-untyped-call]

    def abort(self) -> None:
        if self._raw is None:
            self._line.socket.close()
        else:
            self._raw.abort()


class Session:
    """``ended``: raises what ends the connection before its time, Denied or Closed."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._said: Exception | None = None

    async def hear(self, error: Exception) -> None:
        """What the server says, and what happens to the connection."""
        self._said = error
        if _DENIED in str(error).lower():
            self._end(Denied(str(error).removeprefix("nats: ")))

    async def closed(self) -> None:
        self._end(Closed(str(self._said or "")))

    def _end(self, why: Exception) -> None:
        if not self.ended.done():
            self.ended.set_exception(why)
            self.ended.exception()  # nobody may be waiting for it


@asynccontextmanager
async def session(server: Server, line: Line) -> AsyncIterator[Session]:
    """Raises NoTls, OSError, TimeoutError, and the errors of nats-py."""
    client, transport = Client(), _Transport(line)
    client._transport = transport  # noqa: SLF001 - there is no other way to give it one
    made = Session(client)
    try:
        await client.connect(
            f"nats://{server.name}",
            name="stepwright",
            error_cb=made.hear,
            closed_cb=made.closed,
            allow_reconnect=False,
            connect_timeout=max(1, round(server.seconds)),
            ping_interval=_NEVER_SECONDS,
            tls=line.context,
            tls_hostname=server.expected,
            user=line.user or None,
            password=line.password or None,
        )
        yield made
    finally:
        with suppress(Exception):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await client.close()
        transport.abort()
        await asyncio.sleep(0)  # then the socket is closed
