"""The contract of ``catalog.ports.ExecutionRows``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stepwright.catalog.arns import Place
from stepwright.catalog.ports import Cursor, ExecutionQuery, NoSuchCursor
from stepwright.catalog.records import ExecutionRow
from tests.catalog.stores import LISTED, PLACE, TASK, Listed

WORK = {"StartAt": "Work", "States": {"Work": {**TASK, "End": True}}}
ALL = ExecutionQuery(PLACE)


@pytest.fixture(params=LISTED)
async def store(request: Any, tmp_path: Path) -> AsyncIterator[Listed]:
    async with LISTED[request.param](tmp_path) as made:
        yield made


async def names(store: Listed, **query: Any) -> list[str]:
    page = await store.rows.find(replace(ALL, **query), None, 100)
    assert page.next is None
    return [row.name for row in page.items]


async def filled(store: Listed) -> dict[str, ExecutionRow]:
    """Two state machines, and executions of both that succeeded, failed in two ways and run."""
    for machine, name, given in (
        ("one", "order-1", {}),
        ("two", "order-2", {"error": "Busy"}),
        ("one", "refund-1", {"error": "Busy"}),
        ("two", "order-3", {"error": "Broken"}),
        ("one", "order-4", {"seconds": 3_600}),
    ):
        arn = await store.machine(machine, WORK)
        execution = await store.start(arn, name, given)
        if "seconds" not in given:
            await store.ended(execution)
        await asyncio.sleep(0.005)  # each has its own start
    async with asyncio.timeout(60):
        while True:
            rows = {row.name: row for row in (await store.rows.find(ALL, None, 100)).items}
            if rows["order-4"].paths:
                return rows
            await asyncio.sleep(0.01)


async def test_executions_of_all_state_machines_are_listed_the_newest_first(store: Listed) -> None:
    rows = await filled(store)

    assert list(rows) == ["order-4", "order-3", "refund-1", "order-2", "order-1"]
    refund, runs = rows["refund-1"], rows["order-4"]
    assert (refund.machine_arn, refund.status, refund.error) == (
        PLACE.state_machine("one"),
        "FAILED",
        "Busy",
    )
    assert refund.stopped is not None
    assert refund.stopped >= refund.started
    assert (runs.status, runs.stopped, runs.paths) == ("RUNNING", None, ("Work",))


async def test_no_execution_has_a_label_that_none_was_given(store: Listed) -> None:
    await filled(store)

    assert await names(store, labels=["team=shop"]) == []
    assert (await store.rows.count(replace(ALL, labels=["team=shop"]))).statuses == {}


async def test_a_list_goes_on_where_its_page_ended_whatever_is_asked_for(store: Listed) -> None:
    await filled(store)
    machines = (PLACE.state_machine("one"), PLACE.state_machine("two"))
    for query in (
        ALL,
        replace(ALL, machines=machines),
        replace(ALL, name="o"),
        replace(ALL, statuses=("FAILED", "RUNNING")),
        replace(ALL, error="Busy"),
    ):
        everything = (await store.rows.find(query, None, 100)).items
        found: list[ExecutionRow] = []
        after: Cursor | None = None
        while True:
            page = await store.rows.find(query, after, 1)
            found += page.items
            after = page.next
            if after is None:
                break
        assert found == everything
    with pytest.raises(NoSuchCursor):
        await store.rows.find(ALL, Cursor("elsewhere"), 1)


async def test_executions_are_found_by_what_people_look_for(store: Listed) -> None:
    rows = await filled(store)
    one = PLACE.state_machine("one")

    assert await names(store, machines=(one,)) == ["order-4", "refund-1", "order-1"]
    assert await names(store, statuses=("FAILED", "SUCCEEDED")) == [
        "order-3",
        "refund-1",
        "order-2",
        "order-1",
    ]
    assert await names(store, name="order-") == ["order-4", "order-3", "order-2", "order-1"]
    assert await names(store, error="Busy") == ["refund-1", "order-2"]
    assert await names(store, error="Busy", machines=(one,), statuses=("FAILED",)) == ["refund-1"]
    since, until = rows["order-2"].started, rows["order-3"].started
    assert await names(store, since=since, until=until) == ["refund-1", "order-2"]
    assert await names(store, name="refund", machines=(one,), since=since) == ["refund-1"]
    assert await names(store, name="nobody") == []
    assert await names(store, machines=(PLACE.state_machine("on"),)) == []


async def test_another_account_sees_none_of_them(store: Listed) -> None:
    await filled(store)
    elsewhere = Place("210987654321", "us-east-1")
    there = await store.machine("one", WORK, elsewhere)
    await store.ended(await store.start(there, "theirs"))

    assert await names(store, place=elsewhere) == ["theirs"]
    assert "theirs" not in await names(store)
    assert await names(store, place=elsewhere, machines=(PLACE.state_machine("one"),)) == []


async def test_executions_are_counted_by_status_and_by_their_most_frequent_errors(store: Listed) -> None:
    await filled(store)

    counts = await store.rows.count(ALL)
    assert counts.statuses == {"SUCCEEDED": 1, "FAILED": 3, "RUNNING": 1}
    assert counts.errors == {"Busy": 2, "Broken": 1}
    counts = await store.rows.count(replace(ALL, machines=(PLACE.state_machine("two"),), name="order"))
    assert counts.statuses == {"FAILED": 2}
    assert counts.errors == {"Broken": 1, "Busy": 1}
