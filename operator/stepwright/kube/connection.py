"""An API server over HTTP: who asks, how long they wait, whose turn it is, and how much of an answer is read.

Requests go through aiohttp directly (figures in docs/performance.md). There is no rate limit on this side: the
API server's own priority and fairness answers 429 when requests are too many.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlencode

import aiohttp
import msgspec
from yarl import URL

from stepwright import __version__
from stepwright.engine.turns import Turns
from stepwright.kube import credentials
from stepwright.kube.api import Api, Params
from stepwright.kube.api_errors import AnswerTooLong, Unreachable, from_response
from stepwright.kube.paths import namespace_in

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_ANSWER_BYTES: Final = 16 * 2**20
"""The most of one answer that is read into memory. A single object has at most about 3 MiB."""

OnDate = Callable[[float, float], None]
"""Called with each answer's date: the server's time is now between the two, in seconds since 1970."""


async def connect(
    kubeconfig: Path | None = None,
    *,
    context: str | None = None,
    connections: int = 100,
    timeout_seconds: float = 30,
    user_agent: str = f"stepwright/{__version__}",
    on_date: OnDate | None = None,
) -> Connection:
    """Read the credentials and make the connection pool; nothing is sent yet. Raises credentials.NoCluster.

    ``connections`` limits concurrent requests (the rest wait for a turn before their time-out begins to
    count, and every namespace gets one turn before any gets two); watches do not count.
    """
    who = await credentials.load(kubeconfig, context)
    # Reading proxies and netrc from the environment costs time with each request, so only if one is
    # named.
    trust_env = any(name in os.environ for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"))

    def session(limit: int) -> aiohttp.ClientSession:
        # keepalive_timeout below the API server's own idle time-outs and those of usual load balancers
        connector = aiohttp.TCPConnector(
            limit=limit, ssl=who.ssl if who.ssl is not None else True, keepalive_timeout=60
        )
        return aiohttp.ClientSession(
            connector=connector,
            trust_env=trust_env,
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=2**18,
            auto_decompress=False,
        )

    # No compression: near the API server the network is cheaper than the processor.
    headers = {"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "identity"}
    return Connection(
        who,
        session(connections),
        session(0),
        Turns(connections),
        timeout_seconds=timeout_seconds,
        headers=headers,
        on_date=on_date,
    )


class Connection(Api):
    """``connect`` makes one. Closing that of a service account closes the one it is of, too."""

    def __init__(
        self,
        who: credentials.Credentials,
        session: aiohttp.ClientSession,
        streams: aiohttp.ClientSession,
        turns: Turns,
        *,
        timeout_seconds: float,
        headers: Mapping[str, str],
        on_date: OnDate | None = None,
    ) -> None:
        self._who = who
        self._session = session
        self._turns = turns
        self._streams = streams
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._headers = dict(headers)
        self._on_date = on_date
        self.default_namespace = who.namespace
        """The pod's own namespace, or the one of the kubeconfig's context."""
        self._options: dict[str, Any] = {}
        if who.server_hostname:
            self._options["server_hostname"] = who.server_hostname
        if who.proxy:
            self._options["proxy"] = who.proxy

    async def close(self) -> None:
        await self._session.close()
        await self._streams.close()
        # Aborted connections are closed in the next turns of the loop.
        for _ in range(3):
            await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def as_service_account(self, namespace: str, name: str) -> Connection:
        """No Impersonate-Group: the API server fills in the groups of a service account by itself, and naming them
        would need the right to impersonate groups, which cannot be granted per namespace.
        https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
        """
        headers = {**self._headers, "Impersonate-User": f"system:serviceaccount:{namespace}:{name}"}
        return Connection(
            self._who,
            self._session,
            self._streams,
            self._turns,
            timeout_seconds=self._timeout.total or 30,
            headers=headers,
        )

    async def request(
        self,
        method: str,
        path: str,
        params: Params | None = None,
        body: Any = None,
        content_type: str = "application/json",
        *,
        accept: str | None = None,
        most_bytes: int | None = None,
    ) -> bytes:
        _, answer = await self._ask(method, path, params, body, content_type, accept, most_bytes)
        return answer

    async def answer(
        self,
        method: str,
        path: str,
        body: Any = None,
        content_type: str = "application/json",
        *,
        most_bytes: int | None = None,
    ) -> tuple[int, bytes]:
        return await self._ask(method, path, None, body, content_type, None, most_bytes)

    async def _ask(
        self,
        method: str,
        path: str,
        params: Params | None,
        body: Any,
        content_type: str,
        accept: str | None,
        most_bytes: int | None,
    ) -> tuple[int, bytes]:
        write = method != "GET"
        data = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
        for fresh in (False, True):
            headers = await self._request_headers(fresh=fresh)
            if data is not None:
                headers["Content-Type"] = content_type
            if accept is not None:
                headers["Accept"] = accept
            asked = asyncio.get_running_loop().time()
            try:
                # The pool's own queue would use up the time-out: of thousands of requests at once, those
                # behind would time out and be sent again, endlessly.
                async with (
                    self._turns.of(namespace_in(path)),
                    self._session.request(
                        method,
                        self._url(path, params),
                        data=data,
                        headers=headers,
                        timeout=self._timeout,
                        **self._options,
                    ) as response,
                ):
                    answer = await _bounded(response, most_bytes)
                    self._hear_date(response, asked)
                    if response.status < 400:
                        return response.status, answer
                    if response.status == 401 and not fresh:
                        continue  # the token expired before its minute was over; nothing has been done yet
                    raise from_response(
                        response.status, answer, response.headers.get("Retry-After"), write=write
                    )
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                raise Unreachable(f"cannot connect: {error}", outcome_unknown=False) from error
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                sentence = str(error) or type(error).__name__
                raise Unreachable(
                    f"no answer to {method} {path}: {sentence}", outcome_unknown=write
                ) from error
        raise AssertionError("the second answer is returned or raised")

    @asynccontextmanager
    async def stream(
        self, path: str, params: Params, *, idle_seconds: float, accept: str | None = None
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout.total, sock_read=idle_seconds)
        headers = await self._request_headers(fresh=False)
        if accept is not None:
            headers["Accept"] = accept
        try:
            async with self._streams.get(
                self._url(path, params),
                headers=headers,
                timeout=timeout,
                **self._options,
            ) as response:
                if response.status != 200:
                    async with asyncio.timeout(self._timeout.total):
                        answer = await _bounded(response)
                    if response.status == 401:
                        await self._who.authorization(fresh=True)
                    raise from_response(response.status, answer, response.headers.get("Retry-After"))
                try:
                    yield response.content.iter_any()
                finally:
                    # Left early: TLS's own shutdown would wait for the server, and outlive the loop.
                    if response.connection is not None and response.connection.transport is not None:
                        response.connection.transport.abort()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            sentence = str(error) or type(error).__name__
            raise Unreachable(f"the watch of {path} was cut: {sentence}", outcome_unknown=False) from error

    def _hear_date(self, response: aiohttp.ClientResponse, asked: float) -> None:
        """The server read its clock after ``asked``; the header has whole seconds."""
        text = response.headers.get("Date")
        if self._on_date is None or text is None:
            return
        with suppress(ValueError):
            date = parsedate_to_datetime(text).timestamp()
            self._on_date(date, date + 1 + asyncio.get_running_loop().time() - asked)

    async def _request_headers(self, *, fresh: bool) -> dict[str, str]:
        headers = dict(self._headers)
        if authorization := await self._who.authorization(fresh=fresh):
            headers["Authorization"] = authorization
        return headers

    def _url(self, path: str, params: Params | None) -> URL:
        query = f"?{urlencode(_as_text(params))}" if params else ""
        return URL(f"{self._who.host}{path}{query}", encoded=True)


async def _bounded(response: aiohttp.ClientResponse, most_bytes: int | None = None) -> bytes:
    """The body of an answer. Raises AnswerTooLong before it would fill the memory."""
    most_bytes = most_bytes or LONGEST_ANSWER_BYTES
    if response.content_length is not None and response.content_length <= most_bytes:
        return await response.read()
    pieces: list[bytes] = []
    size = 0
    async for piece in response.content.iter_any():
        size += len(piece)
        if size > most_bytes:
            raise AnswerTooLong(
                f"{response.method} {response.url.path} is answered with more than {most_bytes:,} bytes"
            )
        pieces.append(piece)
    return b"".join(pieces)


def _as_text(params: Params) -> dict[str, str]:
    return {
        name: ("true" if value else "false") if isinstance(value, bool) else str(value)
        for name, value in params.items()
    }
