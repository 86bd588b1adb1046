"""What goes over an HTTP connection: a request, whose body is read as it comes, and the answer to it, whole or in pieces."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Final, NamedTuple, Protocol
from urllib.parse import urlsplit

EXPECT_CONTINUE: Final = "100-continue"

_MOST_UNREAD_BYTES: Final = 128 * 1024
"""Of a body, before no more is taken from the connection."""


class Malformed(Exception):  # noqa: N818 - it names a condition
    """What has come is not HTTP."""


class Refused(Exception):  # noqa: N818
    """A request that is not answered, whatever it asks for; ``code`` is for programs, the sentence for people."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class Response(NamedTuple):
    """``close``: whether the connection is of no more use."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    close: bool = False


class Stream(NamedTuple):
    """An answer that comes in pieces, whose end nobody knows yet. The next piece is asked for once the client has taken
    most of those before; ``pieces`` is closed when it has gone."""

    status: int
    pieces: AsyncGenerator[bytes, None]
    headers: Mapping[str, str]


class Source(Protocol):
    """Where the body of a request comes from: its connection."""

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> str:
        """The network's, of whoever is at its other end; empty where nobody knows it."""

    def ask_for_body(self, request: Request) -> None:
        """Somebody wants it."""

    def resume_reading(self) -> None:
        """There is room for more."""


class Request:
    """A request whose head has come. ``headers`` by their names in lower case, several values of one with commas
    between them; ``repeated`` names those that came more than once. ``target`` is as it was sent."""

    __slots__ = (
        "_arrived",
        "_broken",
        "_connection",
        "_pieces",
        "_unread_bytes",
        "complete",
        "headers",
        "keep_alive",
        "method",
        "path",
        "query",
        "repeated",
        "target",
    )

    def __init__(
        self,
        connection: Source,
        method: str,
        target: str,
        headers: Mapping[str, str],
        repeated: frozenset[str],
        *,
        keep_alive: bool,
    ) -> None:
        self.method = method
        self.target = target
        self.path, self.query = _split(target)
        self.headers = headers
        self.repeated = repeated
        self.keep_alive = keep_alive
        self.complete = False
        self._connection = connection
        self._pieces: list[bytes] = []
        self._unread_bytes = 0
        self._broken = False
        self._arrived: asyncio.Future[None] | None = None

    @property
    def client(self) -> str:
        """Whose connection it came by: a name of its own."""
        return self._connection.name

    @property
    def address(self) -> str:
        """``Source.address``: of a proxy, if one has passed it on."""
        return self._connection.address

    @property
    def content_length(self) -> int | None:
        length = self.headers.get("content-length")
        return None if length is None else int(length)

    async def read(self) -> bytes:
        """What has come of the body since the last time; nothing at its end. Raises Malformed."""
        while not self._pieces:
            if self._broken:
                raise Malformed
            if self.complete:
                return b""
            self._connection.ask_for_body(self)
            self._arrived = asyncio.get_running_loop().create_future()
            await self._arrived
        return self.take()

    def take(self) -> bytes:
        """What has come of the body since the last time, possibly nothing."""
        piece = b"".join(self._pieces)
        self._pieces.clear()
        self._unread_bytes = 0
        self._connection.resume_reading()
        return piece

    def put(self, piece: bytes) -> bool:
        """More of the body. False if more has come than is read."""
        self._pieces.append(piece)
        self._unread_bytes += len(piece)
        self._wake()
        return self._unread_bytes < _MOST_UNREAD_BYTES

    def end(self, *, broken: bool = False) -> None:
        if broken:
            self._broken = True
        else:
            self.complete = True
        self._wake()

    def _wake(self) -> None:
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)


def _split(target: str) -> tuple[str, str]:
    """Path and query. Raises Malformed."""
    if target == "/":
        return "/", ""
    try:
        parts = urlsplit(target)
    except ValueError:
        raise Malformed from None
    return parts.path or "/", parts.query


# --- The head of an answer --------------------------------------------------------------------------------------------

_CLOSES: Final = "Connection: close\r\n"

_STATUS_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}" for status in HTTPStatus}


_WITHOUT_BODY: Final = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


def head_of(response: Response, *, close: bool) -> bytes:
    length = "" if response.status in _WITHOUT_BODY else f"Content-Length: {len(response.body)}\r\n"
    return _head(response.status, response.headers, length, close=close)


def head_of_stream(stream: Stream) -> bytes:
    """Its end is that of its connection."""
    return _head(stream.status, stream.headers, close=True)


def _head(status: int, given: Mapping[str, str], length: str = "", *, close: bool) -> bytes:
    headers = "".join([f"{name}: {value}\r\n" for name, value in given.items()])
    return (
        f"{_status_line(status)}\r\nDate: {_date()}\r\n{length}{headers}{_CLOSES if close else ''}\r\n"
    ).encode("latin-1", "replace")


def _status_line(status: int) -> str:
    return _STATUS_LINES.get(status) or f"HTTP/1.1 {status} "


class _Dated:
    """The date in an answer, made once a second."""

    second = 0
    text = ""


def _date() -> str:
    now = int(time.time())
    if now != _Dated.second:
        _Dated.second, _Dated.text = now, formatdate(now, usegmt=True)
    return _Dated.text
