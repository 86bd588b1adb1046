"""One connection to a server of NATS, for one task.

nats-py looks up hosts, goes on to other servers that the first one names, and gives its password without TLS to a server that does
not ask for TLS. So it gets a connection that was chosen and made before, and no other, and writes nothing to it before there is the
TLS that there has to be.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, SupportsIndex
from urllib.parse import ParseResult

import nats.errors
from nats.aio.client import Client
from nats.aio.transport import TcpTransport

from stepwright.tasks.calls.at_servers import FAREWELL_SECONDS, Line
from stepwright.tasks.calls.servers import Server

_NEVER_SECONDS: Final = 24 * 3600

_DENIED: Final = "permissions violation"

_LAST_WORDS_BYTES: Final = 1024
_ERROR: Final = re.compile(rb"-ERR '([^']*)'\r\n\Z")


class NoTls(Exception):  # noqa: N818 - it names a condition
    """The server does not offer what there has to be."""


class Denied(Exception):  # noqa: N818
    """What the server does not allow, in its words."""


class Closed(Exception):  # noqa: N818
    """The server has closed the connection, or said what ends it. In its words, if it has said any."""


class _Reader(asyncio.StreamReader):
    """Keeps the end of what has arrived: nobody reads it any more once the connection has failed."""

    last_words = b""

    def feed_data(self, data: Iterable[SupportsIndex]) -> None:
        self.last_words = (self.last_words + bytes(data))[-_LAST_WORDS_BYTES:]
        super().feed_data(data)


class _Transport(TcpTransport):
    def __init__(self, line: Line) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # nats has few types
        self._line = line
        self._secure = line.context is None
        self._raw: asyncio.WriteTransport | None = None
        self._readers: list[_Reader] = []
        """The one of TLS last."""

    def __bool__(self) -> bool:
        return True

    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: int) -> None:  # noqa: ARG002
        loop, reader = asyncio.get_running_loop(), _Reader(limit=buffer_size)
        protocol = asyncio.StreamReaderProtocol(reader)
        self._raw, _ = await loop.create_connection(lambda: protocol, sock=self._line.socket)
        self._bare_io_reader, self._bare_io_writer = self._use(reader, protocol, self._raw)

    async def connect_tls(
        self,
        uri: str | ParseResult,
        ssl_context: ssl.SSLContext,
        buffer_size: int,
        connect_timeout: int,  # noqa: ARG002
    ) -> None:
        assert self._raw is not None
        loop, reader = asyncio.get_running_loop(), _Reader(limit=buffer_size)
        protocol = asyncio.StreamReaderProtocol(reader)
        name = uri if isinstance(uri, str) else uri.hostname
        secured = await loop.start_tls(self._raw, protocol, ssl_context, server_hostname=name)
        assert secured is not None
        self._use(reader, protocol, secured)
        self._secure = True

    def _use(
        self, reader: _Reader, protocol: asyncio.StreamReaderProtocol, transport: asyncio.WriteTransport
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        writer = asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())
        self._readers.append(reader)
        self._io_reader, self._io_writer = reader, writer
        return reader, writer

    def told(self) -> Exception | None:
        """Why the server has ended the connection, where it has said so: who was writing then has not heard it."""
        for reader in reversed(self._readers):
            if (said := _ERROR.search(reader.last_words)) is not None:
                return nats.errors.Error(f"nats: {said[1].decode(errors='replace')}")
            if isinstance(alert := reader.exception(), ssl.SSLError):
                return alert
        return None

    def write(self, payload: bytes) -> Any:
        if not self._secure:
            raise NoTls
        return super().write(payload)  # type: ignore[no-untyped-call]  # as above

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
        except OSError as error:
            if (told := transport.told()) is None:
                raise
            raise told from error
        yield made
    finally:
        with suppress(Exception):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await client.close()
        transport.abort()
        await asyncio.sleep(0)  # then the socket is closed
