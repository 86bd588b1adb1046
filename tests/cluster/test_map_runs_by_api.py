"""Map Runs of the AWS API, as statuses have them: of operators of this version and of earlier ones, and found by their ARNs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from stepwright.asl.interpreter.map_runs import id_begins
from stepwright.asl.signals import UpdateMapRun
from stepwright.asl.step import Counts
from stepwright.catalog.ports import Cursor
from stepwright.cluster.catalog.asking import Asking
from stepwright.cluster.catalog.map_runs import MapRuns
from stepwright.cluster.catalog.naming import AsAccounts
from stepwright.cluster.execution_index import ExecutionIndex
from stepwright.cluster.places import Places, account_of
from stepwright.engine.ports import Refused, Unavailable
from tests.cluster.executions_served import Body, ExecutionsServed, execution
from tests.kube.server import problem, says, serving

HERE = f"arn:aws:states:us-east-1:{account_of('shop')}"
EXECUTION = f"{HERE}:execution:order:one"
BEGAN = "2026-01-01T00:00:01.000Z"
BEGAN_MILLIS = 1_767_225_601_000


def map_run(body: Body, ordinal: int, **said: Any) -> dict[str, Any]:
    """As an operator says it of one that it has begun."""
    id = f"{id_begins(body['metadata']['uid'])}5000-8000-{ordinal:012}"
    machine = body["spec"]["stateMachineRef"]["name"]
    return {
        "mapRunArn": f"arn:aws:states:kubernetes:shop:mapRun:{machine}/Each:{id}",
        "state": "Each",
        "phase": "Running",
        "items": {"total": 9, "pending": 2, "running": 3, "succeeded": 3, "failed": 1, "aborted": 0},
        **said,
    }


def running(name: str, machine: str = "order", **more: Any) -> Body:
    return execution(name, machine, phase="Running", seq=1, startTime=BEGAN, **more)


def arn_of(run: Mapping[str, Any], machine: str = "order") -> str:
    """As the server tells it."""
    return f"{HERE}:mapRun:{machine}/Each:{run['mapRunArn'].rpartition(':')[2]}"


class Cluster:
    """An API server of these Executions. ``writes``: what is to be changed, which comes to nothing but is answered.
    ``refusals``: how many of these are refused first, as something else has changed."""

    map_runs: MapRuns

    def __init__(self, *bodies: Body) -> None:
        self.stored = {body["metadata"]["name"]: body for body in bodies}
        self.writes: list[tuple[str, Any]] = []
        self.refusals = 0

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        body = self.stored.get(request.path.rpartition("/")[2])
        if body is None:
            return await problem(404, "NotFound")(request)
        if request.method != "GET":
            self.writes.append((request.method, await request.json()))
            if self.refusals:
                self.refusals -= 1
                return await problem(422, "Invalid")(request)
        return await says(200, body)(request)


@asynccontextmanager
async def at(folder: Path, *bodies: Body) -> AsyncIterator[Cluster]:
    cluster, served = Cluster(*bodies), ExecutionsServed()
    for body in bodies:
        served.put(body)
    async with serving(folder, cluster) as (_, api):
        places = Places(api, namespaces=["shop"])
        index = ExecutionIndex(served, AsAccounts(places))
        listing = asyncio.create_task(index.run())
        try:
            async with asyncio.timeout(30):
                await index.synced.wait()
            cluster.map_runs = MapRuns(Asking(api), places, index)
            yield cluster
        finally:
            listing.cancel()
            await asyncio.gather(listing, return_exceptions=True)


async def test_a_map_run_is_told_as_its_execution_has_it(tmp_path: Path) -> None:
    body = running("one")
    children = {"total": 5, "pending": 1, "running": 2, "succeeded": 1, "failed": 1, "aborted": 0}
    run = map_run(
        body,
        1,
        startTime=BEGAN,
        maxConcurrency=7,
        toleratedFailureCount=2,
        toleratedFailurePercentage=30,
        executions=children,
    )
    body["status"]["mapRuns"] = [run]
    async with at(tmp_path, body) as there:
        found = await there.map_runs.map_run(arn_of(run))

    assert found is not None
    assert (found.arn, found.execution_arn) == (arn_of(run), EXECUTION)
    assert (found.state_machine_arn, found.status) == (f"{HERE}:stateMachine:order", "RUNNING")
    assert (found.started, found.stopped) == (BEGAN_MILLIS, None)
    bounds = (found.max_concurrency, found.tolerated_failure_count, found.tolerated_failure_percentage)
    assert bounds == (7, 2, 30.0)
    assert (found.items, found.executions) == (Counts(9, 3, 3, 1), Counts(5, 2, 1, 1))


async def test_a_map_run_is_found_among_those_of_others_however_its_arn_is_written(tmp_path: Path) -> None:
    bodies = [running(f"e{number}", "order" if number % 2 else "refund") for number in range(40)]
    for body in bodies:
        body["status"]["mapRuns"] = [map_run(body, number) for number in (1, 2)]
    wanted = bodies[17]["status"]["mapRuns"][1]
    async with at(tmp_path, *bodies) as there:
        for text in (arn_of(wanted), wanted["mapRunArn"]):
            found = await there.map_runs.map_run(text)
            assert found is not None
            assert (found.arn, found.execution_arn) == (arn_of(wanted), f"{HERE}:execution:order:e17")
        for text in (
            arn_of(wanted, "refund"),
            arn_of(wanted)[:-1] + "9",
            arn_of(wanted).replace("/Each", ""),
            arn_of(wanted).replace(account_of("shop"), "000000000001"),
            f"{HERE}:mapRun:order/Each:\u202e",
        ):
            assert await there.map_runs.map_run(text) is None, text


async def test_one_that_has_ended_keeps_its_map_runs(tmp_path: Path) -> None:
    body = execution("one", phase="Succeeded", seq=2, startTime=BEGAN, endTime="2026-01-01T00:00:09.000Z")
    run = map_run(body, 1, phase="Failed", startTime=BEGAN, endTime="2026-01-01T00:00:03.000Z")
    body["status"]["mapRuns"] = [run]
    async with at(tmp_path, body) as there:
        found = await there.map_runs.map_run(arn_of(run))

    assert found is not None
    assert (found.status, found.stopped) == ("FAILED", BEGAN_MILLIS + 2_000)


@pytest.mark.parametrize(
    ("phase", "status", "stopped"),
    [("Running", "RUNNING", None), ("Failed", "ABORTED", BEGAN_MILLIS + 8_000)],
)
async def test_what_an_earlier_version_has_said_of_a_map_run_is_told_as_far_as_it_goes(
    tmp_path: Path, phase: str, status: str, stopped: int | None
) -> None:
    """Nor does anybody say more of one whose execution has ended without the engine."""
    ended = {} if phase == "Running" else {"endTime": "2026-01-01T00:00:09.000Z"}
    body = execution("one", phase=phase, seq=2, startTime=BEGAN, **ended)
    body["status"]["mapRuns"] = [map_run(body, 1)]
    async with at(tmp_path, body) as there:
        [found] = (await there.map_runs.map_runs(EXECUTION, None, 10)).items

    assert (found.status, found.started, found.stopped) == (status, BEGAN_MILLIS, stopped)
    assert (found.max_concurrency, found.tolerated_failure_count) == (0, None)
    assert (found.items.total, found.executions.total) == (9, 0)


async def test_map_runs_of_an_execution_are_listed_page_by_page_the_newest_first(tmp_path: Path) -> None:
    body = running("one")
    body["status"]["mapRuns"] = [map_run(body, number) for number in range(5)]
    told: list[str] = []
    async with at(tmp_path, body) as there:
        after: Cursor | None = None
        while True:
            page = await there.map_runs.map_runs(EXECUTION, after, 2)
            told += [run.arn for run in page.items]
            if (after := page.next) is None:
                break
        assert (await there.map_runs.map_runs(EXECUTION, Cursor("of another list"), 2)).items == []
        assert (await there.map_runs.map_runs(EXECUTION.replace(":one", ":two"), None, 2)).items == []

    assert told == [arn_of(run) for run in reversed(body["status"]["mapRuns"])]


async def test_other_bounds_are_asked_for_in_the_spec_and_told_from_then_on(tmp_path: Path) -> None:
    body = running("one")
    over, first, second = [
        map_run(body, number, maxConcurrency=7, toleratedFailureCount=2, phase=phase)
        for number, phase in enumerate(("Succeeded", "Running", "Running"))
    ]
    body["status"]["mapRuns"] = [over, first, second]
    asked = [{"mapRunArn": run["mapRunArn"], "maxConcurrency": 4} for run in (over, first, second)]
    body["spec"]["mapRuns"] = asked
    body["metadata"]["generation"] = 3
    async with at(tmp_path, body) as there:
        assert await there.map_runs.update(UpdateMapRun(arn_of(first), tolerated_failure_percentage=5.0))
        assert not await there.map_runs.update(UpdateMapRun(arn_of(over), max_concurrency=1))
        [(_, patch)] = there.writes
        told = {run.arn: run for run in (await there.map_runs.map_runs(EXECUTION, None, 10)).items}

    assert {operation["path"]: operation["value"] for operation in patch} == {
        "/metadata/uid": body["metadata"]["uid"],
        "/metadata/generation": 3,
        # Of one that has ended nothing is asked any more.
        "/spec/mapRuns": [{**asked[1], "toleratedFailurePercentage": 5.0}, asked[2]],
    }
    assert [told[arn_of(run)].max_concurrency for run in (over, first, second)] == [7, 4, 4]
    assert {run.tolerated_failure_count for run in told.values()} == {2}


async def test_bounds_of_an_execution_that_others_change_at_once_are_asked_for_again(tmp_path: Path) -> None:
    body = running("one")
    run = map_run(body, 1)
    body["status"]["mapRuns"] = [run]
    async with at(tmp_path, body) as there:
        there.refusals = 2
        assert await there.map_runs.update(UpdateMapRun(arn_of(run), max_concurrency=1))
        assert len(there.writes) == 3
        there.refusals = 99
        with pytest.raises(Unavailable, match="being changed by others"):
            await there.map_runs.update(UpdateMapRun(arn_of(run), max_concurrency=1))


async def test_child_executions_are_not_listed_and_why_is_said(tmp_path: Path) -> None:
    async with at(tmp_path, running("one")) as there:
        with pytest.raises(Refused, match="keeps no child executions"):
            await there.map_runs.children("arn", None, None, 10)


async def test_before_all_executions_are_listed_no_map_run_is_said_to_be_missing(tmp_path: Path) -> None:
    served = ExecutionsServed()
    async with serving(tmp_path, problem(404, "NotFound")) as (_, api):
        places = Places(api, namespaces=["shop"])
        map_runs = MapRuns(Asking(api), places, ExecutionIndex(served, AsAccounts(places)))
        with pytest.raises(Unavailable, match="are being listed"):
            await map_runs.map_run(f"{HERE}:mapRun:order/Each:x")
