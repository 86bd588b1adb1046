"""One connection of a server: requests one after the other, on connections that stay open.

The bytes are read by llhttp (``httptools``); this module decides who waits for whom. A general web server's
routes, middlewares and client took half of the processor time of a short request, and a quarter of the time
until ``stepwright dev`` was ready.
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

import httptools

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

LARGEST_HEAD_BYTES: Final = 16 * 1024
"""The head of a request; a session's token takes two or three KiB of it."""

_LINGER_SECONDS: Final = 10.0
"""How long unwanted data is still accepted, so that the client reads the answer instead of a reset."""

STALLED_SECONDS: Final = 60.0
"""How long a client may take nothing of a stream before it counts as gone."""

_STREAM_BUFFER_BYTES: Final = 64 * 1024
"""What the system keeps of a stream that its client has not taken: what is old by then is of no use."""

_numbers: Final = itertools.count(1)

_log: Final = logging.getLogger("stepwright.http")

Handler = Callable[[Request], Awaitable[Response | Stream]]


class Connection(asyncio.Protocol):
    """Implements the callbacks of httptools' parser, too."""

    def __init__(self, handler: Handler, all_of_them: set[Connection]) -> None:
        self.name = f"connection {next(_numbers)}"
        self._handler = handler
        self._all = all_of_them
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._task: asyncio.Task[None] | None = None
        self._waiting: deque[Request | Malformed] = deque()
        self._incoming: Request | None = None
        """The request whose body is not complete yet."""
        self._writable: asyncio.Future[None] | None = None
        self._reading = True
        self._over = False
        """Whether further data is of no interest."""
        self.is_streaming = False
        self._target = bytearray()
        self._headers: dict[str, str] = {}
        self._repeated: set[str] = set()
        self._fruitless_bytes = 0
        """Bytes of an incomplete head, or between and after the pieces of a body: the parser keeps what it
        has of one header, however long it becomes."""
        self._silent_since = self._loop.time()
        self._timer = self._loop.call_later(IDLE_SECONDS, self._close_if_silent)

    # --- Called by asyncio
    # -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
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
        self._fruitless_bytes += len(data)
        try:
            self._parser.feed_data(data)
            if self._fruitless_bytes > LARGEST_HEAD_BYTES:
                raise Malformed
        except (httptools.HttpParserError, Malformed):
            self._over = True
            if self._incoming is not None:
                self._incoming.end(broken=True)
            else:
                self._enqueue(Malformed())
        except httptools.HttpParserUpgrade:
            self._over = (
                True  # to a protocol unknown here: this request is answered, and nothing after it is read
            )

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # --- Called by the
    # parser-----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._target.clear()
        self._headers = {}
        self._repeated = set()

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._incoming is not None:  # after the body; nobody needs it
            return
        key = name.decode("ascii", "replace").lower()
        text = value.decode("utf-8", "surrogateescape")
        if key in self._headers:
            self._repeated.add(key)
            text = f"{self._headers[key]},{text}"
        self._headers[key] = text

    def on_headers_complete(self) -> None:
        size = len(self._target) + sum(len(name) + len(value) for name, value in self._headers.items())
        version = self._parser.get_http_version()
        if size > LARGEST_HEAD_BYTES or ("host" not in self._headers and version != "1.0"):
            raise Malformed
        self._incoming = Request(
            self,
            self._parser.get_method().decode("ascii", "replace"),
            self._target.decode("utf-8", "replace"),
            self._headers,
            frozenset(self._repeated),
            keep_alive=self._parser.should_keep_alive(),
        )
        self._enqueue(self._incoming)

    def on_body(self, body: bytes) -> None:
        assert self._incoming is not None
        self._fruitless_bytes = 0
        if not self._incoming.put(body):
            self._pause_reading()

    def on_message_complete(self) -> None:
        assert self._incoming is not None
        self._incoming.end()
        if not self._incoming.keep_alive:
            self._over = True
        self._incoming = None
        self._fruitless_bytes = 0

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
            if isinstance(response, Stream):
                await self._send_pieces(one, response)
            else:
                self._send(one, response)
            if self._writable is not None:
                await self._writable
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

    def _send(self, one: Request | Malformed, response: Response) -> None:
        request = one if isinstance(one, Request) else None
        unread = request is not None and not request.complete
        close = response.close or unread or request is None or not request.keep_alive
        head = head_of(response, close=close)
        is_head = request is not None and request.method == "HEAD"
        self._transport.write(head if is_head else head + response.body)
        if close:
            self._waiting.clear()
            self._end(linger=unread or request is None)

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
                    if self._writable is not None:
                        await asyncio.wait_for(self._writable, STALLED_SECONDS)
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
        if request.headers.get("expect", "").lower() == EXPECT_CONTINUE and request is self._incoming:
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

    def close(self) -> None:
        self._transport.close()


def _plain(status: int) -> Response:
    """The answer to a request that never reached the API."""
    return Response(status, HTTPStatus(status).phrase.encode(), {"Content-Type": "text/plain"}, close=True)
