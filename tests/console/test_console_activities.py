"""Activities as a page of the console shows them: who waits for whom."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.console.conftest import Town
from tests.console.pages import SECONDS, Page


async def activity(page: Page, name: str) -> Any:
    found = (await page.get("activities?limit=200")).json
    [row] = [row for row in found["rows"] if row["name"] == name]
    return row


async def until_waiting(page: Page, name: str, tasks: int) -> Any:
    async with asyncio.timeout(SECONDS):
        while (row := await activity(page, name))["waiting"] != tasks:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return row


async def test_an_execution_that_waits_for_a_worker_is_named_until_one_takes_its_task(town: Town) -> None:
    page = town.page
    arn = (await page.aws("CreateActivity", name="weigh"))["activityArn"]
    row = await activity(page, "weigh")
    assert (row["arn"], row["asking"], row["waiting"], row.get("taken", [])) == (arn, 0, 0, [])
    machine = await town.machine(
        {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": arn, "End": True}}}
    )
    execution = await town.start(machine)

    row = await until_waiting(page, "weigh", 1)

    assert row["executions"] == [execution]
    await page.aws("GetActivityTask", activityArn=arn, workerName="scales-1")
    row = await activity(page, "weigh")
    assert (row["waiting"], row["taken"]) == (0, [{"worker": "scales-1", "tasks": 1}])


async def test_activities_come_page_by_page(town: Town) -> None:
    for name in ("page-a", "page-b"):
        await town.page.aws("CreateActivity", name=name)

    first = (await town.page.get("activities?limit=1")).json

    assert len(first["rows"]) == 1
    second = (await town.page.get(f"activities?limit=1&cursor={first['next']}")).json
    assert second["rows"] != first["rows"]
    assert (await town.page.get("activities?name=x")).code == (400, "ValidationException")
    assert (await town.page.begin())["features"]["activities"]
