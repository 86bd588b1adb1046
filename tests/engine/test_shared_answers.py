"""In a shard answers of tasks wait a moment for others whose write they can share; nothing else waits for them."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest

from stepwright.asl.limits import Limits
from stepwright.asl.signals import Signal, Stop, TaskId, TaskSucceeded, TimerFired, TimerId
from stepwright.asl.step import StartTask
from stepwright.engine.mailbox import Mailbox
from stepwright.engine.ports import Uid
from stepwright.engine.sharing import SHARED_SECONDS
from stepwright.engine.timers import Timers
from tests.engine.memory import World, loaded
from tests.engine.shards import ShardWorld
from tests.engine.test_shards_through_kills import check_done_once, each, items
from tests.engine.virtual_loop import VirtualClock, run


def test_many_share_a_write_and_the_map_takes_hardly_longer() -> None:
    async def main() -> None:
        random = Random(0)

        def answer(task: StartTask) -> tuple[float, Any]:
            return random.uniform(0.5, 1.5), task.input

        limits = Limits(shard_items=200, child_executions=40, shards=2)
        world = ShardWorld(0, limits, answer, trouble=0)
        given = items(400, every=1)
        began = asyncio.get_running_loop().time()
        stored = await world.to_end(loaded(each(), given))

        check_done_once(world, stored, given)
        assert len(world.commits) - len(stored.commits) < 400 / 4
        # Each shard has 40 at a time, of a second each.
        assert asyncio.get_running_loop().time() - began < 200 / 40 * 1.5

    run(main)


def test_outside_of_shards_each_answer_is_written_as_it_comes() -> None:
    async def main() -> None:
        world = World(lambda task: (1.0 + 0.05 * int(str(task.input)), task.input))
        definition = each()
        definition["States"]["Each"]["ItemProcessor"]["StartAt"] = "Job"
        del definition["States"]["Each"]["ItemProcessor"]["States"]["Which"]
        del definition["States"]["Each"]["ItemProcessor"]["States"]["Pass"]
        execution = world.journal.add(loaded(definition, list(range(10))))
        world.engine.adopt(execution)
        await world.idle()

        assert len(world.journal.stored[execution.ref.uid].commits) >= 10

    run(main)


@pytest.mark.parametrize(
    ("signal", "seconds"),
    [
        (Stop(), 0.05),
        (TimerFired(TimerId("1")), 0.05),
        (TaskSucceeded(TaskId(2), 1), SHARED_SECONDS),
    ],
    ids=["a stop", "a timer", "one more answer"],
)
def test_what_is_no_answer_waits_for_none(signal: Signal, seconds: float) -> None:
    async def main() -> None:
        clock = VirtualClock()
        mailbox = Mailbox(Uid("u"), clock, Timers(clock, lambda _uid, _timer: None))
        mailbox.post(TaskSucceeded(TaskId(1), 1))
        await mailbox.due()
        began = asyncio.get_running_loop().time()
        asyncio.get_running_loop().call_later(0.05, mailbox.post, signal)
        await mailbox.gather(3, SHARED_SECONDS)

        assert asyncio.get_running_loop().time() - began == pytest.approx(seconds, abs=0.002)
        assert [mailbox.take(), mailbox.take()][1] is signal

    run(main)
