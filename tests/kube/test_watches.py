"""Watches: events however they are cut, and how a watch ends."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from stepwright.kube import api_errors, connection, watches
from tests.kube.server import problem, serving, streams


def event(kind: str, name: str, **metadata: str) -> dict[str, Any]:
    return {"type": kind, "object": {"metadata": {"name": name, **metadata}}}


async def test_of_a_watch_s_refusal_no_more_is_read_than_of_another_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=503)
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(b"x" * 2**16)
        return response

    monkeypatch.setattr(connection, "LONGEST_ANSWER_BYTES", 2**18)
    async with serving(tmp_path, endless) as (_, api):
        with pytest.raises(api_errors.AnswerTooLong):
            async for _event in watches.watch(api, "/x"):
                pass


@pytest.mark.parametrize("piece", [1, 7, 10**9])
async def test_a_watch_gives_events_however_they_are_cut(tmp_path: Path, piece: int) -> None:
    events = [event("ADDED", "a"), event("MODIFIED", "b" * 50), event("DELETED", "ü")]
    async with serving(tmp_path, streams(*events, piece=piece)) as (server, api):
        seen = [
            (e.type, msgspec.json.decode(e.object))
            async for e in watches.watch(api, "/x", {"resourceVersion": "5"})
        ]

    assert seen == [(e["type"], e["object"]) for e in events]
    assert dict(server.requests[0].query) == {
        "resourceVersion": "5",
        "watch": "1",
        "allowWatchBookmarks": "true",
    }


async def test_a_watch_takes_objects_of_any_size(tmp_path: Path) -> None:
    async with serving(tmp_path, streams(event("ADDED", "x" * 3_000_000), event("ADDED", "y"))) as (_, api):
        assert [len(e.object) > 1000 async for e in watches.watch(api, "/x")] == [True, False]


async def test_a_watch_from_too_old_a_version_is_expired(tmp_path: Path) -> None:
    gone = {
        "type": "ERROR",
        "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"},
    }
    async with serving(tmp_path, streams(event("ADDED", "a"), gone)) as (_, api):
        with pytest.raises(api_errors.Expired, match="too old"):
            [e async for e in watches.watch(api, "/x")]


async def test_a_watch_that_falls_silent_is_lost(tmp_path: Path) -> None:
    async with serving(tmp_path, streams(event("ADDED", "a"), then=lambda: asyncio.sleep(5))) as (_, api):
        with pytest.raises(api_errors.Unreachable, match="the watch of /x was cut"):
            [e async for e in watches.watch(api, "/x", idle_seconds=0.2)]


async def test_a_watch_can_be_refused(tmp_path: Path) -> None:
    async with serving(tmp_path, problem(403, "Forbidden")) as (_, api):
        with pytest.raises(api_errors.Forbidden):
            [e async for e in watches.watch(api, "/x")]
