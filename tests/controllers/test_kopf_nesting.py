"""What nests too deeply for Python is cut off before kopf reads it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from aiohttp import ClientSession, web

from stepwright.controllers.nesting import Response


async def test_lists_and_watches_are_read_that_way() -> None:
    line = (
        json.dumps({"type": "ADDED", "object": "DEEP"})
        .replace('"DEEP"', "[" * 20_000 + "]" * 20_000)
        .encode()
    )

    async def answer(request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return web.Response(body=line, content_type="application/json")
        stream = web.StreamResponse()
        await stream.prepare(request)
        await stream.write(line[:70_000])
        await stream.write(line[70_000:] + b'\n{"type":"BOOKMARK"}\n{"type":')
        await stream.write(b'"DELETED"}')
        return stream

    async def lines(response: Response) -> AsyncIterator[bytes]:
        buffer = b""
        async for chunk in response.content.iter_chunked(1024):
            buffer += chunk
        for found in buffer.splitlines():
            yield found

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    try:
        async with ClientSession(response_class=Response) as session:
            async with session.get(f"http://{host}:{port}/") as response:
                assert (await response.json())["type"] == "ADDED"
            async with session.get(f"http://{host}:{port}/?watch=true") as response:
                assert isinstance(response, Response)
                types = [json.loads(found)["type"] async for found in lines(response)]
                assert types == ["ADDED", "BOOKMARK", "DELETED"]
    finally:
        await runner.cleanup()
