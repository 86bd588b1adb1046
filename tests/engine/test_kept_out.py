"""Writes that the store denies: said at once, tried for a while, and never for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stepwright.asl.limits import Limits
from stepwright.engine.ports import Commit, Denied, Unavailable
from tests.engine.memory import World, loaded, output, stop, types
from tests.engine.virtual_loop import run

ONE_TASK: dict[str, Any] = {
    "StartAt": "A",
    "States": {"A": {"Type": "Task", "Resource": "k8s:job", "End": True}},
}
QUOTA = 'executionhistories.stepwright.dev "x" is forbidden: exceeded quota: pages'


class Store:
    """Denies what does not end an execution plainly, from the second write on, until it is told to take it."""

    def __init__(self, world: World, *, quota: bool = True) -> None:
        self.full = True
        self.quota = quota
        world.journal.before = self.before

    def before(self, commit: Commit) -> None:
        plain_end = commit.outcome is not None and commit.outcome.status != "SUCCEEDED"
        if self.full and commit.expected_seq and not plain_end:
            raise Denied(QUOTA, quota=self.quota)


def test_an_execution_waits_for_a_quota_and_says_so_once() -> None:
    async def main() -> None:
        world = World()
        store = Store(world)
        execution = world.journal.add(loaded(ONE_TASK, {"a": 1}))
        world.engine.adopt(execution)
        await asyncio.sleep(120)
        assert world.journal.explained == [QUOTA]

        store.full = False
        await world.idle()
        assert output(world.journal.stored[execution.ref.uid]) == '{"a":1}'

    run(main)


def test_a_quota_that_stays_used_up_fails_the_execution_in_the_end() -> None:
    """It was Unavailable for ever, and nothing said why."""

    async def main() -> None:
        world = World(limits=Limits(quota_seconds=600))
        Store(world)
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        stored = world.journal.stored[execution.ref.uid]
        await asyncio.sleep(590)
        assert stored.outcome is None

        await asyncio.sleep(30)
        assert stored.outcome is not None
        assert (stored.outcome.status, stored.outcome.error) == ("FAILED", "States.Runtime")
        assert stored.outcome.cause == f"The state of the execution could not be recorded: {QUOTA}"
        assert world.driver.running == {}

    run(main)


def test_where_it_is_told_to_an_execution_waits_for_a_quota_for_ever() -> None:
    async def main() -> None:
        world = World(limits=Limits(quota_seconds=None))
        Store(world)
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await asyncio.sleep(86_400)

        assert world.journal.stored[execution.ref.uid].outcome is None

    run(main)


def test_a_right_that_is_missing_is_said_and_waited_for() -> None:
    async def main() -> None:
        world = World()
        Store(world, quota=False)
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await asyncio.sleep(86_400)

        assert world.journal.stored[execution.ref.uid].outcome is None
        assert world.journal.explained == [QUOTA]

    run(main)


def test_an_execution_that_waits_for_a_quota_can_be_stopped() -> None:
    async def main() -> None:
        world = World()
        Store(world)
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await asyncio.sleep(300)
        stop(world)
        await asyncio.sleep(2)

        assert types(world.journal.stored[execution.ref.uid])[-1] == "ExecutionAborted"

    run(main)


@pytest.mark.parametrize(("landed", "end"), [(True, "ExecutionSucceeded"), (False, "ExecutionAborted")])
def test_a_write_that_may_have_landed_is_not_taken_for_one_that_has_not(landed: bool, end: str) -> None:
    """What the store denies while it is tried again was stored by then, or was not: that is read before the execution
    ends in its place. It met its own write as another engine's."""

    async def main() -> None:
        world = World()
        unanswered: set[str] = set()

        def lose(commit: Commit) -> None:
            if commit.expected_seq == 1 and not unanswered:
                unanswered.add(commit.commit_id)
                raise Unavailable("no answer")

        def deny(commit: Commit) -> None:
            if commit.commit_id in unanswered:
                raise Denied(QUOTA, quota=True)
            if not landed:
                lose(commit)

        world.journal.before = deny
        world.journal.after = lose
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await asyncio.sleep(300)
        stop(world)
        await world.idle()

        stored = world.journal.stored[execution.ref.uid]
        assert types(stored)[-1] == end
        assert len(types(stored)) == len(set(types(stored)))
        assert world.journal.fenced == []
        assert world.driver.running == {}

    run(main)


def test_an_end_that_is_denied_is_never_given_up() -> None:
    async def main() -> None:
        world = World()
        store = Store(world)

        def nothing(commit: Commit) -> None:
            if store.full and commit.expected_seq:
                raise Denied(QUOTA, quota=True)

        world.journal.before = nothing
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await asyncio.sleep(3600)
        stored = world.journal.stored[execution.ref.uid]
        assert (stored.outcome, world.engine.live) == (None, 1)

        store.full = False
        await world.idle()
        assert stored.outcome is not None
        assert stored.outcome.status == "FAILED"

    run(main)


def test_an_execution_whose_very_first_write_is_denied_is_failed_by_others() -> None:
    async def main() -> None:
        world = World()

        def nothing(_: Commit) -> None:
            raise Denied(QUOTA, quota=True)

        world.journal.before = nothing
        world.engine.adopt(world.journal.add(loaded(ONE_TASK)))
        await world.idle()

        assert world.observer.stalls == [QUOTA]

    run(main)
