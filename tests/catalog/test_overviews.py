"""The contract of ``catalog.ports.Overviews``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stepwright.asl.signals import Millis
from stepwright.catalog.arns import Place
from stepwright.catalog.counting import Counting
from stepwright.catalog.ports import ExecutionQuery, OverviewQuery
from stepwright.catalog.records import ExecutionRow, Times
from tests.catalog.stores import LISTED, PLACE, TASK, Listed

WORK = {"StartAt": "Work", "States": {"Work": {**TASK, "End": True}}}
ONE, TWO = PLACE.state_machine("one"), PLACE.state_machine("two")
HOUR = 3_600_000


@pytest.fixture(params=LISTED)
async def store(request: Any, tmp_path: Path) -> AsyncIterator[Listed]:
    async with LISTED[request.param](tmp_path) as made:
        yield made


async def filled(store: Listed) -> dict[str, ExecutionRow]:
    """Two state machines, and executions of both that succeeded, failed in two ways and run."""
    for machine, name, given in (
        ("one", "a", {}),
        ("two", "b", {"error": "Busy"}),
        ("one", "c", {"error": "Busy"}),
        ("two", "d", {"error": "Broken"}),
        ("one", "e", {"seconds": 3_600}),
        ("two", "f", {"seconds": 3_600}),
    ):
        execution = await store.start(await store.machine(machine, WORK), name, given)
        if "seconds" not in given:
            await store.ended(execution)
        await asyncio.sleep(0.005)  # each has its own start
    async with asyncio.timeout(60):
        while True:
            rows = {row.name: row for row in (await store.rows.find(ExecutionQuery(PLACE), None, 100)).items}
            if len(rows) == 6:
                return rows
            await asyncio.sleep(0.01)


def around(rows: dict[str, ExecutionRow], **more: Any) -> OverviewQuery:
    """Two hours; all was started in the second."""
    since = Millis(min(row.started for row in rows.values()) - HOUR)
    return OverviewQuery(PLACE, since, Millis(HOUR), 2, **more)


async def test_executions_are_counted_by_status_in_all_and_for_each_state_machine(store: Listed) -> None:
    found = await store.overviews.overview(around(await filled(store)))

    assert found.total.statuses == {"SUCCEEDED": 1, "FAILED": 3, "RUNNING": 2}
    assert found.parts == {1: found.total}
    assert {arn: figures.statuses for arn, figures in found.machines.items()} == {
        ONE: {"SUCCEEDED": 1, "FAILED": 1, "RUNNING": 1},
        TWO: {"FAILED": 2, "RUNNING": 1},
    }
    assert list(found.machines) == [TWO, ONE]  # of which more have failed
    assert found.errors == {"Busy": 2, "Broken": 1}
    assert found.counted_since is None


async def test_how_long_those_took_is_told_that_succeeded(store: Listed) -> None:
    rows = await filled(store)
    [a] = [row for row in rows.values() if row.status == "SUCCEEDED"]
    assert a.stopped is not None

    found = await store.overviews.overview(around(rows))

    took = Millis(a.stopped - a.started)
    assert found.total.times == Times(took, took)
    assert found.machines[TWO].times is None


async def test_each_part_of_the_time_has_those_that_were_started_in_it(store: Listed) -> None:
    rows = await filled(store)
    begin = rows["b"].started

    found = await store.overviews.overview(
        OverviewQuery(PLACE, begin, Millis(rows["d"].started - begin), 2, TWO)
    )

    # A part has its beginning, and not its end.
    assert found.parts[0].statuses == {"FAILED": 1}
    assert found.parts[1].statuses.get("FAILED") == 1
    assert found.total.statuses["FAILED"] == 2


async def test_an_overview_can_be_of_one_state_machine(store: Listed) -> None:
    rows = await filled(store)

    found = await store.overviews.overview(around(rows, machine=TWO))

    assert found.total.statuses == {"FAILED": 2, "RUNNING": 1}
    assert list(found.machines) == [TWO]
    elsewhere = replace(around(rows, machine=TWO), place=Place("210987654321", "us-east-1"))
    assert (await store.overviews.overview(elsewhere)).total.statuses == {}


async def test_of_too_many_executions_the_newest_are_counted_and_since_when_is_said(store: Listed) -> None:
    rows = await filled(store)

    found = await store.overviews.overview(around(rows, most=3))

    assert found.total.statuses == {"RUNNING": 2, "FAILED": 1}
    assert found.errors == {"Broken": 1}
    assert found.counted_since == rows["d"].started


async def test_what_failed_last_is_told_by_its_end(store: Listed) -> None:
    rows = await filled(store)

    failed = await store.overviews.failed_last(PLACE, None)

    assert failed == (rows["d"], rows["c"], rows["b"])
    assert await store.overviews.failed_last(PLACE, TWO) == (rows["d"], rows["b"])
    assert await store.overviews.failed_last(Place("210987654321", "us-east-1"), None) == ()


async def test_what_runs_longest_is_what_was_started_first(store: Listed) -> None:
    await filled(store)

    async def names(machine: str | None) -> list[str]:
        return [row.name for row in await store.overviews.running_longest(PLACE, machine)]

    assert await names(None) == ["e", "f"]
    assert await names(TWO) == ["f"]
    assert await names(PLACE.state_machine("nobody")) == []


@pytest.mark.parametrize(
    ("took", "times"),
    [
        ([], None),
        ([7], Times(Millis(7), Millis(7))),
        ([3, 1], Times(Millis(1), Millis(3))),
        (range(1, 101), Times(Millis(50), Millis(95))),
        ([-5], Times(Millis(0), Millis(0))),  # a clock went back
    ],
)
def test_times_are_those_of_executions_that_there_were(took: Any, times: Times | None) -> None:
    counting = Counting(OverviewQuery(PLACE, Millis(0), Millis(HOUR), 1))
    for each in took:
        counting.add(ONE, "SUCCEEDED", Millis(10), Millis(10 + each), None)

    assert counting.overview().total.times == times
