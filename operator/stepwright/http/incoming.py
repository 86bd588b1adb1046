"""What a client sends, as llhttp (``httptools``) reads it: each head becomes a request, and what follows the head its body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import httptools

from stepwright.http.messages import Malformed, Request, Source

LARGEST_HEAD_BYTES: Final = 16 * 1024
"""The head of a request; a session's token takes two or three KiB of it."""


class Incoming:
    """Implements the callbacks of httptools' parser. ``begun`` is given each request whose head has come; ``pause`` is called when
    more of its body has come than is read."""

    def __init__(self, source: Source, begun: Callable[[Request], None], pause: Callable[[], None]) -> None:
        self._source = source
        self._begun = begun
        self._pause = pause
        self._parser = httptools.HttpRequestParser(self)
        self.request: Request | None = None
        """The one whose body is not complete yet."""
        self.is_over = False
        """Whether further data is of no interest."""
        self._target = bytearray()
        self._headers: dict[str, str] = {}
        self._repeated: set[str] = set()
        self._fruitless_bytes = 0
        """Bytes of an incomplete head, or between and after the pieces of a body: the parser keeps what it
        has of one header, however long it becomes."""

    def feed(self, data: bytes) -> None:
        """Raises Malformed."""
        self._fruitless_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # To a protocol unknown here: this request is answered, and nothing after it is read.
            self.is_over = True
            return
        except httptools.HttpParserError:
            raise Malformed from None
        if self._fruitless_bytes > LARGEST_HEAD_BYTES:
            raise Malformed

    # --- Called by the parser ------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._target.clear()
        self._headers = {}
        self._repeated = set()

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.request is not None:  # after the body; nobody needs it
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
        self.request = Request(
            self._source,
            self._parser.get_method().decode("ascii", "replace"),
            self._target.decode("utf-8", "replace"),
            self._headers,
            frozenset(self._repeated),
            keep_alive=self._parser.should_keep_alive(),
        )
        self._begun(self.request)

    def on_body(self, body: bytes) -> None:
        assert self.request is not None
        self._fruitless_bytes = 0
        if not self.request.put(body):
            self._pause()

    def on_message_complete(self) -> None:
        assert self.request is not None
        self.request.end()
        if not self.request.keep_alive:
            self.is_over = True
        self.request = None
        self._fruitless_bytes = 0
