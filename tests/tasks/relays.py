"""A relay between tasks and a server, for what happens between a request and its answer."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final, Literal, Self

DRIP_SECONDS: Final = 0.05
"""Between two bytes."""


class Relay:
    """``request``: bytes that nothing but the request has in it. Once they were ``asked``, what the server says is passed on, or it is
    held back, or the connection ends, or that one ends which has asked first. With ``drip`` it is passed on byte by byte from the
    beginning. ``port``: 0 lets the system choose."""

    def __init__(
        self,
        server_port: int,
        request: bytes,
        then: Literal["pass", "hold", "cut", "cut once", "drip"],
        port: int = 0,
    ) -> None:
        self.then = then
        self.port = port
        self.asked = asyncio.Event()
        self._server_port = server_port
        self._request = request
        self._serving: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for each in self._serving:
            each.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.append(asyncio.ensure_future(self._serve(reader, writer)))

    async def _serve(self, near_reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        far_reader, far = await asyncio.open_connection("127.0.0.1", self._server_port)
        ways = [
            asyncio.ensure_future(self._onwards(near_reader, far)),
            asyncio.ensure_future(self._back(far_reader, near)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for writer in (near, far):
                writer.transport.abort()
            for each in ways:
                each.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _onwards(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if self._request in data:
                self.asked.set()
            writer.write(data)
            await writer.drain()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if self.asked.is_set() and self.then in ("cut", "cut once"):
                self.then = "pass" if self.then == "cut once" else "cut"
                return
            if self.asked.is_set() and self.then == "hold":
                await asyncio.Event().wait()
            if self.then == "drip":
                for byte in data:
                    writer.write(bytes([byte]))
                    await asyncio.sleep(DRIP_SECONDS)
                continue
            writer.write(data)
            await writer.drain()
