"""An API server over plain HTTP that answers what a test sets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from stepwright.kube.connection import Connection, connect

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Server:
    """``answers`` are given one after the other, the last one again and again."""

    answers: list[Answer] = field(default_factory=list)
    requests: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.read())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)


def says(status: int, body: Any, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(status=status, text=text, headers=headers, content_type="application/json")

    return answer


def problem(status: int, reason: str, message: str = "no", **details: Any) -> Answer:
    return says(
        status,
        {
            "kind": "Status",
            "status": "Failure",
            "code": status,
            "reason": reason,
            "message": message,
            "details": details,
        },
    )


def streams(*events: Any, then: Callable[[], Awaitable[None]] | None = None, piece: int = 10**9) -> Answer:
    """A watch: ``events`` in pieces of so many bytes, then the end of the stream after ``then``."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        data = b"".join(json.dumps(event).encode() + b"\n" for event in events)
        for start in range(0, len(data), piece):
            await response.write(data[start : start + piece])
            await asyncio.sleep(0)
        if then is not None:
            await then()
        return response

    return answer


async def cut(request: web.Request) -> web.StreamResponse:
    """The connection is lost before an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@asynccontextmanager
async def serving(folder: Path, *answers: Answer, **options: Any) -> AsyncIterator[tuple[Server, Connection]]:
    server = Server(list(answers))
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    api = await connect(kubeconfig(folder, f"http://{host}:{port}"), **options)
    try:
        yield server, api
    finally:
        await api.close()
        await runner.cleanup()


def kubeconfig(folder: Path, server: str, **user: str) -> Path:
    path = folder / "kubeconfig"
    path.write_text(
        json.dumps(
            {
                "current-context": "c",
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
                "clusters": [{"name": "c", "cluster": {"server": server}}],
                "users": [{"name": "u", "user": user or {"token": "secret"}}],
            }
        )
    )
    return path
