"""Probes and metrics for everybody who asks, at a bounded cost."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from prometheus_client import generate_latest

from stepwright.controllers import server as servers
from stepwright.controllers.metrics import Metrics
from stepwright.controllers.server import Server
from tests.testcluster.ports import free_port


class Running:
    def __init__(self, metrics_port: int, health_port: int, host: str) -> None:
        self.metrics_url = f"http://{host}:{metrics_port}/metrics"
        self.health_url = f"http://{host}:{health_port}/healthz"
        self.health_port = health_port


@asynccontextmanager
async def running(
    server: Server, host: str = "127.0.0.1", asked: str = "127.0.0.1"
) -> AsyncIterator[Running]:
    ports = free_port(), free_port()
    await server.start(host, *ports)
    try:
        yield Running(*ports, asked)
    finally:
        await server.stop()


async def got(url: str, **headers: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, await response.text()


def run(main: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(main())  # type: ignore[arg-type] # a coroutine function


def test_a_check_that_fails_is_told_in_its_words() -> None:
    problems: list[str | None] = [None, "the engine's loop has not turned for 61 s"]

    async def main() -> None:
        async with running(Server(Metrics(), {"/healthz": lambda: problems.pop(0)})) as at:
            assert await got(at.health_url) == (200, "ok")
            assert await got(at.health_url) == (503, "the engine's loop has not turned for 61 s")

    run(main)


def test_a_page_of_metrics_is_made_once_a_second_however_many_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    made = 0
    real = generate_latest

    def counted(registry: object) -> bytes:
        nonlocal made
        made += 1
        return real(registry)  # type: ignore[arg-type] # a registry

    monkeypatch.setattr("stepwright.controllers.server.generate_latest", counted)
    monkeypatch.setattr(servers, "PAGE_SECONDS", 3600.0)

    async def main() -> None:
        async with running(Server(Metrics(), {})) as at:
            pages = await asyncio.gather(*(got(at.metrics_url) for _ in range(30)))
            assert {status for status, _ in pages} == {200}
            assert "stepwright_loop_lag_seconds" in pages[0][1]

    run(main)

    assert made == 1


def test_whoever_opens_many_connections_keeps_nobody_out() -> None:
    async def main() -> None:
        async with running(Server(Metrics(), {"/healthz": lambda: None})) as at:
            idle = []
            for _ in range(servers.MOST_CONNECTIONS * 3):
                _, writer = await asyncio.open_connection("127.0.0.1", at.health_port)
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: ")
                idle.append(writer)
            assert await got(at.health_url) == (200, "ok")
            for writer in idle:
                writer.close()
            await asyncio.gather(*(writer.wait_closed() for writer in idle), return_exceptions=True)

    run(main)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_all_addresses_are_those_of_both_families() -> None:
    async def main() -> None:
        async with running(Server(Metrics(), {"/healthz": lambda: None}), host="::") as at:
            assert await got(at.health_url) == (200, "ok")
            assert await got(at.health_url.replace("127.0.0.1", "[::1]")) == (200, "ok")

    run(main)


def test_metrics_are_shown_to_those_who_may_read_them_and_probes_to_all() -> None:
    async def admit(token: str) -> int:
        return {"": 401, "good": 200}.get(token, 403)

    async def main() -> None:
        async with running(Server(Metrics(), {"/healthz": lambda: None}, admit)) as at:
            assert (await got(at.metrics_url))[0] == 401
            assert (await got(at.metrics_url, Authorization="Bearer bad"))[0] == 403
            assert (await got(at.metrics_url, Authorization="Bearer good"))[0] == 200
            assert (await got(at.health_url))[0] == 200

    run(main)
