"""A client that reads slowly, or has gone: its answer waits or ends, and nothing piles up for it."""
# ruff: noqa: ASYNC110 - what is waited for has no event

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator

import pytest

from stepwright.http import answers, connection, listening
from stepwright.http.messages import Request, Response, Stream
from tests.console.pages import SECONDS, Page

PIECE = b"x" * 10_000


class Source:
    """Always has more to tell."""

    def __init__(self, most: int = 1_000_000) -> None:
        self.told = 0
        self.over = asyncio.Event()
        self._most = most

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        try:
            while self.told < self._most:
                self.told += 1
                yield PIECE
                await asyncio.sleep(0)
        finally:
            self.over.set()

    async def serve(self, request: Request) -> Response | Stream:  # noqa: ARG002
        return Stream(200, self.pieces(), {"Content-Type": "text/event-stream"})


async def slow(port: int) -> socket.socket:
    """A client that takes next to nothing at once."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", port))
    await loop.sock_sendall(client, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return client


async def still(source: Source) -> int:
    """How much was told, once no more is."""
    told = -1
    async with asyncio.timeout(SECONDS):
        while told != source.told:
            told = source.told
            await asyncio.sleep(0.3)
    return told


async def test_what_a_client_does_not_take_is_not_made() -> None:
    source = Source()
    web, port = await listening.start(source.serve, ["127.0.0.1"], 0)
    client = await slow(port)
    try:
        told = await still(source)
        assert told * len(PIECE) < 2_000_000

        loop = asyncio.get_running_loop()
        taken = 0
        while taken < 3_000_000:
            taken += len(await loop.sock_recv(client, 65_536))
        assert source.told > told
    finally:
        client.close()
        async with asyncio.timeout(SECONDS):
            await source.over.wait()
        await web.cleanup()


async def test_a_client_that_takes_nothing_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STALLED_SECONDS", 0.2)
    monkeypatch.setattr(connection, "_LINGER_SECONDS", 0.2)
    source = Source()
    web, port = await listening.start(source.serve, ["127.0.0.1"], 0)
    client = await slow(port)
    try:
        async with asyncio.timeout(SECONDS):
            await source.over.wait()
    finally:
        client.close()
        await web.cleanup()


async def test_the_end_of_a_stream_is_that_of_its_connection() -> None:
    source = Source(most=3)
    web, port = await listening.start(source.serve, ["127.0.0.1"], 0)
    page = Page(port)

    answer = await page.ask("GET", "/", headers={"Connection": "keep-alive"})
    head = await page.ask("HEAD", "/")

    assert answer.body == 3 * PIECE
    assert answer.headers["connection"] == "close"
    assert "content-length" not in answer.headers
    assert head.body == b""
    await web.cleanup()


async def test_a_stream_that_breaks_ends_its_connection_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> AsyncGenerator[bytes, None]:
        yield b"first"
        raise ValueError("broken")

    async def serve(request: Request) -> Response | Stream:
        if request.path == "/whole":
            return Response(200, b"whole", {})
        return Stream(200, broken(), {})

    web, port = await listening.start(serve, ["127.0.0.1"], 0)

    assert (await Page(port).ask("GET", "/")).body == b"first"
    assert (await Page(port).ask("GET", "/whole")).body == b"whole"
    assert "a stream has ended" in caplog.text
    await web.cleanup()


LARGE = b"x" * 20_000_000
"""More than the system keeps for a client."""


async def large(request: Request) -> Response:  # noqa: ARG001
    return Response(200, LARGE, {})


async def test_answers_that_nobody_takes_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_UNDER_WAY_BYTES", 25_000_000)
    web, port = await listening.start(large, ["127.0.0.1"], 0)
    client = await slow(port)
    async with asyncio.timeout(SECONDS):
        while web._answers.begin(6_000_000):
            web._answers.end(6_000_000)
            await asyncio.sleep(0.02)
        assert (await Page(port).ask("GET", "/")).status == 503
        client.close()
        while (await Page(port).ask("GET", "/")).status == 503:
            await asyncio.sleep(0.02)
    assert (await Page(port).ask("GET", "/")).body == LARGE
    await web.cleanup()


async def test_a_client_that_does_not_take_its_answer_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STALLED_SECONDS", 0.2)
    web, port = await listening.start(large, ["127.0.0.1"], 0)
    client = await slow(port)
    async with asyncio.timeout(SECONDS):
        while not web._connections:
            await asyncio.sleep(0.02)
        while web._connections:
            await asyncio.sleep(0.02)
    client.close()
    await web.cleanup()
