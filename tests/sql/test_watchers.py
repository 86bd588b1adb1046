"""What somebody hears of executions who watches them: all that was not taken yet as one change, within bounds."""

from __future__ import annotations

import asyncio
from typing import Any

from stepwright.asl.signals import Millis
from stepwright.asl.step import Outcome, Try, Visit
from stepwright.catalog.watchers import MOST_EXECUTIONS, MOST_VISITS
from stepwright.engine.ports import Commit, ExecutionRef, Uid
from stepwright.sql.watching import CommitWatchers

ARN = "arn:aws:states:us-east-1:123456789012:execution:order:"


def ref(uid: str) -> ExecutionRef:
    return ExecutionRef(Uid(uid), "dev", uid, "order", arn=f"{ARN}{uid}")


def commit(*visits: Visit, **said: Any) -> Commit:
    given = {"commit_id": "c", "expected_seq": 1, "now": Millis(5), "started": Millis(1), "parts": {}}
    return Commit(**{**given, "visits": visits, **said})


def visit(id: int, **said: Any) -> Visit:
    return Visit(id=id, path="Ship", state="Ship", type="Task", started=Millis(2), **said)


def test_changes_that_were_not_taken_become_one() -> None:
    watchers = CommitWatchers()
    with watchers.follow([Uid("a")], all_of_them=False) as following:
        failed = Try(0, Millis(2), Millis(3), "Tea")
        watchers.committed(ref("a"), commit(visit(2, tries=(failed,)), events=[{"id": 2, "type": "X"}]))
        watchers.committed(ref("b"), commit(visit(3)))
        watchers.committed(ref("a"), commit(visit(2, outcome="Succeeded"), visit(7)))
        taken = following.take()
        assert taken is not None
        assert following.take() == {}

    [change] = taken.values()
    assert (change.uid, change.last_event, change.turned) == ("a", 2, False)
    assert change.visits == {2: visit(2, outcome="Succeeded", tries=(failed,)), 7: visit(7)}


def test_all_are_watched_but_shards_of_maps() -> None:
    watchers = CommitWatchers()
    shard = ExecutionRef(Uid("s"), "dev", "s", "order", arn="arn:aws:states:us-east-1:1:shard:s")
    with watchers.follow([], all_of_them=True) as following:
        watchers.committed(ref("a"), commit(outcome=Outcome("FAILED")))
        watchers.committed(shard, commit())
        taken = following.take()

    assert taken is not None
    assert [(change.uid, change.turned) for change in taken.values()] == [("a", True)]


def test_visits_of_child_executions_are_none_of_the_execution() -> None:
    watchers = CommitWatchers()
    with watchers.follow([Uid("a")], all_of_them=False) as following:
        watchers.committed(ref("a"), commit(visit(2, child="of-a-map")))
        taken = following.take()

    assert taken is not None
    assert taken[Uid("a")].visits == {}


def test_too_many_visits_are_none_and_too_many_executions_no_change() -> None:
    watchers = CommitWatchers()
    with watchers.follow([], all_of_them=True) as following:
        for id in range(MOST_VISITS + 1):
            watchers.committed(ref("a"), commit(visit(id)))
        taken = following.take()
        assert taken is not None
        assert taken[Uid("a")].visits is None

        for number in range(MOST_EXECUTIONS + 1):
            watchers.committed(ref(str(number)), commit())
        assert following.take() is None
        assert following.take() == {}


async def test_whoever_waits_is_woken_once() -> None:
    watchers = CommitWatchers()
    with watchers.follow([Uid("a")], all_of_them=False) as following:
        waiting = asyncio.create_task(following.wait())
        await asyncio.sleep(0)
        watchers.committed(ref("a"), commit())
        await asyncio.wait_for(waiting, 10)
        following.take()
        again = asyncio.create_task(following.wait())
        await asyncio.sleep(0.01)
        assert not again.done()
        watchers.committed(ref("a"), commit())
        await asyncio.wait_for(again, 10)
        following.take()
    watchers.committed(ref("a"), commit())
    assert following.take() == {}  # nobody watches any more
    assert not watchers._of_one
