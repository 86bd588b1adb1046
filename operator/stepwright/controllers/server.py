"""The server of probes and metrics: it answers everybody, and excessive requests do little harm.

Anybody in the cluster's network may reach it, so connections are bounded (the oldest gives way, or somebody
who opens many would keep the kubelet out), and a page of metrics is made at most once a second, in its own
thread: with thousands of state machines it takes seconds, and Leases are renewed in this loop.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from stepwright.controllers.metrics import Metrics

MOST_CONNECTIONS: Final = 64
PAGE_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 15.0
END_SECONDS: Final = 1.0

Check = Callable[[], str | None]
"""None if all is well, else a sentence."""

Admit = Callable[[str], Awaitable[int]]
"""Whether the holder of a token (empty if there is none) may read the metrics: 200, or the status to
refuse with."""


async def _everybody(_: str) -> int:
    return 200


class Server:
    """``/metrics``, ``/healthz`` (alive), ``/readyz`` (has its Lease, and has synced). For one loop only."""

    def __init__(self, metrics: Metrics, checks: Mapping[str, Check], admit: Admit = _everybody) -> None:
        self._page = _Page(metrics)
        self._checks = checks
        self._admit = admit
        self._runners: list[web.AppRunner] = []
        self._servers: list[asyncio.Server] = []

    async def start(self, host: str, metrics_port: int, health_port: int) -> None:
        """Port 0 leaves a server out. ``::`` means all addresses, including IPv4. Raises OSError."""
        health = web.Application()
        for path, check in self._checks.items():
            health.router.add_get(path, self._answer(check))
        metrics = web.Application()
        metrics.router.add_get("/metrics", self._show)
        for application, port in ((health, health_port), (metrics, metrics_port)):
            if port:
                runner = web.AppRunner(
                    application,
                    access_log=None,
                    keepalive_timeout=IDLE_SECONDS,
                    shutdown_timeout=END_SECONDS,
                )
                await runner.setup()
                self._runners.append(runner)
                assert runner.server is not None
                loop = asyncio.get_running_loop()
                listening = _listening(host, port)
                self._servers.append(await loop.create_server(_making_room(runner.server), sock=listening))

    async def stop(self) -> None:
        for server in self._servers:
            server.close()
        for runner in self._runners:
            await runner.cleanup()

    async def _show(self, request: web.Request) -> web.Response:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        status = await self._admit(token.strip() if scheme.lower() == "bearer" else "")
        if status != 200:
            return web.Response(status=status)
        return web.Response(body=await self._page.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    def _answer(self, check: Check) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handler(_request: web.Request) -> web.Response:
            problem = check()
            return web.Response(text=problem or "ok", status=503 if problem else 200)

        return handler


class _Page:
    """All metrics as text, a second old at most."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._made = float("-inf")
        self._text = b""
        self._making = asyncio.Lock()

    async def text(self) -> bytes:
        loop = asyncio.get_running_loop()
        async with self._making:
            if loop.time() - self._made >= PAGE_SECONDS:
                self._text = await asyncio.to_thread(generate_latest, self._metrics.registry)
                self._made = loop.time()
            return self._text


def _making_room(server: web.Server) -> Callable[[], RequestHandler]:
    """Makes the handler of a new connection, and ends the oldest ones if there are too many."""

    def make() -> RequestHandler:
        for oldest in server.connections[: -(MOST_CONNECTIONS - 1)]:
            oldest.force_close()
        return server()

    return make


def _listening(host: str, port: int) -> socket.socket:
    """Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    listening = socket.create_server((host, port), family=family, dualstack_ipv6=both)
    listening.setblocking(False)
    return listening
