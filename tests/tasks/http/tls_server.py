"""A TLS server of our own that does what servers do wrong, by the path that is asked for."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import subprocess
import threading
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar

T = TypeVar("T")

Behaviour = Callable[["Exchange"], Awaitable[None]]


@dataclass(frozen=True)
class Certificates:
    """Texts in PEM: an authority's, and pairs that it has signed."""

    folder: Path

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    def trusting(self) -> ssl.SSLContext:
        """Of a client that trusts the authority."""
        return ssl.create_default_context(cafile=str(self.folder / "ca.crt"))

    def context(self, name: str = "server", *, clients: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        if clients:
            context.load_verify_locations(self.folder / "ca.crt")
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def issue(folder: Path, *addresses: str) -> Certificates:
    """``server`` is for localhost, 127.0.0.1 and these, ``other`` for another host, ``client`` a client's, ``expired`` that of one whose
    time is over."""
    more = "".join(f",IP:{address}" for address in addresses)
    _openssl(
        *_key(folder / "ca.key"),
        "-x509",
        "-days",
        "2",
        "-subj",
        "/CN=test-ca",
        "-out",
        str(folder / "ca.crt"),
    )
    for name, extension in {
        "server": f"subjectAltName=DNS:localhost,DNS:api.example.test,IP:127.0.0.1{more}",
        "other": "subjectAltName=DNS:other.example.test",
        "client": "extendedKeyUsage=clientAuth",
        "expired": "extendedKeyUsage=clientAuth",
    }.items():
        request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
        extensions.write_text(extension + "\n")
        subject = "client" if name == "expired" else name
        days = "-1" if name == "expired" else "2"
        _openssl(*_key(folder / f"{name}.key"), "-subj", f"/CN={subject}", "-out", str(request))
        _openssl("x509", "-req", "-in", str(request), "-CA", str(folder / "ca.crt"), "-CAkey", str(folder / "ca.key"),
                 "-CAcreateserial", "-days", days, "-extfile", str(extensions), "-out", str(folder / f"{name}.crt"))  # fmt: skip
    return Certificates(folder)


def _key(path: Path) -> tuple[str, ...]:
    return (
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        str(path),
    )


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@dataclass
class Exchange:
    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    writer: asyncio.StreamWriter

    def header(self, name: str) -> str | None:
        return next((value for given, value in self.headers if given.lower() == name.lower()), None)

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await asyncio.sleep(0)  # drain alone gives no turn to whoever is to say that nobody listens any more
        await self.writer.drain()

    async def answer(
        self, status: str = "200 OK", body: bytes = b"", content_type: str = "application/json", **more: str
    ) -> None:
        headers = {"Content-Type": content_type, "Content-Length": str(len(body)), **more}
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        await self.write(f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body)


@dataclass
class TlsServer:
    """``seen``: all that was asked, whole requests. ``names``: for whom clients took it (SNI). ``port`` once it is started."""

    context: ssl.SSLContext | None
    seen: list[Exchange] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    connections: int = 0
    port: int = 0
    address: str = "127.0.0.1"
    _server: asyncio.Server | None = None
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        if self.context is not None:
            self.context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self._server = await asyncio.start_server(
            self._serve, self.address, self.port, ssl=self.context, limit=2**20
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for serving in tuple(self._serving):
            serving.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _in_time(self) -> dict[str, float]:
        """Clients that break off do not close."""
        return {} if self.context is None else {"ssl_shutdown_timeout": 0.1}

    @property
    def url(self) -> str:
        return f"{'http' if self.context is None else 'https'}://{self.address if self.address != '127.0.0.1' else 'localhost'}:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        serving = asyncio.current_task()
        assert serving is not None
        self._serving.add(serving)
        try:
            exchange = await _read(reader, writer)
            self.seen.append(exchange)
            await (self.behaviours.get(exchange.path) or BEHAVIOURS[exchange.path])(exchange)
            # Until the client has read all of it: an abort throws away what was not sent yet.
            writer.write_eof() if writer.can_write_eof() else writer.close()
            await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        except asyncio.CancelledError:
            pass  # the server is closed; asyncio reports a cancelled one as a defect
        finally:
            self._serving.discard(serving)
            writer.transport.abort()


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Exchange:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    method, where, _ = first.split(" ")
    headers = [(line.partition(": ")[0], line.partition(": ")[2]) for line in lines]
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    path, _, query = where.partition("?")
    return Exchange(method, path, query, headers, await reader.readexactly(length), writer)


@contextmanager
def in_a_thread(server: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """For tests that wait for kubectl meanwhile."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    entered = asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(30)
    try:
        yield entered
    finally:
        asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def echo(exchange: Exchange) -> None:
    said = {
        "method": exchange.method,
        "query": exchange.query,
        "headers": dict(exchange.headers),
        "body": exchange.body.decode(),
    }
    await exchange.answer(body=json.dumps(said).encode(), X_Echo=exchange.header("Authorization") or "")


async def _reset(exchange: Exchange) -> None:
    await exchange.write(
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a": 1'
    )
    exchange.writer.transport.abort()


async def _stall(exchange: Exchange) -> None:  # noqa: ARG001
    await asyncio.Event().wait()


async def _half(exchange: Exchange) -> None:
    await exchange.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    await asyncio.Event().wait()


async def _drip(exchange: Exchange) -> None:
    await exchange.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await exchange.write(b"1\r\n.\r\n")
        await asyncio.sleep(0.01)


async def _drip_headers(exchange: Exchange) -> None:
    await exchange.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        await exchange.write(b".")
        await asyncio.sleep(0.01)


async def _endless(exchange: Exchange) -> None:
    await exchange.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await exchange.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")


async def _endless_headers(exchange: Exchange) -> None:
    await exchange.write(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while True:
        number += 1
        await exchange.write(b"X-Header-%d: x\r\n" % number)


def _raw(data: bytes) -> Behaviour:
    async def send(exchange: Exchange) -> None:
        await exchange.write(data)

    return send


async def _bomb(exchange: Exchange) -> None:
    """100 MB of zeros, as 100 KB."""
    packing = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    packed = b"".join([*(packing.compress(bytes(2**20)) for _ in range(100)), packing.flush()])
    await exchange.answer(body=packed, Content_Encoding="gzip")


def _packed(data: bytes, encoding: str = "gzip") -> Behaviour:
    async def send(exchange: Exchange) -> None:
        await exchange.answer(body=data, Content_Encoding=encoding)

    return send


def _status(
    status: str, body: bytes = b"{}", content_type: str = "application/json", **more: str
) -> Behaviour:
    async def send(exchange: Exchange) -> None:
        await exchange.answer(status, body, content_type, **more)

    return send


BEHAVIOURS: dict[str, Behaviour] = {
    "/ok": _status("200 OK", b'{"ok": true}'),
    "/echo": echo,
    "/text": _status("200 OK", b'{"ok": true}', "text/plain"),
    "/latin": _status("200 OK", "Zürich".encode("latin-1"), "text/plain; charset=iso-8859-1"),
    "/empty": _status("204 No Content", b""),
    "/reset": _reset,
    "/stall": _stall,
    "/half": _half,
    "/drip": _drip,
    "/drip-headers": _drip_headers,
    "/endless": _endless,
    "/endless-headers": _endless_headers,
    "/close": _raw(b""),
    "/garbage": _raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "/short": _raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
    "/wrong-chunk": _raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
    "/two-lengths": _raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}\n"),
    "/huge-header": _raw(
        b"HTTP/1.1 200 OK\r\nX-Huge: " + b"x" * 100_000 + b"\r\nContent-Length: 2\r\n\r\n{}"
    ),
    "/many-headers": _raw(
        b"HTTP/1.1 200 OK\r\n"
        + b"".join(b"X-H%d: x\r\n" % n for n in range(10_000))
        + b"Content-Length: 2\r\n\r\n{}"
    ),
    "/http10": _raw(b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"old": true}'),
    "/large": _status("200 OK", b'"' + b"x" * 10 * 2**20 + b'"'),
    "/largest": _status("200 OK", b"x" * 262_144, "text/plain"),
    "/too-large": _status("200 OK", b"x" * 262_145, "text/plain"),
    "/large-error": _status("500 Internal Server Error", b"x" * 10 * 2**20, "text/plain"),
    "/gzip": _packed(gzip.compress(b'{"packed": true}')),
    "/bomb": _bomb,
    "/bomb-deflate": _packed(zlib.compress(bytes(2**20), 1), "deflate"),
    "/not-packed": _packed(b'{"packed": false}'),
    "/half-packed": _packed(gzip.compress(b'{"packed": true}')[:-12]),
    "/brotli": _packed(b"x", "br"),
    "/image": _status("200 OK", b"\x89PNG", "image/png"),
    "/not-utf-8": _status("200 OK", b"\xff\xfe", "text/plain"),
    "/not-json": _status("200 OK", b"<html>"),
    "/redirect": _status("302 Found", b"", Location="http://169.254.169.254/latest/meta-data/"),
    "/not-found": _status("404 Not Found", b'{"message": "no such charge"}'),
    "/busy": _status("503 Service Unavailable", b"later", "text/plain", Retry_After="1"),
    "/error-image": _status("500 Internal Server Error", b"\x89PNG", "image/png"),
    "/throttled": _status(
        "429 Too Many Requests", b'{"ok": false, "error": "ratelimited"}', Retry_After="30"
    ),
    "/unauthorized": _status("401 Unauthorized", b"{}"),
    "/expired": _status("401 Unauthorized", b"{}", WWW_Authenticate='Bearer error="invalid_token"'),
}
