"""What steps that share a write want done to tasks."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from stepwright.asl.checkpoint.checkpoint import Checkpoint
from stepwright.asl.resource import MAP_SHARD
from stepwright.asl.step import CancelTask, Step
from stepwright.engine.batch import Batch
from tests.tasks.start_tasks import start_task


@pytest.mark.parametrize("runs", [False, True])
def test_a_task_that_is_started_and_cancelled_by_one_write_is_stopped_if_it_ran_before(runs: bool) -> None:
    start = replace(start_task(MAP_SHARD, {}), runs=runs)
    batch = Batch(None)
    batch.add(Step(Checkpoint({}), commands=[start]), None)
    batch.add(Step(Checkpoint({}), commands=[CancelTask(start.task, MAP_SHARD)]), None)

    assert batch.starts == {}
    assert [stop.task for stop in batch.stops] == [start.task] * runs
