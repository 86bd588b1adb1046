"""The dashboard's figures: for those who may list executions, counted anew after some seconds."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest

from stepwright.console.metrics import KEPT_SECONDS, SPANS
from tests.console.conftest import Town
from tests.console.pages import SECONDS, Page

FAIL: dict[str, Any] = {"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "Out.Of.Tea"}}}
WAIT: dict[str, Any] = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 3600, "End": True}}}


async def metrics(page: Page, **query: str) -> Any:
    answer = await page.get(f"metrics?{urlencode(query)}")
    assert answer.status == 200, answer
    return answer.json


async def test_the_server_says_that_it_has_figures(page: Page) -> None:
    features = (await page.begin())["features"]

    assert features["metrics"]
    assert features["versions"]


async def test_of_a_state_machine_is_told_how_many_failed_with_what_and_how_long_others_took(
    town: Town,
) -> None:
    machine = await town.machine(FAIL)
    failed = await town.ended(await town.start(machine))

    found = await metrics(town.page, machine=machine, span="hour")

    assert found["total"] == {"statuses": {"FAILED": 1}}
    assert found["machines"] == [{"machine": machine, "figures": found["total"]}]
    assert found["errors"] == [{"error": "Out.Of.Tea", "count": 1}]
    assert [row["arn"] for row in found["failed"]] == [failed]
    assert found["longest"] == []
    [part] = found["parts"]
    assert found["since"] <= part["begin"] < found["since"] + found["count"] * found["step"]
    assert (part["begin"] - found["since"]) % found["step"] == 0

    good = await town.machine()
    await town.ended(await town.start(good))
    found = await metrics(town.page, machine=good, span="hour")
    assert found["total"]["statuses"] == {"SUCCEEDED": 1}
    assert 0 <= found["total"]["p50"] <= found["total"]["p95"]


async def test_what_runs_longest_is_told(town: Town) -> None:
    machine = await town.machine(WAIT)
    arns = [await town.start(machine) for _ in range(2)]

    found = await metrics(town.page, machine=machine)

    assert [row["arn"] for row in found["longest"]] == arns


async def test_whoever_asks_again_at_once_gets_what_was_counted_a_moment_ago(town: Town) -> None:
    machine = await town.machine()
    before = await metrics(town.page, machine=machine, span="hour")
    await town.ended(await town.start(machine))

    assert await metrics(town.page, machine=machine, span="hour") == before
    async with asyncio.timeout(SECONDS):
        while not (await metrics(town.page, machine=machine, span="hour"))["parts"]:  # noqa: ASYNC110
            await asyncio.sleep(KEPT_SECONDS / 10)


@pytest.mark.parametrize("span", SPANS)
async def test_each_span_has_parts_that_are_easily_told(page: Page, span: str) -> None:
    found = await metrics(page, span=span)

    assert found["since"] % found["step"] == 0
    assert found["step"] * found["count"] == {"hour": 1, "day": 24, "week": 168}[span] * 3_600_000


async def test_what_nobody_has_figures_of_is_refused(page: Page) -> None:
    assert (await page.get("metrics?span=century")).code == (400, "ValidationException")
    assert (await page.get("metrics?status=FAILED")).code == (400, "ValidationException")
    assert (await page.get("metrics?ns=somebody-else")).code == (400, "ValidationException")
