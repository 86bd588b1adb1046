"""What nests too deeply for Python is cut off before kopf reads it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from aiohttp import ClientSession, web

from stepwright.controllers.kopf_depth import Response, thin


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


STATE_MACHINE = {
    "apiVersion": "stepwright.dev/v1",
    "kind": "StateMachine",
    "metadata": {
        "name": "m",
        "namespace": "shop",
        "uid": "u",
        "resourceVersion": "7",
        "finalizers": ["stepwright.dev/executions"],
        "managedFields": [{"manager": "kubectl"}],
    },
    "spec": {"definition": {"States": {"A": "x" * 1000}}, "retention": {"ttlSecondsAfterFinished": 5}},
    "status": {"observedGeneration": 1, "revision": "m-1", "diagnostics": [{"message": "y" * 1000}]},
}
THIN = {
    "apiVersion": "stepwright.dev/v1",
    "kind": "StateMachine",
    "metadata": {
        "name": "m",
        "namespace": "shop",
        "uid": "u",
        "resourceVersion": "7",
        "finalizers": ["stepwright.dev/executions"],
    },
    "spec": {"retention": {"ttlSecondsAfterFinished": 5}},
    "status": {"observedGeneration": 1, "revision": "m-1"},
}


def test_of_state_machines_kopf_sees_no_definitions() -> None:
    """It decoded, copied and kept each whole."""
    item = {name: value for name, value in STATE_MACHINE.items() if name not in ("apiVersion", "kind")}
    listed = {
        "kind": "StateMachineList",
        "apiVersion": "stepwright.dev/v1",
        "metadata": {"resourceVersion": "9", "continue": "next"},
        "items": [item],
    }
    thinned = json.loads(thin(json.dumps(listed).encode()))
    event = json.loads(thin(json.dumps({"type": "ADDED", "object": STATE_MACHINE}).encode()))

    assert thinned["metadata"] == listed["metadata"]
    assert [found["spec"] for found in thinned["items"]] == [THIN["spec"]]
    assert event == {"type": "ADDED", "object": THIN}


def test_all_else_comes_to_kopf_as_it_is() -> None:
    for answer in (
        {"type": "BOOKMARK", "object": {"kind": "StateMachine", "metadata": {"resourceVersion": "9"}}},
        {"type": "ERROR", "object": {"kind": "Status", "code": 410}},
        {"kind": "APIResourceList", "resources": [{"name": "statemachines"}]},
        {"kind": "Status", "code": 403},
        [1, 2],
    ):
        assert json.loads(thin(json.dumps(answer).encode())) == answer
