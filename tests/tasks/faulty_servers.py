"""Servers that are wrong in ways that any protocol can meet: nobody listens, nothing is said, or nothing that makes sense, or all of it
comes byte by byte, also within TLS."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from stepwright.integrations.testing import Fault
from tests.tasks.relays import Relay

ANY: Final[frozenset[Fault]] = frozenset({"down", "silent", "slow", "broken", "huge"})

NONSENSE = b"\x16\x03\x01HTTP/1.1 400 Bad Request\r\nServer: coffee pot\r\n\r\n\x00\x00" * 3


@asynccontextmanager
async def faulty(fault: Fault, endless: bytes = b"", behind: int = 0) -> AsyncIterator[int]:
    """Its port on this machine; ``down``, ``silent``, ``broken``, ``slow``: it says what a server at the port ``behind`` does; or
    ``huge``: that begins as it was asked to and never ends."""
    if fault == "slow":
        async with Relay(behind, b"", "drip") as relay:
            yield relay.port
        return
    if fault == "down":
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            yield bound.getsockname()[1]
        return
    writers: list[asyncio.StreamWriter] = []

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        if fault == "broken":
            writer.write(NONSENSE)
        if fault == "huge":
            with suppress(ConnectionError):
                while True:
                    writer.write(endless)
                    await writer.drain()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)
