"""What nests too deeply for Python is cut off before kopf reads it."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web

from stepwright.asl import jsontext
from stepwright.controllers import nesting


def nested(levels: int, inside: str = "1") -> str:
    return '{"a":[' * (levels // 2) + inside + "]}" * (levels // 2)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(nested(jsontext.MAX_DEPTH), id="as deep as inputs may be"),
        pytest.param(json.dumps([{"a": []}] * 1_000), id="many objects side by side"),
        pytest.param(json.dumps(["{[" * 1_000, '\\"{["' * 300]), id="brackets in texts"),
        pytest.param("[" * nesting.LEVELS + "]" * nesting.LEVELS, id="just deep enough"),
        pytest.param("no JSON [[[ at all", id="no JSON"),
    ],
)
def test_what_python_can_read_stays_as_it_is(text: str) -> None:
    assert nesting.cut(text.encode()) == text.encode()


@pytest.mark.parametrize("levels", [nesting.LEVELS + 2, 2_000, 20_000])
def test_what_is_deeper_is_cut_and_all_around_it_stays(levels: int) -> None:
    text = f'{{"before":1,"deep":[{nested(levels)},{nested(levels)}],"after":["}}]"]}}'
    found = json.loads(nesting.cut(text.encode()))

    assert (found["before"], found["after"]) == (1, ["}]"])
    assert found["deep"][0] == found["deep"][1]
    with pytest.raises(jsontext.TooDeep):
        jsontext.dump(found["deep"])
    copy.deepcopy(found)  # as kopf does


async def test_lists_and_watches_are_read_that_way() -> None:
    line = json.dumps({"type": "ADDED", "object": "DEEP"}).replace('"DEEP"', nested(20_000)).encode()

    async def answer(request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return web.Response(body=line, content_type="application/json")
        stream = web.StreamResponse()
        await stream.prepare(request)
        await stream.write(line[:70_000])
        await stream.write(line[70_000:] + b'\n{"type":"BOOKMARK"}\n{"type":')
        await stream.write(b'"DELETED"}')
        return stream

    async def lines(response: nesting.Response) -> AsyncIterator[bytes]:
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
        async with ClientSession(response_class=nesting.Response) as session:
            async with session.get(f"http://{host}:{port}/") as response:
                assert (await response.json())["type"] == "ADDED"
            async with session.get(f"http://{host}:{port}/?watch=true") as response:
                assert isinstance(response, nesting.Response)
                types = [json.loads(found)["type"] async for found in lines(response)]
                assert types == ["ADDED", "BOOKMARK", "DELETED"]
    finally:
        await runner.cleanup()
