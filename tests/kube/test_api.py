"""Requests, answers and errors of the API client."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from stepwright import __version__
from stepwright.kube import api_errors, credentials
from stepwright.kube.connection import connect
from stepwright.kube.paths import path_of
from tests.kube.server import Answer, cut, kubeconfig, problem, says, serving


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (("v1", "nodes"), "/api/v1/nodes"),
        (("v1", "pods", "shop", "p-1", "log"), "/api/v1/namespaces/shop/pods/p-1/log"),
        (("batch/v1", "jobs", "shop"), "/apis/batch/v1/namespaces/shop/jobs"),
    ],
)
def test_paths(given: tuple[str, ...], path: str) -> None:
    assert path_of(*given) == path


async def test_a_request_says_who_asks(tmp_path: Path) -> None:
    async with serving(tmp_path, says(200, {})) as (server, api):
        await api.create("/api/v1/x", {"a": 1.0}, {"dryRun": "All", "force": True})
        await api.as_service_account("shop", "clerk").patch("/api/v1/x", b"[]")

    first, second = server.requests
    assert api.default_namespace == "shop"
    assert "Impersonate-User" not in first.headers
    assert str(first.rel_url) == "/api/v1/x?dryRun=All&force=true"
    assert first.headers["Authorization"] == "Bearer secret"
    assert first.headers["User-Agent"] == f"stepwright/{__version__}"
    assert first.headers["Content-Type"] == "application/json"
    assert "Impersonate-User" not in first.headers
    assert second.headers["Impersonate-User"] == "system:serviceaccount:shop:clerk"
    assert second.headers["Content-Type"] == "application/json-patch+json"
    assert server.bodies == [b'{"a":1.0}', b"[]"]


async def test_an_answer_is_decoded_to_what_is_asked_for(tmp_path: Path) -> None:
    class Named(msgspec.Struct):
        name: str

    async with serving(tmp_path, says(200, {"name": "a", "big": 2**70})) as (_, api):
        assert await api.get("/x", into=Named) == Named("a")
        assert await api.get("/x") == {"name": "a", "big": 2**70}


ERRORS: list[tuple[str, Answer, type[api_errors.ApiError]]] = [
    ("400", problem(400, "BadRequest"), api_errors.BadRequest),
    ("403", problem(403, "Forbidden"), api_errors.Forbidden),
    ("404", problem(404, "NotFound"), api_errors.NotFound),
    ("409 exists", problem(409, "AlreadyExists"), api_errors.AlreadyExists),
    ("409 conflict", problem(409, "Conflict"), api_errors.Conflict),
    ("410", problem(410, "Expired"), api_errors.Expired),
    ("413", problem(413, "RequestEntityTooLarge"), api_errors.TooLarge),
    ("422", problem(422, "Invalid"), api_errors.Invalid),
    ("429", problem(429, "TooManyRequests"), api_errors.TooManyRequests),
    ("etcd's limit", problem(500, "", "etcdserver: request is too large"), api_errors.TooLarge),
    (
        "gRPC's limit",
        problem(500, "", "rpc error: code = ResourceExhausted desc = trying to send message larger than max"),
        api_errors.TooLarge,
    ),
    ("500", problem(500, "InternalError", "failed calling webhook"), api_errors.Unreachable),
    ("503", says(503, "apiserver is shutting down"), api_errors.Unreachable),
    ("405", problem(405, "MethodNotAllowed"), api_errors.ApiError),
    ("connection lost", cut, api_errors.Unreachable),
]


@pytest.mark.parametrize(("answer", "kind"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS])
async def test_every_answer_has_its_class(
    tmp_path: Path, answer: Answer, kind: type[api_errors.ApiError]
) -> None:
    async with serving(tmp_path, answer) as (_, api):
        with pytest.raises(api_errors.ApiError) as caught:
            await api.create("/x", {})

    assert type(caught.value) is kind


async def test_an_error_keeps_what_the_api_server_says(tmp_path: Path) -> None:
    causes = [{"reason": "FieldValueInvalid", "message": "too long", "field": "spec.x"}]
    async with serving(tmp_path, problem(422, "Invalid", "Job x is invalid", kind="Job", causes=causes)) as (
        _,
        api,
    ):
        with pytest.raises(api_errors.Invalid, match=r"Job x is invalid \(422 Invalid\)") as caught:
            await api.create("/x", {})

    error = caught.value
    assert (error.status, error.reason, error.message) == (422, "Invalid", "Job x is invalid")
    assert (error.details.kind, error.details.causes[0].field) == ("Job", "spec.x")


FORBIDDEN = [
    ("quota_exceeded", 'jobs.batch "x" is forbidden: exceeded quota: q, requested: count/jobs.batch=1', {}),
    (
        "namespace_terminating",
        'jobs.batch "x" is forbidden: unable to create new content in namespace n because it is being terminated',
        {"causes": [{"reason": "NamespaceTerminating"}]},
    ),
    (
        "may_not_impersonate",
        (
            'serviceaccounts "c" is forbidden: User "o" cannot impersonate resource "serviceaccounts" in API group "" in '
            'the namespace "n"'
        ),
        {},
    ),
    ("by_rbac", 'jobs.batch is forbidden: User "c" cannot create resource "jobs" in API group "batch"', {}),
    (None, "jobs.batch \"x\" is forbidden: ValidatingAdmissionPolicy 'p' denied request: no", {}),
]


@pytest.mark.parametrize(("which", "message", "details"), FORBIDDEN)
async def test_why_it_is_forbidden(
    tmp_path: Path, which: str | None, message: str, details: dict[str, Any]
) -> None:
    async with serving(tmp_path, problem(403, "Forbidden", message, **details)) as (_, api):
        with pytest.raises(api_errors.Forbidden) as caught:
            await api.create("/x", {})

    for name in ("quota_exceeded", "namespace_terminating", "may_not_impersonate"):
        assert getattr(caught.value, name) == (name == which)
    assert caught.value.by_rbac == (which in ("by_rbac", "may_not_impersonate"))


@pytest.mark.parametrize(
    ("headers", "details", "seconds"),
    [({"Retry-After": "3"}, {}, 3), ({}, {"retryAfterSeconds": 2}, 2), ({}, {}, 1)],
)
async def test_when_to_come_again(
    tmp_path: Path, headers: dict[str, str], details: dict[str, int], seconds: float
) -> None:
    async with serving(tmp_path, says(429, {"message": "slow", "details": details}, **headers)) as (_, api):
        with pytest.raises(api_errors.TooManyRequests) as caught:
            await api.get("/x")

    assert caught.value.retry_after == seconds


async def never(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(5)
    return web.Response()


@pytest.mark.parametrize("answer", [never, cut, says(504, "time-out")])
async def test_a_write_without_an_answer_may_have_landed(tmp_path: Path, answer: Answer) -> None:
    async with serving(tmp_path, answer, timeout_seconds=0.2) as (_, api):
        with pytest.raises(api_errors.Unreachable) as write:
            await api.create("/x", {})
        with pytest.raises(api_errors.Unreachable) as read:
            await api.get("/x")

    assert write.value.outcome_unknown
    assert not read.value.outcome_unknown


async def test_a_request_that_waits_for_a_connection_does_not_time_out_meanwhile(tmp_path: Path) -> None:
    async def takes_its_time(_: web.Request) -> web.Response:
        await asyncio.sleep(0.6)
        return web.json_response({})

    # Together they take longer than one may take.
    async with serving(tmp_path, takes_its_time, timeout_seconds=2.5, connections=1) as (server, api):
        await asyncio.gather(*(api.create("/x", {}) for _ in range(5)))

    assert len(server.requests) == 5


async def test_requests_of_one_namespace_do_not_wait_behind_all_of_another(tmp_path: Path) -> None:
    async def takes_its_time(_: web.Request) -> web.Response:
        await asyncio.sleep(0.01)
        return web.json_response({})

    async with serving(tmp_path, takes_its_time, connections=1) as (server, api):
        busy = path_of("batch/v1", "jobs", "busy")
        quiet = api.as_service_account("quiet", "runner").get(path_of("v1", "pods", "quiet", "one", "log"))
        await asyncio.gather(*(api.create(busy, {}) for _ in range(20)), quiet)

    asked = [request.path for request in server.requests]
    assert asked.index("/api/v1/namespaces/quiet/pods/one/log") <= 2


async def test_what_was_never_sent_has_not_landed(tmp_path: Path) -> None:
    async with await connect(kubeconfig(tmp_path, "http://127.0.0.1:1")) as api:
        with pytest.raises(api_errors.Unreachable, match="cannot connect") as caught:
            await api.create("/x", {})

    assert not caught.value.outcome_unknown
    assert caught.value.__cause__ is not None


async def test_a_refused_token_is_read_again_once(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")

    async def check(request: web.Request) -> web.StreamResponse:
        if request.headers["Authorization"] == "Bearer new":
            return web.json_response({})
        token.write_text("new")
        return web.Response(status=401)

    async with serving(tmp_path, check) as (server, api):
        path = kubeconfig(tmp_path, api._who.host, tokenFile=str(token))
        async with await connect(path) as with_file:
            assert await with_file.get("/x") == {}
            assert await with_file.get("/x") == {}

    assert [request.headers["Authorization"] for request in server.requests] == [
        "Bearer old",
        "Bearer new",
        "Bearer new",
    ]


async def test_credentials_that_stay_wrong_are_an_error(tmp_path: Path) -> None:
    async with serving(tmp_path, problem(401, "Unauthorized", "Unauthorized")) as (server, api):
        with pytest.raises(api_errors.Unauthorized):
            await api.get("/x")

    assert len(server.requests) == 2


async def test_a_token_file_is_read_again_each_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    who = await credentials.load(kubeconfig(tmp_path, "http://127.0.0.1:1", tokenFile=str(token)))
    now = time.monotonic()
    token.write_text("new")

    monkeypatch.setattr(time, "monotonic", lambda: now + 59)
    before = await who.authorization()
    monkeypatch.setattr(time, "monotonic", lambda: now + 61)
    after = await who.authorization()

    assert (before, after) == ("Bearer old", "Bearer new")


async def test_credentials_that_do_not_come_keep_no_request_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that gives them may hang. Those that were there serve on."""

    class Hanging:
        async def load_and_set(self, _: Any) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(credentials, "READ_SECONDS", 0.01)
    token = tmp_path / "token"
    token.write_text("old")
    who = await credentials.load(kubeconfig(tmp_path, "http://127.0.0.1:1", tokenFile=str(token)))
    who._loader = Hanging()

    assert await asyncio.wait_for(who.authorization(fresh=True), 60) == "Bearer old"


async def test_no_cluster_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(credentials.NoCluster, match=r"no API server is named by .*/none"):
        await connect(tmp_path / "none")
