"""Child executions of distributed Maps come out of the database as they went in, whatever their texts hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stepwright.catalog.records import Execution
from tests.sql.test_shards_in_sql import Here, each, opened

TEXT = "a\x00b \x01 é \U0001f600 \u2028 \" \\ \\u0000 '"


async def children(here: Here) -> list[Execution]:
    execution = await here.ended()
    assert execution.status == "SUCCEEDED"
    (run,) = (await here.embedded.map_runs.map_runs(execution.arn, None, 10)).items
    return list((await here.embedded.map_runs.children(run.arn, None, None, 100)).items)


async def details(here: Here, child: Execution) -> list[Any]:
    page = await here.embedded.executions.events(child, None, 100, newest_first=False)
    return list(page.items)


async def test_outputs_are_kept_as_they_are(tmp_path: Path) -> None:
    async with opened(tmp_path) as here:
        await here.start(each({"Type": "Pass", "Result": TEXT}), 12)
        found = await children(here)

        assert sorted(int(child.input) for child in found) == list(range(12))
        assert {json.loads(child.output or "") for child in found} == {TEXT}
        assert {child.status for child in found} == {"SUCCEEDED"}
        for child in found[:2]:
            *_, left, ended = await details(here, child)
            assert left["stateExitedEventDetails"]["output"] == child.output
            assert ended["executionSucceededEventDetails"]["output"] == child.output


@pytest.mark.parametrize("cause", ["plain", TEXT])
async def test_errors_and_causes_are_kept_as_they_are(tmp_path: Path, cause: str) -> None:
    fails = {"Type": "Fail", "Error": TEXT, "Cause": cause}
    definition = each(fails, ToleratedFailurePercentage=100)
    del definition["States"]["Each"]["ItemProcessor"]["States"]["S"]["End"]
    async with opened(tmp_path) as here:
        await here.start(definition, 12)
        found = await children(here)

        assert {(child.status, child.error, child.cause) for child in found} == {("FAILED", TEXT, cause)}
        ended = (await details(here, found[0]))[-1]
        assert ended["executionFailedEventDetails"] == {"error": TEXT, "cause": cause}
