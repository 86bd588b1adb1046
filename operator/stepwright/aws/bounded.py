"""botocore's HTTP client, which reads no more of an answer than a task could use, and tells one that breaks off.

It imports botocore, so nothing imports it before the first client is made.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

import urllib3.exceptions
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, HTTPClientError, ReadTimeoutError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

LARGEST_BYTES: Final = 8 * 1024 * 1024
"""A task's result may have 256 KiB; as XML, or with what a result leaves out, an answer may be longer."""
_PIECE_BYTES: Final = 64 * 1024


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


class BoundedSession(URLLib3Session):  # type: ignore[misc]
    def __init__(self, url: str, verify: str | bool, timeout: tuple[float, float], connections: int) -> None:
        """``verify``: a file of certificates to trust, or the usual ones. ``timeout``: seconds until there is a connection, and
        between two pieces of an answer."""
        super().__init__(
            verify=verify,
            timeout=timeout,
            proxies=get_environ_proxies(url),
            max_pool_connections=connections,
        )

    def send(self, request: Any) -> Any:
        """Raises TooLong, and botocore's own."""
        request.stream_output = True
        response = super().send(request)
        raw = response.raw
        try:
            body = b"" if request.method == "HEAD" else _body(raw)
        except TooLong:
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
        raw.release_conn()
        read = _Read(body, list(raw.headers.items()))
        return AWSResponse(request.url, response.status_code, response.headers, read)


def _body(raw: Any) -> bytes:
    """Raises TooLong, and urllib3's ProtocolError where the connection ends before the answer does."""
    pieces, size = [], 0
    for piece in raw.stream(_PIECE_BYTES, decode_content=False):
        size += len(piece)
        if size > LARGEST_BYTES:
            raise TooLong(f"the answer is larger than {LARGEST_BYTES:,} bytes")
        pieces.append(piece)
    if raw.length_remaining:
        raise urllib3.exceptions.ProtocolError("the connection was closed within the answer")
    return b"".join(pieces)
