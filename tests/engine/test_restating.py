"""What is stored was edited by somebody else: the engine, which knows better, writes all of it again."""

from __future__ import annotations

import asyncio

from stepwright.asl.checkpoint.checkpoint import PartId
from stepwright.engine.ports import Commit, Refused, Uid
from tests.engine.memory import World, loaded, output, types
from tests.engine.virtual_loop import run

TWO_TASKS = {
    "StartAt": "A",
    "States": {
        name: {"Type": "Task", "Resource": "k8s:job", "Parameters": {"image": "x"}, **rest}
        for name, rest in (("A", {"Next": "B"}), ("B", {"End": True}))
    },
}
UID = Uid("uid-1")
LIVE = {PartId("start"), PartId("head"), PartId("branch/0")}


def test_asked_to_it_writes_every_part_and_goes_on() -> None:
    async def main() -> None:
        world = World(lambda _: (5.0, 1))
        world.engine.adopt(world.journal.add(loaded(TWO_TASKS)))
        await asyncio.sleep(1)
        world.engine.restate(UID)
        await asyncio.sleep(1)
        stored = world.journal.stored[UID]
        restated = stored.commits[-1]
        assert restated.whole
        assert restated.parts.keys() == LIVE
        assert restated.outcome is None

        await world.idle()
        assert output(stored) == "1"
        assert [commit.whole for commit in stored.commits].count(True) == 1
        assert types(stored).count("TaskScheduled") == len(world.driver.created) == 2

    run(main)


def test_a_write_that_does_not_fit_what_is_stored_is_made_whole() -> None:
    async def main() -> None:
        world = World(lambda _: (1.0, 1))
        refused: list[Commit] = []

        def before(commit: Commit) -> None:
            if commit.expected_seq and not commit.whole and not refused:
                refused.append(commit)
                raise Refused("the path /status/checkpoint/head does not exist")

        world.journal.before = before
        stored = await world.complete(loaded(TWO_TASKS))
        assert output(stored) == "1"
        again = next(commit for commit in stored.commits if commit.whole)
        assert again.parts.keys() == LIVE
        assert again.events == refused[0].events

    run(main)
