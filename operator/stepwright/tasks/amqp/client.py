"""One connection to a server of AMQP 0-9-1, for one task.

aiormq gets a connection that was chosen and made before: it looks nothing up. It is used without aio-pika, which would connect again
by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import aiormq
from aiormq.abc import AbstractChannel, DeliveredMessage
from aiormq.connection import TransportFactory
from aiormq.exceptions import InvalidFrameError
from yarl import URL

from stepwright.tasks.amqp.connection import AmqpConnection
from stepwright.tasks.calls.at_servers import FAREWELL_SECONDS, Line

# Each task says by itself what has happened to its connection.
logging.getLogger("aiormq").setLevel(logging.CRITICAL)


REPLIES: Final = "amq.rabbitmq.reply-to"
"""RabbitMQ's queue that is not really one: what is sent there reaches the channel that has asked, and goes with it."""


class NoVirtualHost(Exception):  # noqa: N818 - it names a condition
    """The server has ended the connection instead of opening the virtual host."""


class _Transport(TransportFactory):
    def __init__(self, line: Line, expected: str) -> None:
        self._line = line
        self._expected = expected
        self._raw: asyncio.WriteTransport | None = None

    async def create(self, url: URL, **_: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:  # noqa: ARG002
        reader, writer = await asyncio.open_connection(**self._line.options(self._expected))
        self._raw = writer.transport
        return reader, writer

    def abort(self) -> None:
        if self._raw is None:
            self._line.socket.close()
        else:
            self._raw.abort()


@asynccontextmanager
async def channel(amqp: AmqpConnection, line: Line) -> AsyncIterator[AbstractChannel]:
    """One that confirms what is published. Raises NoVirtualHost, OSError, and the errors of aiormq."""
    transport = _Transport(line, amqp.server.expected)
    # Who shows a certificate alone is known by that.
    who: dict[str, Any] = (
        {"user": line.user, "password": line.password} if line.user else {"query": {"auth": "external"}}
    )
    url = URL.build(
        scheme="amqp", host=amqp.server.target.host, port=amqp.server.target.port, path="/", **who
    )
    connection = aiormq.Connection(url, transport_factory=transport)
    connection.vhost = amqp.virtual_host
    try:
        await _open(connection)
        yield await connection.channel()
    finally:
        with suppress(Exception):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await connection.close()
        transport.abort()
        await asyncio.sleep(0)  # then the socket is closed


async def replies(channel: AbstractChannel) -> asyncio.Queue[DeliveredMessage]:
    """What is answered to messages of this channel whose reply-to is REPLIES. Raises the errors of aiormq."""
    heard: asyncio.Queue[DeliveredMessage] = asyncio.Queue()
    await channel.basic_consume(REPLIES, heard.put, no_ack=True)
    return heard


async def next_of(replies: asyncio.Queue[DeliveredMessage], channel: AbstractChannel) -> DeliveredMessage:
    """Raises what has ended the channel before."""
    taking = asyncio.ensure_future(replies.get())
    try:
        await asyncio.wait((taking, channel.closing), return_when=asyncio.FIRST_COMPLETED)
        if not taking.done():
            channel.closing.result()
            raise ConnectionResetError(0, "it was closed")
        return taking.result()
    finally:
        taking.cancel()


async def _open(connection: aiormq.Connection) -> None:
    try:
        await connection.connect()
    except InvalidFrameError as error:
        # The credentials were accepted before that, and aiormq keeps the server's words for itself.
        if "Connection.OpenOk" in str(error) and "Connection.Close" in str(error):
            raise NoVirtualHost from error
        raise
