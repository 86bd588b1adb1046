"""Bodies of requests: each is bounded, and so are all that are under way together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from stepwright.http.messages import Refused, Request

LARGEST_BODY_BYTES: Final = 8 * 1024 * 1024
"""Enough for a definition of 1 MiB with every character escaped, and its tags."""

MOST_UNDER_WAY_BYTES: Final = 64 * 1024 * 1024
"""For all requests together. A client whose request finds no room is asked to retry, which all SDKs do."""

BODY_SECONDS: Final = 30.0
"""How long a client may take to send a body."""

_SMALL_BYTES: Final = 64 * 1024
"""So much of each is not counted: those who send much hold up nobody who sends little."""

_ENCODING: Final = "content-encoding"


class Bodies:
    """The bodies of one server's requests."""

    def __init__(self) -> None:
        self._free_bytes = MOST_UNDER_WAY_BYTES

    def at_hand(self, request: Request) -> bytes | None:
        """A small body that came with its head. None: it has to be read."""
        length = request.content_length
        if length is None or length > _SMALL_BYTES or not request.complete or _ENCODING in request.headers:
            return None
        return request.take()

    @asynccontextmanager
    async def read(self, request: Request, largest: int = LARGEST_BODY_BYTES) -> AsyncIterator[bytes]:
        """A body of at most ``largest`` bytes, which counts as long as it is in use. Raises Refused."""
        length = request.content_length
        if length is not None and length > largest:
            raise _too_large(largest)
        if _ENCODING in request.headers:
            # No client compresses requests of these APIs, and compressed data may expand a thousandfold.
            raise Refused("UnsupportedMediaTypeException", "The body of a request must not be encoded", 415)
        size = counted = 0
        try:
            pieces = []
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    while piece := await request.read():
                        size += len(piece)
                        if size > largest:
                            raise _too_large(largest)
                        more = max(size - _SMALL_BYTES, 0) - counted
                        if more > self._free_bytes:
                            raise _no_room()
                        counted += more
                        self._free_bytes -= more
                        pieces.append(piece)
            except TimeoutError:
                raise Refused("RequestTimeoutException", "The body did not arrive in time", 408) from None
            body = b"".join(pieces)
            del pieces
            yield body
        finally:
            self._free_bytes += counted


def _too_large(largest: int) -> Refused:
    return Refused(
        "RequestEntityTooLargeException",
        f"The body of a request must not be larger than {largest} bytes",
        413,
    )


def _no_room() -> Refused:
    return Refused(
        "ThrottlingException",
        f"Requests with more than {MOST_UNDER_WAY_BYTES} bytes are under way; try again",
        400,
    )
