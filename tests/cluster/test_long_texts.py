"""Long texts of a commit are stored before it refers to them, a few at the same time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from stepwright.asl.checkpoint.checkpoint import PartId
from stepwright.asl.signals import Millis
from stepwright.cluster.beside import AT_ONCE
from stepwright.engine.kept_apart import LONG_BYTES
from stepwright.engine.ports import Commit, Unavailable
from tests.cluster.test_pages import REF, opened, requests
from tests.kube.server import problem, says

COUNT = 2 * AT_ONCE + 1


def commit() -> Commit:
    parts = {PartId(f"results/0/{n}"): {"outputs": str(n) * (LONG_BYTES + 1)} for n in range(COUNT)}
    return Commit("c0", 0, Millis(1000), Millis(1000), {PartId("head"): {"n": 0}, **parts})


async def test_a_few_are_stored_at_the_same_time_and_then_the_commit(tmp_path: Path) -> None:
    under_way, most = 0, 0

    async def post(request: web.Request) -> web.StreamResponse:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.1)
        under_way -= 1
        return await says(201, {})(request)

    async with opened(tmp_path, post) as (server, journal):
        await journal.append(REF, commit())

        assert requests(server) == ["POST"] * COUNT + ["PATCH"]
        assert 1 < most <= AT_ONCE
        created = [msgspec.json.decode(body)["payload"] for body in server.bodies if b'"payload"' in body]
        assert sorted(created) == [str(n) * (LONG_BYTES + 1) for n in range(COUNT)]


async def test_if_one_cannot_be_stored_nothing_is_under_way_when_the_commit_fails(tmp_path: Path) -> None:
    ended = 0

    async def post(request: web.Request) -> web.StreamResponse:
        nonlocal ended
        if (await request.json())["payload"].startswith("0"):
            return await problem(500, "InternalError")(request)
        await asyncio.sleep(0.2)
        ended += 1
        return await says(201, {})(request)

    async with opened(tmp_path, post) as (server, journal):
        with pytest.raises(Unavailable):
            await journal.append(REF, commit())

        assert ended == AT_ONCE - 1
        assert set(requests(server)) == {"POST"}
