"""A stand-in for S3 that costs next to nothing: one object to be read by ranges, and whatever is put is counted and forgotten.

    python -m bench.objects ADDRESS PORT COUNT

moto reads the whole object for each range, so a Map over a large one would measure moto.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from typing import Final

from aiohttp import web

CONTENT: Final = web.AppKey("content", bytes)
TAG: Final = web.AppKey("tag", str)


async def get(request: web.Request) -> web.Response:
    """By a range of bytes, as ItemReaders ask for it."""
    content = request.app[CONTENT]
    first, _, last = request.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
    begin, end = int(first), min(len(content), int(last or len(content)) + 1)
    if begin >= len(content):
        error = b"<Error><Code>InvalidRange</Code><Message>beyond</Message></Error>"
        return web.Response(status=416, body=error, content_type="application/xml")
    headers = {"ETag": request.app[TAG], "Content-Range": f"bytes {begin}-{end - 1}/{len(content)}"}
    return web.Response(status=206, body=content[begin:end], headers=headers)


async def put(request: web.Request) -> web.Response:
    async for _ in request.content.iter_any():
        pass
    return web.Response(headers={"ETag": '"put"'})


async def serve(address: str, port: int, count: int) -> None:
    content = b"n,name\n" + b"".join(b"%d,item %d\n" % (n, n) for n in range(count))
    app = web.Application()
    app[CONTENT] = content
    app[TAG] = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
    app.router.add_get("/{key:.*}", get)
    app.router.add_put("/{key:.*}", put)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, address, port).start()
    print("serves", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
