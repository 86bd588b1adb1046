"""What an engine keeps of the tasks of an execution while it carries it."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.engine.memory import World, loaded
from tests.engine.virtual_loop import run

TASK: dict[str, Any] = {"Type": "Task", "Resource": "k8s:job", "Parameters": {"image": "x"}}


def test_nothing_is_kept_of_tasks_that_are_over() -> None:
    """It was kept of each which Resource it had, for as long as the execution was carried."""
    count = 20
    short = {f"S{number}": {**TASK, "Next": f"S{number + 1}"} for number in range(count)}
    machine = {"StartAt": "S0", "States": {**short, f"S{count}": {**TASK, "End": True}}}

    async def main() -> None:
        world = World(lambda task: (3600.0 if task.state == f"S{count}" else 0.1, {}))
        execution = world.journal.add(loaded(machine))
        world.engine.adopt(execution)
        await asyncio.sleep(60)

        assert len(world.driver.created) == count + 1
        carrying = world.engine._runs[execution.ref.uid]._carrying
        assert carrying is not None
        assert [task for _, task in world.driver.running] == list(carrying._tasks._resources)

    run(main)
