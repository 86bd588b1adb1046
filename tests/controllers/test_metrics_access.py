"""Who may read the metrics, as the API server says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from stepwright.controllers.metrics_access import MetricsAccess
from tests.kube.server import problem, says, serving


def reviewed(**status: Any) -> Any:
    return says(201, {"status": status})


PROMETHEUS = {"username": "system:serviceaccount:monitoring:prometheus", "groups": ["system:authenticated"]}


def run(main: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(main())  # type: ignore[arg-type] # a coroutine function


def test_whom_the_api_server_knows_and_lets_read_them_is_admitted_and_remembered(tmp_path: Path) -> None:
    async def main() -> None:
        answers = [reviewed(authenticated=True, user=PROMETHEUS), reviewed(allowed=True)]
        async with serving(tmp_path, *answers) as (server, api):
            access = MetricsAccess(api)
            assert await access.admit("token") == 200
            assert await access.admit("token") == 200
            assert len(server.requests) == 2
            asked = json.loads(server.bodies[1])["spec"]
            assert asked["user"] == PROMETHEUS["username"]
            assert asked["nonResourceAttributes"] == {"path": "/metrics", "verb": "get"}

    run(main)


def test_others_are_not(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(tmp_path, reviewed(authenticated=False)) as (server, api):
            assert await MetricsAccess(api).admit("") == 401
            assert server.requests == []
            assert await MetricsAccess(api).admit("forged") == 401
        answers = [reviewed(authenticated=True, user=PROMETHEUS), reviewed(allowed=False)]
        async with serving(tmp_path, *answers) as (_, api):
            assert await MetricsAccess(api).admit("token") == 403
        async with serving(tmp_path, problem(500, "InternalError")) as (_, api):
            assert await MetricsAccess(api).admit("token") == 503

    run(main)
