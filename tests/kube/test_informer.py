"""A local copy of objects stays true whatever happens to the watch."""

# ruff: noqa: ASYNC110 - what is waited for has no event

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from aiohttp import web

from stepwright.kube.informer import Informer
from tests.kube.server import Answer, Server, problem, says, serving, streams


class Metadata(msgspec.Struct):
    name: str
    uid: str
    resourceVersion: str  # noqa: N815 - the field's name on the wire
    namespace: str = ""
    labels: dict[str, str] = {}


class Thing(msgspec.Struct):
    metadata: Metadata


def thing(name: str, version: int, uid: str = "", **labels: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "uid": uid or name, "resourceVersion": str(version)}
    return {"metadata": {**metadata, "labels": labels}}


def listed(version: int, *things: dict[str, Any]) -> Answer:
    return says(200, {"metadata": {"resourceVersion": str(version)}, "items": things})


def added(this: dict[str, Any]) -> dict[str, Any]:
    return {"type": "ADDED", "object": this}


def changed(this: dict[str, Any]) -> dict[str, Any]:
    return {"type": "MODIFIED", "object": this}


def deleted(this: dict[str, Any]) -> dict[str, Any]:
    return {"type": "DELETED", "object": this}


EXPIRED = {"type": "ERROR", "object": {"code": 410, "reason": "Expired", "message": "too old"}}
BOOKMARK = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "50"}}}


async def forever() -> None:
    await asyncio.sleep(60)


HANGS = streams(then=forever)


class Told:
    """What the informer reported, as (old version, new version) by name."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, str | None, str | None]] = []
        self.some = asyncio.Event()

    def __call__(self, old: Thing | None, new: Thing | None) -> None:
        this = new or old
        assert this is not None
        version = [None if one is None else one.metadata.resourceVersion for one in (old, new)]
        self.changes.append((this.metadata.name, version[0], version[1]))
        self.some.set()
        if this.metadata.name == "poison":
            raise ValueError("poison")

    async def wait(self, count: int) -> list[tuple[str, str | None, str | None]]:
        async with asyncio.timeout(60):
            while len(self.changes) < count:
                self.some.clear()
                await self.some.wait()
        return self.changes


@asynccontextmanager
async def informing(
    tmp_path: Path, *answers: Answer, **options: Any
) -> AsyncIterator[tuple[Server, Informer[Thing], Told]]:
    told = Told()
    async with serving(tmp_path, *answers) as (server, api):
        informer = Informer(api, "v1", "things", Thing, on_change=told, random=Random(1), **options)
        running = asyncio.create_task(informer.run())
        try:
            yield server, informer, told
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_lists_then_watches_from_there(tmp_path: Path) -> None:
    events = streams(added(thing("b", 6)), changed(thing("a", 7)), deleted(thing("b", 8)), then=forever)
    async with informing(tmp_path, listed(5, thing("a", 3)), events, label_selector="x") as (
        server,
        informer,
        told,
    ):
        changes = await told.wait(4)

        assert changes == [("a", None, "3"), ("b", None, "6"), ("a", "3", "7"), ("b", "8", None)]
        assert [this.metadata.resourceVersion for this in informer.all()] == ["7"]
        assert informer.get("shop", "b") is None
        assert informer.synced.is_set()
        assert len(informer) == 1
        list_query, watch_query = (dict(request.query) for request in server.requests)
        assert list_query == {"labelSelector": "x", "limit": "20"}
        assert (watch_query["resourceVersion"], watch_query["labelSelector"]) == ("5", "x")
        assert 240 <= int(watch_query["timeoutSeconds"]) <= 480


async def test_who_asks_for_the_text_gets_all_of_each_object_and_is_told_what_is_gone(tmp_path: Path) -> None:
    texts: list[tuple[str | None, str, str]] = []

    def note(old: Thing | None, new: Thing, text: msgspec.Raw) -> None:
        before = None if old is None else old.metadata.resourceVersion
        texts.append((before, new.metadata.resourceVersion, msgspec.json.decode(text)["spec"]["more"]))

    def with_more(version: int, more: str) -> dict[str, Any]:
        return {**thing("a", version), "spec": {"more": more}}

    events = streams(changed(with_more(7, "second")), deleted(with_more(8, "last")), then=forever)
    async with informing(tmp_path, listed(5, with_more(3, "first")), events, on_text=note) as (_, _, told):
        changes = await told.wait(1)

    assert texts == [(None, "3", "first"), ("3", "7", "second")]
    assert changes == [("a", "8", None)]


async def test_a_long_list_comes_in_pages(tmp_path: Path) -> None:
    first = says(200, {"metadata": {"resourceVersion": "7", "continue": "next"}, "items": [thing("a", 1)]})

    async with informing(tmp_path, first, listed(7, thing("b", 2)), HANGS) as (server, _, told):
        changes = await told.wait(2)

    assert changes == [("a", None, "1"), ("b", None, "2")]
    assert [dict(request.query) for request in server.requests[:2]] == [
        {"limit": "20"},
        {"limit": "100", "continue": "next"},
    ]


async def test_goes_on_from_a_bookmark(tmp_path: Path) -> None:
    async with informing(
        tmp_path, listed(5), streams(BOOKMARK), streams(added(thing("a", 51)), then=forever)
    ) as (
        server,
        _,
        told,
    ):
        await told.wait(1)

    assert [request.query.get("resourceVersion") for request in server.requests] == [None, "5", "50"]


async def test_after_410_it_tells_what_was_missed(tmp_path: Path) -> None:
    """Objects deleted, changed, made, and made anew under their old name while nobody watched."""
    before = listed(5, thing("gone", 1), thing("same", 2), thing("changed", 3), thing("anew", 4, uid="one"))
    after = listed(
        90, thing("same", 2), thing("changed", 80), thing("anew", 81, uid="two"), thing("made", 82)
    )
    async with informing(tmp_path, before, streams(EXPIRED), after, HANGS) as (_, informer, told):
        changes = (await told.wait(9))[4:]

        assert sorted(changes, key=str) == sorted(
            [
                ("changed", "3", "80"),
                ("anew", "4", None),
                ("anew", None, "81"),
                ("made", None, "82"),
                ("gone", "1", None),
            ],
            key=str,
        )
        assert {this.metadata.name for this in informer.all()} == {"same", "changed", "anew", "made"}


async def test_an_api_server_that_is_away_is_asked_again(tmp_path: Path) -> None:
    away = problem(503, "ServiceUnavailable")
    async with informing(tmp_path, away, away, listed(5, thing("a", 1)), away, HANGS) as (
        server,
        informer,
        _,
    ):
        async with asyncio.timeout(60):
            await informer.synced.wait()
            while len(server.requests) < 5:
                await asyncio.sleep(0.01)

    # After the break the watch goes on where it was: nothing is listed again.
    assert ["watch" in request.query for request in server.requests] == [False, False, False, True, True]


async def test_finds_by_index(tmp_path: Path) -> None:
    def teams(this: Thing) -> Iterable[str]:
        return (this.metadata.labels["team"],) if "team" in this.metadata.labels else ()

    events = streams(
        changed(thing("a", 6, team="blue")), added(thing("c", 7)), deleted(thing("b", 8)), then=forever
    )
    first = listed(5, thing("a", 1, team="red"), thing("b", 2, team="red"))
    async with informing(tmp_path, first, events, index=teams) as (_, informer, told):
        await told.wait(5)

        assert informer.by_index("red") == []
        assert [this.metadata.name for this in informer.by_index("blue")] == ["a"]


async def test_one_objects_trouble_is_not_the_others(tmp_path: Path) -> None:
    """A callback that raises, and an object that cannot be read."""
    events = streams(added({"metadata": {"name": 1}}), added(thing("b", 7)), then=forever)
    async with informing(tmp_path, listed(5, thing("poison", 1)), events) as (_, _, told):
        assert await told.wait(2) == [("poison", None, "1"), ("b", None, "7")]


async def test_some_namespaces_each_by_its_own_stream(tmp_path: Path) -> None:
    async with informing(
        tmp_path,
        listed(5),
        listed(5),
        streams(added(thing("a", 6)), then=forever),
        HANGS,
        namespaces=["shop", "bank"],
    ) as (server, informer, told):
        await told.wait(1)
        found = informer.get("shop", "a") or informer.get("bank", "a")

    assert {request.path for request in server.requests} == {
        "/api/v1/namespaces/shop/things",
        "/api/v1/namespaces/bank/things",
    }
    assert informer.synced.is_set()
    assert len(informer) == 1 or found is not None


async def test_a_namespace_that_is_forbidden_holds_the_others_back_no_longer(tmp_path: Path) -> None:
    """One namespace of several was deleted, with the rights in it: the operator never became ready again."""
    async with informing(tmp_path, problem(403, "Forbidden"), namespaces=["gone"]) as (_, informer, _):
        await asyncio.wait_for(informer.synced.wait(), 60)
        await asyncio.wait_for(informer.following.wait(), 60)
        assert informer.last_activity is not None


async def test_without_rights_in_the_whole_cluster_nothing_is_known(tmp_path: Path) -> None:
    async with informing(tmp_path, problem(403, "Forbidden")) as (server, informer, _):
        async with asyncio.timeout(60):
            while len(server.requests) < 2:
                await asyncio.sleep(0.01)
        assert not informer.synced.is_set()


async def test_while_a_watch_is_cut_off_the_copy_is_not_said_to_be_of_now(tmp_path: Path) -> None:
    cut, back = asyncio.Event(), asyncio.Event()

    async def until_cut() -> None:
        await cut.wait()

    async def away(request: web.Request) -> web.StreamResponse:
        await back.wait()
        return await streams(then=forever)(request)

    async with informing(tmp_path, listed(5), streams(then=until_cut), away) as (server, informer, _):
        await asyncio.wait_for(informer.following.wait(), 60)
        cut.set()
        async with asyncio.timeout(60):
            while len(server.requests) < 3:
                await asyncio.sleep(0.01)
        assert informer.synced.is_set()
        assert not informer.following.is_set()
        back.set()
        await asyncio.wait_for(informer.following.wait(), 60)


async def test_until_the_watch_after_a_list_is_open_the_copy_is_not_said_to_be_of_now(tmp_path: Path) -> None:
    """What happened while it was long in opening was not known, and Jobs that nobody wanted were overlooked: seed 80181
    of the simulation."""
    back = asyncio.Event()

    async def away(request: web.Request) -> web.StreamResponse:
        await back.wait()
        return await streams(then=forever)(request)

    async with informing(tmp_path, listed(5), away) as (server, informer, _):
        async with asyncio.timeout(60):
            while len(server.requests) < 2:
                await asyncio.sleep(0.01)
        assert informer.synced.is_set()
        assert not informer.following.is_set()
        back.set()
        await asyncio.wait_for(informer.following.wait(), 60)


async def test_last_activity_tells_when_the_stream_was_heard(tmp_path: Path) -> None:
    again = asyncio.Event()

    async def bookmark() -> None:
        await again.wait()

    async with informing(tmp_path, listed(5), streams(then=bookmark), streams(BOOKMARK, then=forever)) as (
        _,
        informer,
        _,
    ):
        assert informer.last_activity is None
        await asyncio.wait_for(informer.synced.wait(), 60)
        first = informer.last_activity
        again.set()
        async with asyncio.timeout(60):
            while informer.last_activity == first:
                await asyncio.sleep(0.01)


async def test_what_is_not_to_be_kept_is_told_and_forgotten(tmp_path: Path) -> None:
    """Its list leaves most of it out by a field selector; its watch does not."""

    def is_open(this: Thing) -> bool:
        return this.metadata.labels.get("state") != "over"

    events = streams(
        changed(thing("a", 6, state="over")),
        added(thing("b", 7, state="over")),
        changed(thing("a", 8, state="over")),
        changed(thing("b", 9)),
        then=forever,
    )
    first = listed(5, thing("a", 1))
    async with informing(tmp_path, first, events, listed="x!=over", keeps=is_open) as (
        server,
        informer,
        told,
    ):
        changes = await told.wait(5)
        kept = [this.metadata.name for this in informer.all()]

    assert changes == [
        ("a", None, "1"),
        ("a", "1", "6"),
        ("b", None, "7"),
        ("a", None, "8"),
        ("b", None, "9"),
    ]
    assert kept == ["b"]
    assert [request.query.get("fieldSelector") for request in server.requests] == ["x!=over", None]


async def test_before_a_crd_knows_the_field_everything_is_listed(tmp_path: Path) -> None:
    unknown = problem(400, "BadRequest", "field label not supported: x")
    async with informing(tmp_path, unknown, listed(5, thing("a", 1)), HANGS, listed="x!=over") as (
        server,
        _,
        told,
    ):
        assert await told.wait(1) == [("a", None, "1")]

    assert [request.query.get("fieldSelector") for request in server.requests[:2]] == ["x!=over", None]
