"""A full page of history is copied while the execution goes on, which waits for no copy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from stepwright.asl.checkpoint.checkpoint import PartId
from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis
from stepwright.asl.step import Outcome
from stepwright.cluster import revisions
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.record import LARGEST_PAGE_BYTES
from stepwright.cluster.revisions import Revisions
from stepwright.cluster.stored import Pinned, of
from stepwright.engine.ports import Commit, ExecutionRef, Uid, Unavailable
from tests.kube.server import Server, problem, says, serving

MACHINE: dict[str, Any] = {
    "apiVersion": "stepwright.dev/v1",
    "kind": "StateMachine",
    "metadata": {"name": "order", "namespace": "shop", "uid": "u-1"},
}
REVISION = revisions.manifest(
    MACHINE, {"definition": '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}', "settings": {}}, 1
)
REF = ExecutionRef(Uid("e-1"), "shop", "order-7", "order")
NEW: dict[str, Any] = {
    "metadata": {"name": "order-7", "namespace": "shop", "uid": "e-1", "generation": 1},
    "spec": {"stateMachineRef": {"name": "order"}},
}
EVENTS_OF_A_PAGE = LARGEST_PAGE_BYTES // 100

Post = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def opened(folder: Path, post: Post) -> AsyncIterator[tuple[Server, ClusterJournal]]:
    """A journal that has taken up an execution; ``post`` answers the creation of a page."""

    async def answer(request: web.Request) -> web.StreamResponse:
        match request.method:
            case "GET":
                return await says(200, REVISION)(request)
            case "POST":
                return await post(request)
            case _:
                return await says(200, {})(request)

    async with serving(folder, answer) as (server, api):
        journal = ClusterJournal(api, Revisions(api))
        await journal.open(of(NEW), Pinned("order", "u-1", REVISION["metadata"]["name"]))
        yield server, journal


def commit(
    seq: int, *, outcome: Outcome | None = None, first: int | None = None, count: int = EVENTS_OF_A_PAGE
) -> Commit:
    """The commit with which ``seq`` + 1 is reached; each fills a page, unless it has fewer events."""
    first = first or seq * EVENTS_OF_A_PAGE + 1
    events = [
        {"id": n, "type": "PassStateEntered", "padding": "x" * 100} for n in range(first, first + count)
    ]
    return Commit(
        f"c{seq}",
        seq,
        Millis(1000),
        Millis(1000),
        {PartId("head"): {"n": seq}},
        events=events,
        outcome=outcome,
    )


def little(seq: int) -> Commit:
    """A commit of one event, after a first that has filled a page."""
    return commit(seq, first=EVENTS_OF_A_PAGE + seq, count=1)


def once(copied: asyncio.Event) -> Post:
    """Pages are stored then, and not before."""

    async def post(request: web.Request) -> web.StreamResponse:
        await copied.wait()
        return await says(201, {})(request)

    return post


def changes(body: bytes) -> dict[str, Any]:
    """The last value for each path of a patch."""
    return {operation["path"]: operation.get("value") for operation in msgspec.json.decode(body)}


def requests(server: Server) -> list[str]:
    return [request.method for request in server.requests if request.method != "GET"]


def copies() -> list[asyncio.Task[Any]]:
    """Of pages, under way."""
    return [task for task in asyncio.all_tasks() if task.get_name() == "page of shop/order-7"]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - what a server has seen
            await asyncio.sleep(0.01)


async def test_a_full_page_is_copied_before_the_next_commit_needs_it(tmp_path: Path) -> None:
    async with opened(tmp_path, says(201, {})) as (server, journal):
        await journal.append(REF, commit(0))
        await until(lambda: not copies())
        await journal.append(REF, commit(1))

        assert requests(server)[:3] == ["PATCH", "POST", "PATCH"]
        page = msgspec.json.decode(server.bodies[2])
        assert (page["firstEventId"], page["lastEventId"]) == (1, EVENTS_OF_A_PAGE)
        assert changes(server.bodies[3])["/status/historyPage"]["previous"] == page["metadata"]["name"]


async def test_commits_go_on_while_a_page_is_copied_and_the_first_one_after_that_takes_it_out(
    tmp_path: Path,
) -> None:
    copied = asyncio.Event()
    async with opened(tmp_path, once(copied)) as (server, journal):
        await journal.append(REF, commit(0))
        await until(lambda: requests(server) == ["PATCH", "POST"])
        await journal.append(REF, little(1))
        await journal.append(REF, little(2))
        copied.set()
        await until(lambda: not copies())
        await journal.append(REF, little(3))

        assert requests(server) == ["PATCH", "POST", "PATCH", "PATCH", "PATCH"]
        *_, before, after = (changes(body) for body in server.bodies if body.startswith(b"["))
        assert "/status/historyPage" not in before
        ids = [msgspec.json.decode(event)["id"] for event in after["/status/history"]]
        assert ids == [EVENTS_OF_A_PAGE + n for n in (1, 2, 3)]
        assert after["/status/historyPage"]["firstEventId"] == EVENTS_OF_A_PAGE + 1


async def test_commits_wait_for_a_copy_once_there_is_twice_as_much_as_a_page_has(tmp_path: Path) -> None:
    copied = asyncio.Event()
    async with opened(tmp_path, once(copied)) as (server, journal):
        await journal.append(REF, commit(0))
        await journal.append(REF, commit(1))
        waiting = asyncio.create_task(journal.append(REF, commit(2)))
        await asyncio.sleep(0.05)
        assert not waiting.done()

        copied.set()
        await waiting
        assert requests(server).count("PATCH") == 3
        assert len(changes(server.bodies[-1])["/status/history"]) == 2 * EVENTS_OF_A_PAGE


@pytest.mark.parametrize("waits", [True, False], ids=["without the copy", "with it"])
async def test_a_commit_that_is_tried_again_is_the_same_patch(tmp_path: Path, *, waits: bool) -> None:
    """What was not answered may have landed: then nothing else is stored than what this process knows."""
    copied, answers = asyncio.Event(), [says(200, {}), problem(500, "InternalError")]

    async def answer(request: web.Request) -> web.StreamResponse:
        match request.method:
            case "GET":
                return await says(200, REVISION)(request)
            case "POST":
                await copied.wait()
                return await says(201, {})(request)
            case _:
                return await (answers.pop(0) if answers else says(200, {}))(request)

    async with serving(tmp_path, answer) as (server, api):
        journal = ClusterJournal(api, Revisions(api))
        await journal.open(of(NEW), Pinned("order", "u-1", REVISION["metadata"]["name"]))
        await journal.append(REF, commit(0))
        if not waits:
            copied.set()
            await until(lambda: not copies())
        with pytest.raises(Unavailable):
            await journal.append(REF, little(1))
        copied.set()
        await until(lambda: not copies())
        await journal.append(REF, little(1))

        *_, first, again = (body for body in server.bodies if body.startswith(b"["))
        assert first == again
        assert ("/status/historyPage" in changes(again)) != waits


async def test_a_copy_that_failed_is_made_again_by_the_commit_that_needs_it(tmp_path: Path) -> None:
    answers = [problem(500, "InternalError"), says(201, {})]

    async def post(request: web.Request) -> web.StreamResponse:
        return await answers.pop(0)(request)

    async with opened(tmp_path, post) as (server, journal):
        await journal.append(REF, commit(0))
        await until(lambda: len(answers) == 1)
        await asyncio.sleep(0.05)
        await journal.append(REF, commit(1, outcome=Outcome("SUCCEEDED", JsonText("{}"), None, None)))

        assert requests(server) == ["PATCH", "POST", "POST", "PATCH"]
        assert server.bodies[2] == server.bodies[3]


async def test_a_page_is_not_copied_where_no_commit_will_need_it(tmp_path: Path) -> None:
    async with opened(tmp_path, says(201, {})) as (server, journal):
        await journal.append(REF, commit(0, outcome=Outcome("SUCCEEDED", JsonText("{}"), None, None)))
        await asyncio.sleep(0.05)

        assert requests(server) == ["PATCH"]


@pytest.mark.parametrize("how", ["let go of", "read again"])
async def test_an_execution_that_is_let_go_of_leaves_no_copy_under_way(tmp_path: Path, how: str) -> None:
    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        raise AssertionError

    async with opened(tmp_path, never) as (server, journal):
        await journal.append(REF, commit(0))
        await until(lambda: requests(server) == ["PATCH", "POST"])
        copying = copies()
        assert len(copying) == 1
        if how == "let go of":
            journal.forget(REF)
        else:
            await journal.open(of(NEW), Pinned("order", "u-1", REVISION["metadata"]["name"]))
        await until(copying[0].done)

        assert copying[0].cancelled()


async def test_a_page_of_the_same_numbers_and_other_events_is_not_taken_for_the_copy(tmp_path: Path) -> None:
    """A copy that was under way when etcd was lost had landed after it was restored, and the history showed what had been
    undone."""
    answers = [problem(409, "AlreadyExists"), says(201, {})]

    async def post(request: web.Request) -> web.StreamResponse:
        return await answers.pop(0)(request)

    async with opened(tmp_path, post) as (server, journal):
        await journal.append(REF, commit(0))
        await until(lambda: not answers)
        await journal.append(REF, commit(1, outcome=Outcome("SUCCEEDED", JsonText("{}"), None, None)))

        assert requests(server) == ["PATCH", "POST", "POST", "PATCH"]
        *_, taken, copy, patch = (msgspec.json.decode(body) for body in server.bodies if body)
        assert copy["metadata"]["name"].startswith(taken["metadata"]["name"] + "-")
        assert copy["events"] == taken["events"]
        said = {operation["path"]: operation.get("value") for operation in patch}
        assert said["/status/historyPage"]["previous"] == copy["metadata"]["name"]


async def test_nothing_is_remembered_of_what_is_let_go_of_while_it_is_written(tmp_path: Path) -> None:
    let_go = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return await says(200, REVISION)(request)
        await let_go.wait()
        return await says(200, {})(request)

    async with serving(tmp_path, answer) as (server, api):
        journal = ClusterJournal(api, Revisions(api))
        await journal.open(of(NEW), Pinned("order", "u-1", REVISION["metadata"]["name"]))
        writing = asyncio.create_task(journal.append(REF, commit(0)))
        await until(lambda: requests(server) == ["PATCH"])
        journal.forget(REF)
        let_go.set()
        await writing

        assert not journal._records
        assert not len(journal._beside)
