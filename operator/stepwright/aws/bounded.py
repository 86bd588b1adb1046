"""botocore's HTTP client, which reads no more of an answer than a task could use, and notices one that breaks off.

It imports botocore, so nothing imports it before the first client is made.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import urllib3.exceptions
from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
    AWSResponse,
)
from botocore.exceptions import ConnectionClosedError, HTTPClientError, ReadTimeoutError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from stepwright.aws.calling import MayNotConnect

LARGEST_BYTES: Final = 8 * 1024 * 1024
"""A task's result may have 256 KiB; as XML, or with what a result leaves out, an answer may be longer."""
_PIECE_BYTES: Final = 64 * 1024
_NO_CERTIFICATES: Final = (
    "The certificates of the authorities to be trusted cannot be used: they must be PEM."
)

_AT_ONCE: Final = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
"""A body follows its head without waiting until that is acknowledged, which takes servers 40 ms. botocore's own clients say so to
their session."""


class TooLong(Exception):  # noqa: N818 - it names a condition
    pass


class _Read:
    """What was read, in the form of urllib3's response. ``headers`` as they were spelled."""

    def __init__(self, body: bytes, headers: list[tuple[str, str]]) -> None:
        self._body = io.BytesIO(body)
        self.headers = headers

    def read(self, amount: int | None = None) -> bytes:
        return self._body.read(amount)

    def stream(self, amount: int | None = None) -> Iterator[bytes]:
        while piece := self._body.read(amount or _PIECE_BYTES):
            yield piece

    def close(self) -> None:
        self._body.close()


class _Arriving:
    """The same of what is still to be read: events, of which whoever reads them keeps what he needs. The last must be there
    within the time that an answer may take."""

    def __init__(self, raw: Any, request: Any, seconds: float) -> None:
        self._raw = raw
        self._request = request
        self._until = time.monotonic() + seconds
        self.headers: list[tuple[str, str]] = list(raw.headers.items())

    def stream(self) -> Iterator[bytes]:
        with _told(self._raw, self._request):
            for piece in self._raw.stream(_PIECE_BYTES, decode_content=False):
                yield piece
                if time.monotonic() > self._until:
                    raise ReadTimeoutError(endpoint_url=self._request.url)
            _require_end(self._raw)

    def close(self) -> None:
        self._raw.close()


class BoundedSession(URLLib3Session):  # type: ignore[misc]  # botocore has no types
    def __init__(
        self,
        url: str,
        trusted: str | None,
        timeout: tuple[float, float],
        connections: int,
        addresses: Callable[[str, str, int], Sequence[str]] | None = None,
        authorities: str | None = None,
    ) -> None:
        """``trusted``: a file of certificates; None: the usual ones. ``timeout``: seconds until there is a connection, and until
        there is an answer: its head, and then all of its body. ``addresses``: those of a host that may be connected to, without a proxy; None: any, also by
        the proxies that the environment names. ``authorities``: their certificates, in PEM, which are trusted instead. Raises
        MayNotConnect if these are not valid."""
        self._authorities = authorities
        self._answer_seconds = timeout[1]
        super().__init__(
            verify=trusted or True,
            timeout=timeout,
            proxies=get_environ_proxies(url) if addresses is None else None,
            max_pool_connections=connections,
            socket_options=[_AT_ONCE],
        )
        if addresses is not None:
            self._manager.pool_classes_by_scheme = _pools(addresses)

    def _get_ssl_context(self) -> Any:
        context = super()._get_ssl_context()
        if self._authorities is not None:
            try:
                context.load_verify_locations(cadata=self._authorities)
            except (ssl.SSLError, ValueError) as error:
                raise MayNotConnect(_NO_CERTIFICATES) from error
        return context

    def _setup_ssl_cert(self, conn: Any, url: str, verify: Any) -> None:
        super()._setup_ssl_cert(conn, url, verify)
        if self._authorities is not None:
            conn.ca_certs = None  # what the context has counts alone

    def send(self, request: Any, *, in_events: bool = False) -> Any:
        """``in_events``: whether what is answered is given as it arrives. Raises TooLong, MayNotConnect, and botocore's own."""
        request.stream_output = True
        try:
            response = super().send(request)
        except HTTPClientError as error:
            if isinstance(forbidden := error.kwargs.get("error"), MayNotConnect):
                raise forbidden from error  # what botocore does not try again
            raise
        raw = response.raw
        if in_events and response.status_code == 200:
            arriving: Any = _Arriving(raw, request, self._answer_seconds)
            return AWSResponse(request.url, response.status_code, response.headers, arriving)
        with _told(raw, request):
            body = b"" if request.method == "HEAD" else _body(raw, request.url, self._answer_seconds)
        raw.release_conn()
        read = _Read(body, list(raw.headers.items()))
        return AWSResponse(request.url, response.status_code, response.headers, read)


@contextmanager
def _told(raw: Any, request: Any) -> Iterator[None]:
    """What an answer fails with while it is read, in botocore's words; its connection is not used again."""
    try:
        yield
    except (TooLong, ReadTimeoutError):
        raw.close()
        raise
    except urllib3.exceptions.ReadTimeoutError as error:
        raw.close()
        raise ReadTimeoutError(endpoint_url=request.url, error=error) from error
    except urllib3.exceptions.ProtocolError as error:
        raw.close()
        raise ConnectionClosedError(endpoint_url=request.url, request=request, error=error) from error
    except urllib3.exceptions.HTTPError as error:
        raw.close()
        raise HTTPClientError(error=error) from error


def _body(raw: Any, url: str, seconds: float) -> bytes:
    """Raises TooLong, ReadTimeoutError, and urllib3's ProtocolError where the connection ends before the answer does."""
    pieces, size, until = [], 0, time.monotonic() + seconds
    # What has arrived, be it little: a server that says a byte now and then would be waited for in the middle of a piece.
    while piece := raw.read1(_PIECE_BYTES, decode_content=False):
        size += len(piece)
        if size > LARGEST_BYTES:
            raise TooLong(f"the answer is larger than {LARGEST_BYTES:,} bytes")
        if time.monotonic() > until:
            raise ReadTimeoutError(endpoint_url=url)
        pieces.append(piece)
    _require_end(raw)
    return b"".join(pieces)


def _require_end(raw: Any) -> None:
    if raw.length_remaining:
        raise urllib3.exceptions.ProtocolError("the connection was closed within the answer")


def _pools(addresses: Callable[[str, str, int], Sequence[str]]) -> dict[str, Any]:
    """Of connections to chosen addresses of their hosts. Each host is looked up once: what was judged is what is connected to."""

    class Chosen:
        port: int
        scheme: str
        _dns_host: str

        def _new_conn(self) -> Any:
            # urllib3 connects to this name, and has it checked in the certificate afterwards.
            host, failed = self._dns_host, None
            try:
                found = addresses(self.scheme, host, self.port)
            except OSError as error:
                raise urllib3.exceptions.NameResolutionError(host, self, error) from error  # type: ignore[arg-type]  # it is mixed in
            try:
                for self._dns_host in found:
                    try:
                        return super()._new_conn()  # type: ignore[misc]  # what it is mixed into
                    except urllib3.exceptions.HTTPError as error:
                        failed = error
            finally:
                self._dns_host = host
            assert failed is not None
            raise failed

    class Plain(Chosen, AWSHTTPConnection):  # type: ignore[misc]  # as above
        scheme = "http"

    class Secure(Chosen, AWSHTTPSConnection):  # type: ignore[misc]  # as above
        scheme = "https"

    class PlainPool(AWSHTTPConnectionPool):  # type: ignore[misc]  # as above
        ConnectionCls = Plain

    class SecurePool(AWSHTTPSConnectionPool):  # type: ignore[misc]  # as above
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
