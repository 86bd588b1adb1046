"""kopf in its own thread: whatever ends it is noticed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from stepwright.controllers import kopf_thread
from stepwright.controllers.kopf_thread import KopfThread


def _kind(kind: str, plural: str) -> dict[str, Any]:
    verbs = ["get", "list", "watch", "patch"]
    return {
        "name": plural,
        "singularName": kind.lower(),
        "kind": kind,
        "namespaced": True,
        "verbs": verbs,
    }


def _group(name: str) -> dict[str, Any]:
    return {"name": name, "versions": [{"version": "v1"}], "preferredVersion": {"version": "v1"}}


WATCHED = "/apis/stepwright.dev/v1/namespaces/shop/statemachines"
ANSWERS: dict[str, Any] = {
    "/api": {"versions": ["v1"]},
    "/api/v1": {"resources": [_kind("Namespace", "namespaces"), _kind("Event", "events")]},
    "/apis": {"groups": [_group("apiextensions.k8s.io"), _group("stepwright.dev")]},
    "/apis/apiextensions.k8s.io/v1": {
        "resources": [_kind("CustomResourceDefinition", "customresourcedefinitions")]
    },
    "/apis/stepwright.dev/v1": {"resources": [_kind("StateMachine", "statemachines")]},
    WATCHED: {"metadata": {"resourceVersion": "1"}, "items": []},
}


async def _answer(request: web.Request) -> web.StreamResponse:
    if request.query.get("watch") != "true" or request.path != WATCHED:
        return web.json_response(ANSWERS.get(request.path, {}))
    # Any error but "too old" ends kopf: the API server says this when it has lost its storage, for example.
    error = {"kind": "Status", "code": 500, "message": "etcd is gone", "reason": "InternalError"}
    return web.Response(text=json.dumps({"type": "ERROR", "object": error}) + "\n")


@asynccontextmanager
async def _kopf(
    folder: Path, answer: Callable[[web.Request], Awaitable[web.StreamResponse]], *namespaces: str
) -> AsyncIterator[KopfThread]:
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    kubeconfig = folder / "kubeconfig"
    named = {"name": "c", "cluster": {"server": f"http://{host}:{port}"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "c"}}
    users = [{"name": "c", "user": {"token": "t"}}]
    kubeconfig.write_text(
        json.dumps({"clusters": [named], "contexts": [context], "users": users, "current-context": "c"})
    )
    thread = KopfThread(
        asyncio.get_running_loop(),
        {"statemachines": lambda _type, _body: None},
        namespaces=namespaces,
        kubeconfig=kubeconfig,
    )
    try:
        thread.start()
        yield thread
    finally:
        await thread.stop()
        await runner.cleanup()


async def test_a_kopf_that_has_failed_ends(tmp_path: Path) -> None:
    """It used to wait for its stop flag for ever, so the operator was alive, ready, and deaf."""
    async with _kopf(tmp_path, _answer, "shop") as thread:
        await asyncio.wait_for(thread.ended.wait(), 60)


async def test_a_namespace_that_is_forbidden_does_not_end_kopf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A watched namespace was deleted, and its Role with it: the operator ended within a minute, again and again."""
    monkeypatch.setattr(kopf_thread, "FIRST_DELAYS_SECONDS", (0.01,) * 8)
    monkeypatch.setattr(kopf_thread, "LAST_DELAY_SECONDS", 0.01)
    attempts = 0
    enough = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal attempts
        if "/namespaces/gone/" in request.path:
            attempts += 1
            if attempts > 12:
                enough.set()
            forbidden = {"kind": "Status", "code": 403, "reason": "Forbidden", "message": "no"}
            return web.json_response(forbidden, status=403)
        if request.query.get("watch") == "true":
            await asyncio.sleep(60)
        return await _answer(request)

    async with _kopf(tmp_path, answer, "shop", "gone") as thread:
        ended = asyncio.create_task(thread.ended.wait())
        asked = asyncio.create_task(enough.wait())
        done, _ = await asyncio.wait((ended, asked), timeout=60, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        asked.cancel()

    assert done == {asked}
