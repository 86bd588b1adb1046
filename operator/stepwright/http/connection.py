"""One connection of a server: requests one after the other, on connections that stay open.

``incoming`` reads the bytes; this module decides who waits for whom. A general web server's routes, middlewares
and client took half of the processor time of a short request, and a quarter of the time until ``stepwright dev``
was ready.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from http import HTTPStatus
from typing import Final

from stepwright.http.answers import PIECE_BYTES, Answers
from stepwright.http.incoming import Incoming
from stepwright.http.messages import (
    EXPECT_CONTINUE,
    Malformed,
    Request,
    Response,
    Stream,
    head_of,
    head_of_stream,
)

IDLE_SECONDS: Final = 75.0
"""How long a connection may be silent before a request has begun, and take to send the head of one."""

_LINGER_SECONDS: Final = 10.0
"""How long unwanted data is still accepted, so that the client reads the answer instead of a reset."""

STALLED_SECONDS: Final = 60.0
"""How long a client may take nothing of an answer before it counts as gone."""

_STREAM_BUFFER_BYTES: Final = 64 * 1024
"""What the system keeps of a stream that its client has not taken: what is old by then is of no use."""

_numbers: Final = itertools.count(1)

_log: Final = logging.getLogger("stepwright.http")

Handler = Callable[[Request], Awaitable[Response | Stream]]


class Connection(asyncio.Protocol):
    def __init__(
        self, handler: Handler, all_of_them: set[Connection], answers: Answers, most: int | None = None
    ) -> None:
        """``answers``: of all of them. ``most``: of all of them, beyond which a new one ends at once."""
        self._answers = answers
        self._most = most
        self.name = f"connection {next(_numbers)}"
        self._handler = handler
        self._all = all_of_them
        self._loop = asyncio.get_running_loop()
        self._incoming = Incoming(self, self._enqueue, self._pause_reading)
        self._transport: asyncio.Transport
        self._task: asyncio.Task[None] | None = None
        self._waiting: deque[Request | Malformed] = deque()
        self._writable: asyncio.Future[None] | None = None
        self._reading = True
        self._over = False
        """Whether further data is of no interest."""
        self.is_streaming = False
        self._silent_since: float
        self._timer: asyncio.TimerHandle

    # --- Called by asyncio -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._silent_since = self._loop.time()
        self._timer = self._loop.call_later(IDLE_SECONDS, self._close_if_silent)
        transport.set_write_buffer_limits(high=PIECE_BYTES)
        if self._most is not None and len(self._all) >= self._most:
            self._over = True
            transport.abort()
            return
        self._all.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._over = True
        self._all.discard(self)
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        try:
            self._incoming.feed(data)
        except Malformed:
            self._over = True
            if self._incoming.request is not None:
                self._incoming.request.end(broken=True)
            else:
                self._enqueue(Malformed())
        else:
            self._over = self._incoming.is_over

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # --- One after the other -----------------------------------------------------------------------------------------

    def _enqueue(self, one: Request | Malformed) -> None:
        self._waiting.append(one)
        if self._task is None:
            self._task = self._loop.create_task(self._serve())
        else:
            self._pause_reading()  # until it is its turn

    async def _serve(self) -> None:
        while self._waiting:
            one = self._waiting.popleft()
            response = await self._answer(one)
            try:
                if isinstance(response, Stream):
                    await self._send_pieces(one, response)
                else:
                    await self._send(one, response)
                await self._taken()
            except TimeoutError:
                self._transport.abort()
                return
            self.resume_reading()
        self._task = None
        self._silent_since = self._loop.time()

    async def _answer(self, one: Request | Malformed) -> Response | Stream:
        try:
            if isinstance(one, Malformed):
                return _plain(400)
            if one.headers.get("expect", EXPECT_CONTINUE).lower() != EXPECT_CONTINUE:
                return _plain(417)
            return await self._handler(one)
        except Malformed:
            return _plain(400)
        except Exception:  # noqa: BLE001 - the next request is served whatever became of this one
            _log.exception("a request could not be served")
            return _plain(500)

    async def _send(self, one: Request | Malformed, response: Response) -> None:
        """Raises TimeoutError."""
        size = len(response.body)
        if not self._answers.begin(size):
            size, response = 0, _plain(503)
        try:
            await self._send_whole(one, response)
        finally:
            self._answers.end(size)

    async def _send_whole(self, one: Request | Malformed, response: Response) -> None:
        request = one if isinstance(one, Request) else None
        unread = request is not None and not request.complete
        close = response.close or unread or request is None or not request.keep_alive
        head = head_of(response, close=close)
        body = memoryview(b"" if request is not None and request.method == "HEAD" else response.body)
        self._transport.write(head + body[:PIECE_BYTES])
        for begin in range(PIECE_BYTES, len(body), PIECE_BYTES):
            await self._taken()
            self._transport.write(body[begin : begin + PIECE_BYTES])
        if close:
            self._waiting.clear()
            self._end(linger=unread or request is None)

    async def _taken(self) -> None:
        """Until the client has taken most of what there is for it. Raises TimeoutError."""
        if self._writable is not None:
            await asyncio.wait_for(self._writable, STALLED_SECONDS)

    async def _send_pieces(self, one: Request | Malformed, stream: Stream) -> None:
        """The end of the connection is that of the stream, and a client that takes nothing has gone."""
        self.is_streaming = True
        connected = self._transport.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _STREAM_BUFFER_BYTES)
        self._transport.write(head_of_stream(stream))
        async with aclosing(stream.pieces) as pieces:
            try:
                while isinstance(one, Request) and one.method != "HEAD":
                    self._transport.write(await anext(pieces))
                    await self._taken()
            except (StopAsyncIteration, TimeoutError):
                pass
            except Exception:  # noqa: BLE001 - its client asks again
                _log.exception("a stream has ended")
        self._waiting.clear()
        self._end(linger=False)
        self._timer.cancel()
        self._timer = self._loop.call_later(_LINGER_SECONDS, self._transport.abort)

    def _end(self, *, linger: bool) -> None:
        self._over = True
        if linger and self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()
            self.resume_reading()
            self._timer.cancel()
            self._timer = self._loop.call_later(_LINGER_SECONDS, self._transport.close)
        else:
            self._transport.close()

    def ask_for_body(self, request: Request) -> None:
        """Somebody wants the body; some clients wait to be asked for it."""
        self.resume_reading()
        if request.headers.get("expect", "").lower() == EXPECT_CONTINUE and request is self._incoming.request:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.headers = {name: value for name, value in request.headers.items() if name != "expect"}

    # --- Patience ----------------------------------------------------------------------------------------------------

    def _pause_reading(self) -> None:
        if self._reading:
            self._reading = False
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if not self._reading and not self._waiting and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()

    def _close_if_silent(self) -> None:
        left = IDLE_SECONDS
        if self._task is None:
            left -= self._loop.time() - self._silent_since
            if left <= 0:
                self._transport.close()
                return
        self._timer = self._loop.call_later(left, self._close_if_silent)

    @property
    def task(self) -> asyncio.Task[None] | None:
        """What serves a request now."""
        return self._task

    @property
    def address(self) -> str:
        peer = self._transport.get_extra_info("peername")
        return str(peer[0]) if isinstance(peer, tuple) else ""

    def close(self) -> None:
        self._transport.close()


def _plain(status: int) -> Response:
    """The answer to a request that never reached the API."""
    return Response(status, HTTPStatus(status).phrase.encode(), {"Content-Type": "text/plain"}, close=True)
