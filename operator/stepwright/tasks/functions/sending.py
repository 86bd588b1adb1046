"""One request and its answer, bounded in time and in size, and the difference between a call that was certainly not made and one
whose outcome nobody knows.

Cookies are not kept, redirects are not followed, no proxy of the environment is asked, and nothing is unpacked: whoever
answers decides about nothing but the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from stepwright.tasks.calls.slots import MOST_AT_ONCE

if TYPE_CHECKING:
    import aiohttp

CONNECT_SECONDS: Final = 10.0
"""How long one attempt to connect may take."""


class NotSent(Exception):  # noqa: N818 - it names a condition
    """Nobody took the connection. The sentence says why."""


class Unanswered(Exception):  # noqa: N818
    """It was sent, at least in part, and no whole answer came. The sentence says why."""


class TooLarge(Exception):  # noqa: N818
    """The answer is longer than it may be."""


@dataclass(frozen=True, slots=True)
class Reply:
    """``headers`` by their names in lower case; ``raw_headers`` as they came."""

    status: int
    headers: Mapping[str, str]
    raw_headers: Mapping[str, str]
    body: bytes


class Sender:
    """aiohttp is imported with the first request: it takes a third of a second of the processor, and many workflows call no
    function."""

    def __init__(self) -> None:
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        seconds: float,
        largest_bytes: int,
        repeats: bool,
    ) -> Reply:
        """``repeats``: it may be sent again if the other side has closed a connection that was kept open, which may have
        been before it came or after. If it may not, each request has a connection of its own. Raises NotSent, Unanswered,
        TooLarge, ValueError for what cannot be sent."""
        import aiohttp  # noqa: PLC0415 - see above

        session = self._session(kept_open=repeats)
        try:
            async with asyncio.timeout(seconds):
                while True:
                    way = SimpleNamespace(was_open=False)
                    try:
                        return await _posted(session, url, headers, body, largest_bytes, way)
                    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                        if not way.was_open:
                            raise
        except TimeoutError as error:
            if isinstance(error, aiohttp.ConnectionTimeoutError):
                raise NotSent(f"no connection within {CONNECT_SECONDS:g} s") from error
            raise Unanswered(f"no answer within {seconds:g} s") from error
        except aiohttp.ClientConnectorError as error:
            raise NotSent(str(error)) from error
        except aiohttp.InvalidURL as error:
            raise NotSent(f"no URL: {error}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unanswered(str(error) or type(error).__name__) from error

    def _session(self, *, kept_open: bool) -> aiohttp.ClientSession:
        import aiohttp  # noqa: PLC0415 - see above

        session = self._sessions.get(kept_open)
        if session is None:
            tracing = aiohttp.TraceConfig()
            tracing.on_connection_reuseconn.append(_was_open)
            # Of each host, the driver's slots decide how many there are.
            connector = aiohttp.TCPConnector(limit=MOST_AT_ONCE, force_close=not kept_open)
            session = self._sessions[kept_open] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[tracing],
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            )
        return session


async def _was_open(_session: Any, context: Any, _params: Any) -> None:
    context.trace_request_ctx.was_open = True


async def _posted(
    session: aiohttp.ClientSession,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    largest_bytes: int,
    way: SimpleNamespace,
) -> Reply:
    from yarl import URL  # noqa: PLC0415 - as aiohttp

    async with session.post(
        URL(url, encoded=True),
        data=body,
        headers=headers,
        allow_redirects=False,
        trace_request_ctx=way,
    ) as response:
        way.was_open = False  # it is answered: what is lost now is not for having been closed before
        pieces, size = [], 0
        async for piece in response.content.iter_any():
            size += len(piece)
            if size > largest_bytes:
                response.close()
                raise TooLarge
            pieces.append(piece)
        raw = {name.decode("latin-1"): value.decode("latin-1") for name, value in response.raw_headers}
        return Reply(
            response.status, {name.lower(): value for name, value in raw.items()}, raw, b"".join(pieces)
        )
