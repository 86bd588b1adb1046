"""kopf in its own thread: it connects as it is configured, hands events over, and whatever ends it is noticed."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import web
from kubernetes.config import incluster_config

from stepwright.controllers import kopf_thread
from stepwright.controllers.kopf_thread import KopfThread, Observe


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


def _kubeconfig(folder: Path, server: str, user: dict[str, str], **cluster: Any) -> Path:
    file = folder / "kubeconfig"
    named = {"name": "c", "cluster": {"server": server, **cluster}}
    context = {"name": "c", "context": {"cluster": "c", "user": "c"}}
    users = [{"name": "c", "user": user}]
    file.write_text(
        json.dumps({"clusters": [named], "contexts": [context], "users": users, "current-context": "c"})
    )
    return file


@asynccontextmanager
async def _kopf(
    folder: Path,
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]],
    *namespaces: str,
    observe: Observe = lambda _type, _body: None,
) -> AsyncIterator[KopfThread]:
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    thread = KopfThread(
        asyncio.get_running_loop(),
        {"statemachines": observe},
        namespaces=namespaces,
        kubeconfig=_kubeconfig(folder, f"http://{host}:{port}", {"token": "t"}),
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


# --- What it hands over ------------------------------------------------------------------------------------------------


GREET = {
    "apiVersion": "stepwright.dev/v1",
    "kind": "StateMachine",
    "metadata": {"name": "greet", "namespace": "shop", "uid": "u-1", "resourceVersion": "1"},
    "spec": {"definition": {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}},
}


async def _with_greet(request: web.Request) -> web.StreamResponse:
    """One state machine is there, and nothing happens to it."""
    if request.path != WATCHED:
        return web.json_response(ANSWERS.get(request.path, {}))
    if request.query.get("watch") != "true":
        listed = {"kind": "StateMachineList", "metadata": {"resourceVersion": "1"}, "items": [GREET]}
        return web.json_response(listed)
    response = web.StreamResponse()
    await response.prepare(request)
    await asyncio.sleep(60)
    return response


async def test_an_event_is_handed_over_to_the_loop_that_acts_without_the_definition(tmp_path: Path) -> None:
    seen: asyncio.Future[tuple[str | None, Any, str]] = asyncio.get_running_loop().create_future()

    def observe(type: str | None, body: Any) -> None:
        seen.set_result((type, dict(body), threading.current_thread().name))

    async with _kopf(tmp_path, _with_greet, "shop", observe=observe):
        type, body, thread = await asyncio.wait_for(seen, 60)

    assert (type, body["metadata"]["name"]) == (None, "greet")
    assert "definition" not in body.get("spec", {})
    assert thread == threading.main_thread().name


async def test_a_kopf_that_is_stopped_ends_and_reports_no_failure(tmp_path: Path) -> None:
    seen = asyncio.Event()
    with structlog.testing.capture_logs() as logs:
        async with _kopf(tmp_path, _with_greet, "shop", observe=lambda *_: seen.set()) as thread:
            await asyncio.wait_for(seen.wait(), 60)
            await thread.stop()
            await asyncio.wait_for(thread.ended.wait(), 60)

    assert [line["event"] for line in logs if line["log_level"] == "error"] == []


async def test_a_kopf_that_is_stopped_before_it_has_begun_asks_nothing(tmp_path: Path) -> None:
    kubeconfig = _kubeconfig(tmp_path, "http://127.0.0.1:1", {"token": "t"})
    thread = KopfThread(asyncio.get_running_loop(), {}, kubeconfig=kubeconfig)
    await thread.stop()

    thread.start()

    await asyncio.wait_for(thread.ended.wait(), 60)


# --- How it connects ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "server", "expected"),
    [
        pytest.param({"token": "t-1"}, {}, {"scheme": "Bearer", "token": "t-1"}, id="a token"),
        pytest.param({"username": "ada", "password": "p"}, {}, {"scheme": "Basic", "token": "YWRhOnA="}, id="a password"),
        pytest.param(
            {"client-certificate": "cert.pem", "client-key": "key.pem"},
            {"certificate-authority": "ca.pem"},
            {"certificate_path": "cert.pem", "private_key_path": "key.pem", "ca_path": "ca.pem"},
            id="a certificate",
        ),
        pytest.param({"token": "t-1"}, {"insecure-skip-tls-verify": True}, {"insecure": True}, id="without a look at the server's"),
    ],
)  # fmt: skip
def test_the_connection_that_a_kubeconfig_says(
    tmp_path: Path, user: dict[str, str], server: dict[str, Any], expected: dict[str, Any]
) -> None:
    for name in ("cert.pem", "key.pem", "ca.pem"):
        (tmp_path / name).touch()
    kubeconfig = _kubeconfig(tmp_path, "https://10.0.0.1:6443", user, **server)

    found = kopf_thread._connection(kubeconfig)

    assert found.server == "https://10.0.0.1:6443"
    for field, value in expected.items():
        shown = getattr(found, field)
        assert (Path(shown).name if field.endswith("_path") else shown) == value


def test_in_a_pod_it_connects_as_the_service_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("of-the-pod")
    (tmp_path / "ca.crt").write_text("x")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")

    found = kopf_thread._connection(None)

    assert (found.server, found.token) == ("https://10.0.0.1:443", "of-the-pod")


def test_pauses_between_attempts_grow_and_never_end() -> None:
    pauses = list(itertools.islice(kopf_thread._Delays(), 9))

    assert pauses == [*kopf_thread.FIRST_DELAYS_SECONDS, 20, 20]
