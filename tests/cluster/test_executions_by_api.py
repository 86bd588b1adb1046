"""Executions of the AWS API as objects: answers that were lost, names that are taken, stops that nobody makes, and histories of which a
restore of etcd has left more than there should be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from msgspec import structs

from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis, RedriveFrom
from stepwright.catalog import redrives
from stepwright.catalog.callers import User
from stepwright.catalog.ports import Cursor, NoSuchCursor, NotRedrivable
from stepwright.catalog.records import Execution
from stepwright.cluster.catalog import executions, histories
from stepwright.cluster.catalog.asking import Asking
from stepwright.cluster.catalog.executions import Executions
from stepwright.cluster.catalog.histories import Histories
from stepwright.cluster.catalog.naming import AsAccounts
from stepwright.cluster.execution_index import ExecutionIndex
from stepwright.cluster.places import Places
from stepwright.engine.ports import Gone, Refused, StopRequest, Uid, Unavailable
from tests.kube.server import Server, cut, problem, says, serving

ARN = "arn:aws:states:us-east-1:{}:execution:order:{}"
RUN = "0a1b2c3d-0000-4000-8000-000000000000"
"""The name of an execution that was given none, and its request's id."""
UID = "9f8e7d6c-0000-4000-8000-000000000001"
PATH = "/apis/stepwright.dev/v1/namespaces/shop/"


def stored(name: str = f"order.{RUN}", request: str | None = RUN, **more: Any) -> dict[str, Any]:
    annotations = {} if request is None else {"stepwright.dev/request-id": request}
    metadata = {"name": name, "namespace": "shop", "uid": UID, "creationTimestamp": "2026-01-01T00:00:00Z"}
    spec = {"stateMachineRef": {"name": "order"}, "inputJson": "{}", **more.pop("spec", {})}
    spec.setdefault("name", name.removeprefix("order."))
    return {
        "metadata": {**metadata, "resourceVersion": "7", "annotations": annotations},
        "spec": spec,
        **more,
    }


class Objects:
    """An API server of these objects by path; what is asked of it besides is not there. ``first``: answers to the first requests."""

    def __init__(self, *first: Any, **objects: Any) -> None:
        self.objects = {f"{PATH}{path.replace('__', '/')}": body for path, body in objects.items()}
        self.first = list(first)
        self.writes: list[tuple[str, str]] = []
        self.written = asyncio.Event()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.method != "GET":
            self.writes.append((request.method, request.path))
            self.written.set()
        if self.first:
            answer: web.StreamResponse = await self.first.pop(0)(request)
            return answer
        body = self.objects.get(request.path)
        return await (problem(404, "NotFound") if body is None else says(200, body))(request)


@asynccontextmanager
async def at(folder: Path, objects: Objects) -> AsyncIterator[tuple[Executions, Server]]:
    async with serving(folder, objects) as (server, api):
        asking, places = Asking(api), Places(api, namespaces=["shop"])
        index = ExecutionIndex(api, AsAccounts(places))
        yield Executions(asking, places, Histories(asking), index, User("dana")), server


def new(name: str = RUN) -> Execution:
    place = Places(None, namespaces=["shop"]).of("shop")  # type: ignore[arg-type] # asks nobody
    assert place is not None
    return Execution(
        arn=place.execution("order", name),
        uid=Uid(RUN),
        name=name,
        machine_arn=place.state_machine("order"),
        revision_id="",
        status="RUNNING",
        input=JsonText("{}"),
        started=Millis(0),
    )


def new_with(uid: str) -> Execution:
    return structs.replace(new(), uid=Uid(uid))


async def test_a_start_whose_answer_was_lost_is_not_made_twice(tmp_path: Path) -> None:
    objects = Objects(cut)
    objects.objects[f"{PATH}executions/order.{RUN}"] = stored()
    async with at(tmp_path, objects) as (there, _):
        begun = await there.start(new())

    assert (begun.uid, begun.arn) == (RUN, new().arn)
    assert [method for method, _ in objects.writes] == ["POST"]


async def test_a_start_that_was_lost_itself_is_made_again_under_its_name(tmp_path: Path) -> None:
    objects = Objects(cut, problem(404, "NotFound"), problem(404, "NotFound"), says(201, stored()))
    async with at(tmp_path, objects) as (there, server):
        assert (await there.start(new())).uid == RUN

    bodies = [json.loads(body) for body in server.bodies if body]
    assert [body["metadata"]["name"] for body in bodies] == [f"order.{RUN}"] * 2
    assert bodies[0]["metadata"]["annotations"] == {
        "stepwright.dev/request-id": RUN,
        "stepwright.dev/started-by": "dana",
    }


async def test_one_that_somebody_else_has_started_is_told_as_it_is(tmp_path: Path) -> None:
    objects = Objects(problem(409, "AlreadyExists"))
    objects.objects[f"{PATH}executions/order.{RUN}"] = stored(request="another")
    async with at(tmp_path, objects) as (there, _):
        assert (await there.start(new())).uid == UID


async def test_an_object_that_has_the_name_of_another_execution_is_not_taken_for_it(tmp_path: Path) -> None:
    objects = Objects()
    objects.objects[f"{PATH}executions/order.one"] = stored("order.one", spec={"name": "order.one"})
    async with at(tmp_path, objects) as (there, _):
        assert await there.execution(new("one").arn) is None
        objects.first = [problem(404, "NotFound"), problem(404, "NotFound"), problem(409, "AlreadyExists")]
        with pytest.raises(Refused, match=r"order\.one has the name"):
            await there.start(new("one"))


async def test_parts_of_distributed_maps_are_nobodys_executions(tmp_path: Path) -> None:
    objects = Objects()
    part = stored("order.one", spec={"mapShard": {"uid": "x"}})
    objects.objects[f"{PATH}executions/order.one"] = part
    async with at(tmp_path, objects) as (there, _):
        assert await there.execution(new("one").arn) is None


async def test_a_stop_that_no_operator_makes_is_asked_for_once_and_said_to_be_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executions, "END_SECONDS", 0.2)
    objects = Objects()
    running = stored()
    objects.objects[f"{PATH}executions/order.{RUN}"] = running
    async with at(tmp_path, objects) as (there, server):
        found = await there.execution(new().arn)
        assert found is not None

        async def stop() -> None:
            with pytest.raises(Unavailable, match="was asked to stop"):
                await there.stop(found, StopRequest("No.Stock", None))

        stopping = asyncio.create_task(stop())
        async with asyncio.timeout(30):
            await objects.written.wait()
        running["spec"]["stop"] = {"error": "No.Stock"}
        await stopping
        await stop()  # waits on
        patches = [json.loads(body) for body in server.bodies if body]
        assert {operation["path"]: operation["value"] for operation in patches[0]} == {
            "/metadata/resourceVersion": "7",
            "/metadata/annotations": {
                "stepwright.dev/request-id": RUN,
                "stepwright.dev/stopped-by": "dana",
            },
            "/spec/stop": {"error": "No.Stock"},
        }
        ended = {"phase": "Aborted", "endTime": "2026-01-01T00:00:01.500Z"}
        running["status"] = ended
        assert await there.stop(found, StopRequest()) == 1767225601500
        objects.objects.clear()
        with pytest.raises(Gone):
            await there.stop(found, StopRequest())


FAILED: dict[str, Any] = {
    "phase": "Failed",
    "endTime": "2026-01-01T00:00:01.500Z",
    "settled": True,
    "redrivable": True,
    "error": "Boom",
}


async def test_a_redrive_takes_the_stop_away_and_is_answered_with_when_it_goes_on(tmp_path: Path) -> None:
    objects = Objects()
    body = stored(spec={"stop": {"cause": "c"}}, status={**FAILED, "phase": "Aborted"})
    objects.objects[f"{PATH}executions/order.{RUN}"] = body
    async with at(tmp_path, objects) as (there, server):
        found = await there.execution(new().arn)
        assert found is not None
        assert (found.redrivable, found.redrives, found.redriven) == (True, 0, None)
        redriving = asyncio.create_task(there.redrive(found, "mine"))
        async with asyncio.timeout(30):
            await objects.written.wait()
        patch = next(json.loads(text) for text in server.bodies if text)
        assert [(operation["op"], operation["path"]) for operation in patch] == [
            ("test", "/metadata/resourceVersion"),
            ("add", "/metadata/annotations"),
            ("remove", "/spec/stop"),
            ("add", "/spec/redrive"),
        ]
        assert patch[1]["value"]["stepwright.dev/redriven-by"] == "dana"
        assert patch[3]["value"] == {"requestId": "mine"}
        body["spec"] = {key: value for key, value in body["spec"].items() if key != "stop"}
        body["spec"]["redrive"] = {"requestId": "mine"}
        made = {"requestId": "mine", "time": "2026-01-01T00:00:02.000Z"}
        body["status"] = {
            "phase": "Running",
            "redriveCount": 1,
            "redriveTime": made["time"],
            "redrives": [made],
        }
        assert await redriving == 1767225602000
        # The same request is the same redrive, whatever became of the execution.
        assert await there.redrive(found, "mine") == 1767225602000
        with pytest.raises(NotRedrivable):
            await there.redrive(found, "another")
        again = await there.execution(new().arn)
        assert again is not None
        assert (again.status, again.redrives, again.redriven) == ("RUNNING", 1, 1767225602000)
    assert len(objects.writes) == 1


async def test_why_a_redrive_was_refused_is_said(tmp_path: Path) -> None:
    objects = Objects()
    refused = {
        "requestId": "mine",
        "time": "2026-01-01T00:00:02.000Z",
        "refused": "State machine order has been deleted",
    }
    body = stored(status={**FAILED, "redrives": [refused]})
    objects.objects[f"{PATH}executions/order.{RUN}"] = body
    async with at(tmp_path, objects) as (there, _):
        with pytest.raises(NotRedrivable) as error:
            await there.redrive(new_with(UID), "mine")
        assert error.value.reason == "State machine order has been deleted"
        for status in ({"phase": "Running"}, {**FAILED, "redrivable": False, "notRedrivable": "no"}):
            body["status"] = status
            with pytest.raises(NotRedrivable) as error:
                await there.redrive(new_with(UID), "mine")
            assert error.value.reason is None
        found = await there.execution(new().arn)
        assert found is not None
        assert redrives.refusal(found, Millis(0)) == "no"
    assert objects.writes == []


async def test_a_redrive_that_no_operator_makes_is_asked_for_once_and_said_to_be_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executions, "END_SECONDS", 0.2)
    objects = Objects()
    body = stored(spec={"redrive": {"requestId": "other"}}, status=FAILED)
    objects.objects[f"{PATH}executions/order.{RUN}"] = body
    async with at(tmp_path, objects) as (there, _):
        with pytest.raises(Unavailable, match="was asked to go on"):
            await there.redrive(new_with(UID), "mine")
        assert objects.writes == []  # another request is open
        body["status"] = {**FAILED, "redrives": [{"requestId": "other", "time": "2026-01-01T00:00:02.000Z"}]}
        body["spec"]["redrive"] = {"requestId": "other"}
        with pytest.raises(Unavailable, match="Repeat the request"):
            await there.redrive(new_with(UID), "mine")
        assert objects.writes


# --- Histories ----------------------------------------------------------------------------------------------------------


def events(first: int, last: int, mark: str = "") -> list[str]:
    return [json.dumps({"id": id, "type": "PassStateEntered", "mark": mark}) for id in range(first, last + 1)]


def listed(names: Iterable[str]) -> dict[str, Any]:
    rows = [{"cells": [], "object": {"metadata": {"name": name}}} for name in names]
    return {"metadata": {"resourceVersion": "1"}, "columnDefinitions": [], "rows": rows}


@asynccontextmanager
async def with_history(folder: Path) -> AsyncIterator[tuple[Executions, Execution]]:
    """Of 50 events: 20 in the status, 30 before. A restore has left two pages that end with the 20th."""
    objects = Objects()
    true, false = f"{UID}-11-20-abcdef", f"{UID}-1-20"
    pages = {
        f"{UID}-21-30": {"events": events(21, 30), "previous": true},
        true: {"events": events(11, 20), "previous": f"{UID}-1-10"},
        f"{UID}-1-10": {"events": events(1, 10)},
        false: {"events": events(1, 20, "undone")},
    }
    status = {"history": events(31, 50), "historyPage": {"previous": f"{UID}-21-30", "firstEventId": 31}}
    objects.objects[f"{PATH}executions/order.{RUN}"] = stored(status={"phase": "Running", **status})
    objects.objects |= {f"{PATH}executionhistories/{name}": body for name, body in pages.items()}
    objects.objects[f"{PATH}executionhistories"] = listed(pages)
    async with at(folder, objects) as (there, _):
        found = await there.execution(new().arn)
        assert found is not None
        yield there, found


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 7, 100])
async def test_a_history_is_whole_whatever_its_pages_are(
    tmp_path: Path, newest_first: bool, limit: int
) -> None:
    async with with_history(tmp_path) as (there, found):
        told: list[Any] = []
        after: Cursor | None = None
        while True:
            page = await there.events(found, after, limit, newest_first=newest_first)
            told += page.items
            if (after := page.next) is None:
                break

    ids = list(range(1, 51))
    assert [event["id"] for event in told] == (ids[::-1] if newest_first else ids)
    assert {event["mark"] for event in told} == {""}


async def test_a_page_of_large_events_is_short_whatever_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand of them would be more than a server has memory for."""
    monkeypatch.setattr(histories, "LARGEST_ANSWER_BYTES", 1_000)
    async with with_history(tmp_path) as (there, found):
        told, after, pages = [], None, 0
        while pages == 0 or after is not None:
            page = await there.events(found, after, 100, newest_first=False)
            told += [event["id"] for event in page.items]
            after, pages = page.next, pages + 1

    assert told == list(range(1, 51))
    assert pages > 1


async def test_a_history_begins_where_it_is_asked_to(tmp_path: Path) -> None:
    async with with_history(tmp_path) as (there, found):
        for newest_first, ids in ((False, [15, 16, 17]), (True, [15, 14, 13])):
            page = await there.events(found, None, 3, newest_first=newest_first, first=15)
            assert [event["id"] for event in page.items] == ids
        assert (await there.events(found, Cursor("51"), 3, newest_first=False)).items == []
        for cursor in ("", "-1", "x", "\u0661"):
            with pytest.raises(NoSuchCursor):
                await there.events(found, Cursor(cursor), 3, newest_first=False)


NEWEST = f"{UID}-21-30"


@pytest.mark.parametrize(
    ("newest", "pages"),
    [
        (NEWEST, {NEWEST: {"events": events(21, 30), "previous": f"{UID}-11-20"}, f"{UID}-21-20": {}}),
        (NEWEST, {NEWEST: {"events": events(21, 30), "previous": NEWEST}}),
        (f"{UID}-1-30", {f"{UID}-1-30": {"events": events(1, 12)}}),
    ],
    ids=["one ends before it begins", "one comes before itself", "one lacks events"],
)
@pytest.mark.parametrize("newest_first", [False, True])
async def test_pages_that_an_operator_has_not_made_are_refused(
    tmp_path: Path, newest: str, pages: dict[str, Any], newest_first: bool
) -> None:
    """The server looked for what is missing for ever, and answered nobody meanwhile."""
    objects = Objects()
    status = {"history": events(31, 32), "historyPage": {"previous": newest, "firstEventId": 31}}
    objects.objects[f"{PATH}executions/order.{RUN}"] = stored(status={"phase": "Running", **status})
    objects.objects |= {f"{PATH}executionhistories/{name}": body for name, body in pages.items()}
    objects.objects[f"{PATH}executionhistories"] = listed(pages)
    async with at(tmp_path, objects) as (there, _):
        found = await there.execution(new().arn)
        assert found is not None
        with pytest.raises(Refused):
            await there.events(found, None, 100, newest_first=newest_first)


async def test_a_redrive_says_where_the_execution_is_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executions, "END_SECONDS", 0.2)
    objects = Objects()
    objects.objects[f"{PATH}executions/order.{RUN}"] = stored(status=FAILED)
    async with at(tmp_path, objects) as (there, server):
        with pytest.raises(Unavailable):
            await there.redrive(new_with(UID), "mine", RedriveFrom("Ship", JsonText('{"a": 1.0}')))
        patch = next(json.loads(text) for text in server.bodies if text)
    assert patch[-1]["value"] == {"requestId": "mine", "from": "Ship", "inputJson": '{"a": 1.0}'}
