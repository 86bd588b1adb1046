"""kopf in its own thread: whatever ends it is noticed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from aiohttp import web

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


async def test_a_kopf_that_has_failed_ends(tmp_path: Path) -> None:
    """It used to wait for its stop flag for ever, so the operator was alive, ready, and deaf."""
    app = web.Application()
    app.router.add_get("/{path:.*}", _answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    kubeconfig = tmp_path / "kubeconfig"
    named = {"name": "c", "cluster": {"server": f"http://{host}:{port}"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "c"}}
    users = [{"name": "c", "user": {"token": "t"}}]
    kubeconfig.write_text(
        json.dumps({"clusters": [named], "contexts": [context], "users": users, "current-context": "c"})
    )
    thread = KopfThread(
        asyncio.get_running_loop(),
        {"statemachines": lambda _type, _body: None},
        namespaces=("shop",),
        kubeconfig=kubeconfig,
    )
    try:
        thread.start()
        await asyncio.wait_for(thread.ended.wait(), 20)
    finally:
        await thread.stop()
        await runner.cleanup()
