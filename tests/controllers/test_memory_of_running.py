"""What an operator holds of an execution whose task is under way."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from stepwright.engine.ports import Uid
from tests.engine.object_graph import size_bytes
from tests.simulation.jobs import Habits
from tests.simulation.scene import TASK, Scene, play

#: As a text 195 KiB; decoded several megabytes.
INPUT = {"orders": [{"id": number, "items": [], "of": {}} for number in range(5_400)]}
TEXT_BYTES = len(json.dumps(INPUT, separators=(",", ":")))


class _UnderWay(Scene):
    machine = {  # noqa: RUF012 - nobody changes it
        "StartAt": "Do",
        "States": {
            "Do": {**TASK, "Parameters": {**TASK["Parameters"], "input.$": "$"}, "End": True},
        },
    }
    given: Any = INPUT

    async def script(self) -> None:
        self.jobs.habits = Habits({"no pod": 1})
        self.begin_operator()
        await asyncio.sleep(2)
        self.create("e0", self.given)
        await asyncio.sleep(20)
        assert self.phase("e0") == "Running"
        uid = Uid(self.execution("e0")["metadata"]["uid"])
        assert self.operator.driver.holds(uid)
        watching = self.operator.driver._watching
        self.watched = size_bytes(*watching.tasks.of(uid), *watching.copies.jobs.by_index(uid))
        carrying = self.operator.engine._runs[uid]._carrying
        assert carrying is not None
        self.checkpoint = size_bytes(carrying._writing.checkpoint)
        self.record = size_bytes(self.operator.journal._records[uid])


@pytest.fixture(scope="module")
def scene() -> _UnderWay:
    return play(_UnderWay)


def test_of_a_task_under_way_the_driver_keeps_nothing_of_its_input(scene: _UnderWay) -> None:
    """It kept it decoded, at twenty times its length."""
    assert scene.watched < 16 * 1024


def test_of_what_is_written_only_texts_are_kept_while_a_task_is_under_way(scene: _UnderWay) -> None:
    """The input of the execution, and the parameters of the task, which hold it again."""
    assert scene.checkpoint < 2.1 * TEXT_BYTES + 16 * 1024
    assert scene.record < 16 * 1024


class _Small(_UnderWay):
    given = {"text": "x" * 1_000}  # noqa: RUF012 - nobody changes it


def test_a_small_one_takes_little() -> None:
    scene = play(_Small)

    assert scene.watched + scene.checkpoint + scene.record < 32 * 1024
