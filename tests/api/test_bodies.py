"""Bodies of requests, as far as they have come, are bounded together."""

from __future__ import annotations

import asyncio
from contextlib import suppress

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


@pytest.mark.parametrize(
    "framing",
    [f"Content-Length: {2 * PIECE}\r\n\r\n", f"Transfer-Encoding: chunked\r\n\r\n{2 * PIECE:x}\r\n"],
)
async def test_bodies_under_way_are_bounded_together(monkeypatch: pytest.MonkeyPatch, framing: str) -> None:
    monkeypatch.setattr(bodies, "MOST_UNDER_WAY_BYTES", 2 * PIECE + 1)
    handler = server.handler(service(), Regions("us-east-1", fixed=True), Names.of())
    runner, port = await listening.start(handler, ["127.0.0.1"], 0)
    writers = []

    async def half() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writers.append(writer)
        writer.write((HEAD + framing).encode() + b" " * PIECE)
        await writer.drain()
        return reader, writer

    async def refusal(reader: asyncio.StreamReader) -> str | None:
        return code(await asyncio.wait_for(reader.readuntil(b"}"), 20))

    try:
        (first, rest_of_first), (second, rest_of_second), (third, _) = [await half() for _ in range(3)]
        assert await refusal(third) == "ThrottlingException"

        rest_of_first.write(b" " * PIECE + b"\r\n0\r\n\r\n")
        assert await refusal(first) == "ThrottlingException"  # its other half finds no room either
        rest_of_second.write(b" " * PIECE + b"\r\n0\r\n\r\n")
        assert await refusal(second) == "UnknownOperationException"  # it has come whole, and has no target
    finally:
        for writer in writers:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        await runner.cleanup()
