"""Makes one HTTP request, to an address that was chosen, and reads one answer, as far as may be read.

Every request has its own TCP connection: a connection that was opened for one Connection, to an address that this one may
reach and with its certificate, is never another's; and no answer is lost because the other side has just closed what was kept
open. No proxies and no ``.netrc`` from the environment, no cookies, no redirects.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from stepwright import __version__
from stepwright.tasks.calls import policy
from stepwright.tasks.calls.host_names import HostNames, NoSuchHost, words
from stepwright.tasks.calls.policy import NotAllowed, Policy
from stepwright.tasks.calls.target import Address, Target
from stepwright.tasks.calls.trust import BadCertificates, Contexts, Trust, why_not

LARGEST_BODY_BYTES: Final = 256 * 1024
"""Of an answer, decompressed, where nothing else is said: more is not a task's result."""

_LINE_BYTES: Final = 8 * 1024
_HEADER_LINES: Final = 128

_MISPACKED: Final = "The answer is not compressed as its Content-Encoding says."


class NoAnswer(Exception):  # noqa: N818 - it names a condition
    """Why there is none, as a whole sentence. ``certain``: the request was certainly not made."""

    def __init__(self, why: str, *, certain: bool) -> None:
        super().__init__(why)
        self.certain = certain


class TooLarge(Exception):  # noqa: N818
    """The answer has more bytes than were asked for at most."""


class Unusable(Exception):  # noqa: N818
    """What is wrong with the answer, or with the certificates that were given, as a whole sentence."""


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    method: str
    target: Target
    headers: Sequence[tuple[str, str]] = ()
    body: bytes | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """``headers`` as the server has spelled them. ``cut``: the body goes on."""

    status: int
    reason: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    cut: bool = False

    def header(self, name: str) -> str:
        return next((value for given, value in self.headers if given.lower() == name), "")


@dataclass(slots=True)
class _Pinned(AbstractResolver):
    """Answers with the addresses that were chosen beforehand, for the one host that is called."""

    host: str
    addresses: Sequence[Address]

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host != self.host or family not in (socket.AF_UNSPEC, socket.AF_INET, socket.AF_INET6):
            raise OSError(f"{host} is not what was looked up")
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self.addresses
        ]

    async def close(self) -> None:
        pass


@dataclass(slots=True)
class Client:
    """``names``: how hosts are looked up."""

    names: HostNames = field(default_factory=HostNames)
    contexts: Contexts = field(default_factory=Contexts)

    def close(self) -> None:
        self.names.close()

    async def send(
        self,
        request: Request,
        within: Policy,
        trust: Trust,
        seconds: float,
        most_bytes: int = LARGEST_BODY_BYTES,
    ) -> Answer:
        """``most_bytes``: of the answer, decompressed. ``seconds``: until the whole answer is there. Raises NotAllowed, NoAnswer, TooLarge, Unusable."""
        called, begun = request.target, _Begun()
        try:
            async with asyncio.timeout(seconds):
                addresses = policy.reachable(called, within, await self._addresses(called))
                context = await self._context(called, trust)
                async with self._sent(request, addresses, context, trust.server_name, begun) as response:
                    return await _read(response, request.method, most_bytes)
        except TimeoutError as error:
            why = f"{called.origin} has not answered within {seconds:g} seconds."
            raise NoAnswer(why, certain=not begun.yes) from error
        except aiohttp.ClientConnectorCertificateError as error:
            why = f"The certificate of {called.origin} is not valid: {why_not(error.certificate_error)}."
            raise NoAnswer(why, certain=True) from error
        except aiohttp.ClientConnectorError as error:
            why = f"{called.origin} cannot be connected to: {words(error.os_error)}."
            raise NoAnswer(why, certain=True) from error
        except aiohttp.ClientResponseError as error:
            raise NoAnswer(f"{called.origin} answers what is not HTTP.", certain=False) from error
        except (aiohttp.ClientError, OSError) as error:
            why = f"The connection to {called.origin} was lost: {words(error)}."
            raise NoAnswer(why, certain=not begun.yes) from error

    async def _addresses(self, called: Target) -> Sequence[Address]:
        try:
            return await self.names.addresses(called)
        except NoSuchHost as none:
            raise NoAnswer(str(none), certain=True) from none

    async def _context(self, called: Target, trust: Trust) -> ssl.SSLContext | None:
        if called.scheme != "https":
            return None
        try:
            return await self.contexts.of(trust)
        except BadCertificates as bad:
            raise Unusable(str(bad)) from bad

    @asynccontextmanager
    async def _sent(
        self,
        request: Request,
        addresses: Sequence[Address],
        context: ssl.SSLContext | None,
        server_name: str | None,
        begun: _Begun,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        called = request.target
        url = URL(called.url, encoded=True)
        if (url.scheme, url.host, url.port) != (called.scheme, called.host, called.port):
            raise NotAllowed(f"The URL {called.shown} is read in more than one way.")
        options: dict[str, Any] = {} if server_name is None else {"server_hostname": server_name}
        connector = aiohttp.TCPConnector(
            resolver=_Pinned(called.host, addresses),
            use_dns_cache=False,
            force_close=True,
            ssl=True if context is None else context,
        )
        traced = aiohttp.TraceConfig()
        traced.on_connection_create_start.append(begun.once)
        traced.on_connection_create_end.append(begun.hear)
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                trust_env=False,
                auto_decompress=False,
                max_line_size=_LINE_BYTES,
                max_field_size=_LINE_BYTES,
                max_headers=_HEADER_LINES,
                trace_configs=[traced],
                skip_auto_headers=("Accept-Encoding", "Content-Type", "User-Agent"),
                headers={"User-Agent": f"stepwright/{__version__}", "Accept-Encoding": "identity"},
            ) as session,
            session.request(
                request.method,
                url,
                data=request.body,
                headers=_joined(request.headers),
                allow_redirects=False,
                **options,
            ) as response,
        ):
            yield response


@dataclass(slots=True)
class _Begun:
    """Whether there was a connection, over which the request may have gone: there is no second one, though aiohttp would repeat
    what may be repeated, since some states mean it to be made once (``Retry``)."""

    tried: bool = False
    yes: bool = False

    async def once(self, *_: object) -> None:
        if self.tried:
            raise aiohttp.ServerDisconnectedError
        self.tried = True

    async def hear(self, *_: object) -> None:
        self.yes = True


def _joined(headers: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """As the lines of one header may be (RFC 9110, 5.3)."""
    joined: dict[str, tuple[str, str]] = {}
    for name, value in headers:
        known = joined.get(name.lower())
        joined[name.lower()] = (name, value if known is None else f"{known[1]}, {value}")
    return dict(joined.values())


async def _read(response: aiohttp.ClientResponse, method: str, most_bytes: int) -> Answer:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers]
    unpack = _unpacking(response.headers.get("Content-Encoding", "")) if method != "HEAD" else None
    body, packed, cut = bytearray(), 0, False
    async for piece in response.content.iter_any():
        packed += len(piece)
        try:
            body += piece if unpack is None else unpack.decompress(piece, most_bytes + 1 - len(body))
        except zlib.error as error:
            raise Unusable(_MISPACKED) from error
        # What is compressed may be long and yet hold nothing.
        if max(len(body), packed) > most_bytes:
            _abort(response)
            if response.status < 300:
                raise TooLarge
            del body[most_bytes:]
            cut = True
            break
    if unpack is not None and packed and not (unpack.eof or cut):
        raise Unusable(_MISPACKED)
    return Answer(response.status, response.reason or _phrase(response.status), headers, bytes(body), cut)


def _abort(response: aiohttp.ClientResponse) -> None:
    """A connection that is closed politely may go on receiving."""
    if response.connection is not None and response.connection.transport is not None:
        response.connection.transport.abort()
    response.close()


def _unpacking(encoding: str) -> zlib._Decompress | None:
    """None if nothing has to be done."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise Unusable(f"The answer has the Content-Encoding {encoding[:40]!r}, which was not asked for.")
    # 32: gzip and zlib alike, by what they begin with
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
