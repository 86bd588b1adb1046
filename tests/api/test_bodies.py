"""Bodies of requests, as far as they have come, are bounded together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from stepwright.api import server
from stepwright.api.admission import CONTENT_TYPE
from stepwright.api.regions import Regions
from stepwright.http import bodies, listening
from stepwright.http.names import Names
from tests.api.services import service
from tests.api.test_rubbish import code

PIECE = 400_000
HEAD = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: {CONTENT_TYPE}\r\n"


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    own = service()
    senders = server.BySignature(own.caller, Regions("us-east-1", fixed=True), own.clock)
    handler = server.handler(server.sharing(own), senders, Names.of())
    runner, port = await listening.start(handler, ["127.0.0.1"], 0)
    try:
        yield port
    finally:
        await runner.cleanup()


async def test_large_bodies_leave_room_for_small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST_UNDER_WAY_BYTES", PIECE)
    async with serving() as port:
        large, rest_of_large = await asyncio.open_connection("127.0.0.1", port)
        rest_of_large.write(f"{HEAD}Content-Length: {PIECE + 1}\r\n\r\n".encode() + b" " * PIECE)
        await rest_of_large.drain()
        small, rest_of_small = await asyncio.open_connection("127.0.0.1", port)
        rest_of_small.write(f"{HEAD}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n".encode())
        assert b"100" in await asyncio.wait_for(small.readuntil(b"\r\n\r\n"), 20)
        rest_of_small.write(b"{}")
        assert code(await asyncio.wait_for(small.readuntil(b"}"), 20)) == "UnknownOperationException"
        rest_of_large.write(b" ")
        assert code(await asyncio.wait_for(large.readuntil(b"}"), 20)) == "UnknownOperationException"
        for writer in (rest_of_large, rest_of_small):
            writer.close()


@pytest.mark.parametrize(
    "framing",
    [f"Content-Length: {2 * PIECE}\r\n\r\n", f"Transfer-Encoding: chunked\r\n\r\n{2 * PIECE:x}\r\n"],
)
async def test_bodies_under_way_are_bounded_together(monkeypatch: pytest.MonkeyPatch, framing: str) -> None:
    monkeypatch.setattr(bodies, "MOST_UNDER_WAY_BYTES", 2 * PIECE + 1)
    writers = []

    async def half(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writers.append(writer)
        writer.write((HEAD + framing).encode() + b" " * PIECE)
        await writer.drain()
        return reader, writer

    async def refusal(reader: asyncio.StreamReader) -> str | None:
        return code(await asyncio.wait_for(reader.readuntil(b"}"), 20))

    async with serving() as port:
        (first, rest_of_first), (second, rest_of_second), (third, _) = [await half(port) for _ in range(3)]
        assert await refusal(third) == "ThrottlingException"

        rest_of_first.write(b" " * PIECE + b"\r\n0\r\n\r\n")
        assert await refusal(first) == "ThrottlingException"  # its other half finds no room either
        rest_of_second.write(b" " * PIECE + b"\r\n0\r\n\r\n")
        assert await refusal(second) == "UnknownOperationException"  # it has come whole, and has no target
        for writer in writers:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
