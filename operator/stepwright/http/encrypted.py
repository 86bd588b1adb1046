"""A connection that is encrypted, from when it begins: one that says nothing, or no TLS, counts like all others, and not for long.

asyncio reports a connection to a server's protocol only once it is encrypted, so that nobody would count those before.
"""

from __future__ import annotations

import asyncio
import ssl
from asyncio.sslproto import SSLProtocol
from typing import Any, Final

from stepwright.http.connection import Connection

HANDSHAKE_SECONDS: Final = 10
"""How long a client may take until a connection is encrypted."""


class Encrypted(SSLProtocol):
    """``all_of_them``: those that are open, of which there may be ``most``; a new one beyond that ends at once."""

    max_size = 32 * 1024
    """Bytes of a buffer that each connection has: two of TLS's records. asyncio's own has 256 KiB, half a GiB for 2,000 of them."""

    def __init__(
        self, connection: Connection, tls: ssl.SSLContext, all_of_them: set[Encrypted], most: int | None
    ) -> None:
        loop = asyncio.get_running_loop()
        begun: asyncio.Future[Any] = loop.create_future()
        begun.add_done_callback(_is_known)
        super().__init__(
            loop, connection, tls, begun, server_side=True, ssl_handshake_timeout=HANDSHAKE_SECONDS
        )
        self._all = all_of_them
        self._most = most

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        if self._most is not None and len(self._all) >= self._most:
            transport.abort()
            return
        self._all.add(self)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._all.discard(self)
        super().connection_lost(exc)


def _is_known(begun: asyncio.Future[Any]) -> None:
    """Why a client could not begin is nobody's concern here, and asyncio would complain about what is never retrieved."""
    if not begun.cancelled():
        begun.exception()
