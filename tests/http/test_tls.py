"""TLS: the certificate is read again when it has changed, and a pair that does not fit changes nothing."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from stepwright.http import connection, encrypted, listening
from stepwright.http.certificates import Certificate
from stepwright.http.messages import Request, Response
from tests.processes.server import issue


async def answer(request: Request) -> Response:
    return Response(200, request.address.encode(), {})


async def shown(port: int) -> bytes | None:
    """The certificate that a new connection gets, which serves a request."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert (await asyncio.wait_for(reader.read(), 30)).endswith(b"127.0.0.1")
    found: bytes | None = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return found


async def test_new_connections_get_the_new_certificate(tmp_path: Path) -> None:
    chain, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    issue(chain, key)
    certificate = Certificate(chain, key, look_seconds=0.02)
    server = listening.Server(answer, tls=certificate.context)
    port = await server.listen(["127.0.0.1"], 0)
    following = asyncio.create_task(certificate.follow())
    try:
        before = await shown(port)
        kept = key.read_bytes()
        issue(chain, key)
        renewed = key.read_bytes()
        key.write_bytes(kept)
        with pytest.raises(ssl.SSLError):
            certificate.look()
        assert await shown(port) == before
        key.write_bytes(renewed)
        until = asyncio.get_running_loop().time() + 60
        while await shown(port) == before:
            assert asyncio.get_running_loop().time() < until
    finally:
        following.cancel()
        await server.cleanup()


async def test_old_protocols_are_not_spoken(tmp_path: Path) -> None:
    chain, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    issue(chain, key)

    assert Certificate(chain, key).context.minimum_version == ssl.TLSVersion.TLSv1_2
    with pytest.raises(OSError, match=r"tls\.crt"):
        Certificate(tmp_path / "none" / "tls.crt", key)


@asynccontextmanager
async def encrypting(folder: Path, most: int | None = None) -> AsyncIterator[int]:
    issue(folder / "tls.crt", folder / "tls.key")
    certificate = Certificate(folder / "tls.crt", folder / "tls.key")
    server = listening.Server(answer, tls=certificate.context, most=most)
    try:
        yield await server.listen(["127.0.0.1"], 0)
    finally:
        await server.cleanup()


async def is_ended(reader: asyncio.StreamReader) -> bool:
    """Once the server has ended the connection."""
    try:
        return await asyncio.wait_for(reader.read(), 30) == b""
    except ConnectionError:
        return True


async def test_connections_that_never_become_encrypted_count_too(tmp_path: Path) -> None:
    async with encrypting(tmp_path, most=2) as port:
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        assert await is_ended(opened[2][0])
        for _, writer in opened:
            writer.close()
        async with asyncio.timeout(30):
            while True:
                try:
                    assert await shown(port)
                    break
                except OSError:
                    await asyncio.sleep(0.02)


async def test_whoever_begins_no_encryption_is_gone_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encrypted, "HANDSHAKE_SECONDS", 0.05)
    async with encrypting(tmp_path) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await is_ended(reader)
        writer.close()


async def test_whoever_speaks_no_tls_leaves_no_error_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.05)
    errors: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    async with encrypting(tmp_path) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await asyncio.wait_for(reader.read(), 30)
        writer.close()
        await asyncio.sleep(0.2)  # longer than a connection may be silent
    assert errors == []


async def test_a_server_has_only_so_many_connections() -> None:
    server = listening.Server(answer, most=2)
    port = await server.listen(["127.0.0.1"], 0)
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    try:
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(opened[2][0].readexactly(1), 30)
        opened[0][1].write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert (await asyncio.wait_for(opened[0][0].read(), 30)).startswith(b"HTTP/1.1 200")
    finally:
        for _, writer in opened:
            writer.close()
        await server.cleanup()
