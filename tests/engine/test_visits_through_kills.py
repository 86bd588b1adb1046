"""Whatever is lost between an engine and its journal: each state that was entered has one visit, and each has one end."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from random import Random
from typing import Any

import pytest

from stepwright.asl.step import StartTask
from stepwright.engine.ports import Commit, Unavailable
from stepwright.sql import journal, schema, told_visits
from tests.engine.memory import Stored, World, loaded, stop
from tests.engine.virtual_loop import run

TASK: dict[str, Any] = {
    "Type": "Task",
    "Resource": "k8s:job",
    "Parameters": {"image": "x"},
    "ResultPath": None,
}
RETRY = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 2}]
CATCH = [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Caught"}]
MILDLY = [{**CATCH[0], "Next": "Mild"}]
EACH = {
    "StartAt": "Work",
    "States": {
        "Work": {**TASK, "Retry": RETRY, "Catch": MILDLY, "Next": "Pause"},
        "Pause": {"Type": "Wait", "Seconds": 3, "End": True},
        "Mild": {"Type": "Pass", "End": True},
    },
}
MACHINE = {
    "StartAt": "First",
    "States": {
        "First": {**TASK, "Retry": RETRY, "Catch": CATCH, "Next": "Both"},
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemProcessor": EACH, "End": True}}},
                {"StartAt": "Alone", "States": {"Alone": {**TASK, "End": True}}},
            ],
            "Catch": CATCH,
            "Next": "Last",
        },
        "Caught": {"Type": "Pass", "Next": "Last"},
        "Last": {**TASK, "End": True},
    },
}


def kept(stored: Stored) -> sqlite3.Connection:
    """What SQL has of the writes that landed."""
    connection = sqlite3.connect(":memory:")
    for statement in schema.ALL:
        connection.execute(statement)
    uid = stored.loaded.ref.uid
    for commit in stored.commits:
        for put, values in journal.rows_of(uid, commit):
            connection.execute(put.sql, values)
    while told_visits.sort_in(connection, uid):
        pass
    return connection


@pytest.mark.parametrize("seed", range(40))
def test_each_state_that_was_entered_has_one_visit_whatever_is_lost(seed: int) -> None:
    random = Random(seed)

    def answer(_: StartTask) -> tuple[float, Any]:
        seconds = random.uniform(0.1, 4)
        return (seconds, ("Busy", "c")) if random.random() < 0.3 else (seconds, {"done": True})

    def lose(_: Commit) -> None:
        if random.random() < 0.1:
            raise Unavailable("lost")

    async def main() -> None:
        world = World(answer)
        world.journal.before = world.journal.after = lose
        execution = world.journal.add(loaded(MACHINE, [1, 2, 3]))
        world.engine.adopt(execution)
        for _ in range(random.randint(0, 5)):
            await asyncio.sleep(random.uniform(0.01, 6))
            await world.crash()
            world.begin()
            world.adopt_all()
        if random.random() < 0.2:
            stop(world)
        await world.idle()

        stored = world.journal.stored[execution.ref.uid]
        assert stored.outcome is not None
        with closing(kept(stored)) as connection:
            rows = connection.execute("SELECT id, pointer, outcome, attempts FROM visits").fetchall()
            tallies = connection.execute("SELECT pointer, outcome, count, retries FROM tallies").fetchall()
            tries = connection.execute("SELECT visit, count(*) FROM tries GROUP BY visit").fetchall()
        entered = {event["id"] for event in stored.events if event["type"].endswith("StateEntered")}
        assert {id for id, *_ in rows} == entered
        assert all(outcome is not None for _, _, outcome, _ in rows)
        counts = Counter((pointer, outcome) for _, pointer, outcome, _ in rows)
        assert {(pointer, outcome): count for pointer, outcome, count, _ in tallies} == counts
        assert sum(retries for *_, retries in tallies) == sum(attempts - 1 for *_, attempts in rows)
        failed = Counter(event["type"] for event in stored.events)["TaskFailed"]
        tasks = {
            id for id, pointer, *_ in rows if pointer.rpartition("/")[2] in ("First", "Work", "Alone", "Last")
        }
        assert sum(count for visit, count in tries if visit in tasks) == failed

    run(main)
