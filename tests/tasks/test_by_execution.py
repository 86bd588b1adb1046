"""What drivers and answers look at: one execution, however many there are."""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwright.asl.json_types import JsonText
from stepwright.asl.resource import parse as parse_resource
from stepwright.asl.signals import TaskId
from stepwright.asl.step import StartTask
from stepwright.assembly.embedded import Embedded, activity_driver
from stepwright.catalog.arns import Place
from stepwright.catalog.ports import TaskOver
from stepwright.catalog.records import Execution, Revision, StateMachine
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.engine.reports import Reports
from stepwright.mocks.test_cases import MockTestCases
from stepwright.sql.database import Database
from stepwright.sql.test_cases import SqlTestCases
from stepwright.tasks.activities.driver import ActivityDriver, Takings
from stepwright.tasks.by_execution import ByExecution
from stepwright.tasks.processes.driver import ProcessDriver
from tests.tasks.start_tasks import start_task

ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:a"
PLACE = Place(account="123456789012", region="us-east-1")
MANY = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "T",
                "States": {"T": {"Type": "Task", "Resource": ACTIVITY, "HeartbeatSeconds": 600, "End": True}},
            },
            "End": True,
        }
    },
}


@given(
    st.lists(
        st.tuples(st.sampled_from(["set", "pop", "look"]), st.integers(0, 3), st.integers(0, 3)), max_size=50
    )
)
def test_it_is_a_mapping_that_also_knows_all_of_an_execution(acts: list[tuple[str, int, int]]) -> None:
    known: ByExecution[int] = ByExecution()
    plain: dict[tuple[Uid, TaskId], int] = {}
    for number, (act, uid, task) in enumerate(acts):
        key = Uid(f"u{uid}"), TaskId(task)
        if act == "set":
            known[key] = plain[key] = number
        elif act == "pop":
            assert known.pop(key, None) == plain.pop(key, None)
        assert known.get(key) == plain.get(key)
        assert dict(known) == plain
        assert len(known) == len(plain)
        assert set(known.of(key[0])) == {each for of, each in plain if of == key[0]}
        assert known.holds(key[0]) == any(of == key[0] for of, _ in plain)


@pytest.fixture
def nobody_looks_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_: Any) -> Iterator[Any]:
        raise AssertionError("the tasks of all executions are looked at")

    monkeypatch.setattr(ByExecution, "__iter__", forbidden)
    monkeypatch.setattr(ByExecution, "__len__", forbidden)


def wanted(number: int) -> StartTask:
    return start_task(parse_resource(ACTIVITY), {}, number)


@pytest.mark.usefixtures("nobody_looks_at_all")
async def test_activities_are_asked_about_one_execution_at_a_time() -> None:
    activities = ActivityDriver(cast("Takings", None), lambda *_: "", lambda *_: None)
    refs = [ExecutionRef(Uid(f"u{n}"), "local", "x", "m") for n in range(3)]
    for ref in refs:
        await activities.start(ref, wanted(5), again=False)
        await activities.start(ref, wanted(6), again=False)
    await activities.sweep(refs[0], frozenset({TaskId(5)}))
    activities.let_go(refs[1].uid)

    assert [activities.holds(ref.uid) for ref in refs] == [True, False, True]
    await activities.sweep(refs[0], frozenset())
    assert not activities.holds(refs[0].uid)


@pytest.mark.usefixtures("nobody_looks_at_all")
async def test_processes_are_asked_about_one_execution_at_a_time(tmp_path: Path) -> None:
    for name in ("u1-5", "u1-6", "u2-5", "something else"):
        (tmp_path / name).mkdir()
    driver = ProcessDriver(tmp_path, SystemClock(), lambda *_: None, environment={})
    ref = ExecutionRef(Uid("u1"), "local", "x", "m")
    assert [driver.holds(Uid(uid)) for uid in ("u1", "u2", "u3", "something else")] == [
        True,
        True,
        False,
        False,
    ]

    await driver.sweep(ref, frozenset({TaskId(5)}))
    driver.let_go(Uid("u2"))

    assert sorted(os.listdir(tmp_path)) == ["something else", "u1-5", "u2-5"]  # noqa: PTH208 - not blocking for long


async def test_an_answer_or_a_heartbeat_reads_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each read and decoded all of it, and answers did so in the one place that writes."""
    database = await Database.open(tmp_path)
    clock, reports = SystemClock(), Reports()
    activities = activity_driver(database, reports)
    here = Embedded(database, clock, (activities,), reports, MockTestCases(SqlTestCases(database), None))
    running = asyncio.create_task(here.run())
    try:
        revision = Revision("r", json.dumps(MANY), "arn:aws:iam::123456789012:role/r", clock.now())
        machine = StateMachine(PLACE.state_machine("m"), "m", "STANDARD", clock.now(), revision)
        await here.machines.add(machine)
        arn = PLACE.execution("m", "e")
        execution = Execution(
            arn, Uid(str(uuid.uuid4())), "e", machine.arn, "r", "RUNNING", JsonText("[1,2,3,4]"), clock.now()
        )
        await here.executions.start(execution)
        taken = [await activities.take(ACTIVITY, None, 60) for _ in range(4)]
        tokens = [task.token for task in taken if task is not None]

        def forbidden(*_: Any) -> Any:
            raise AssertionError("a checkpoint is read")

        monkeypatch.setattr("stepwright.sql.journal.read_parts", forbidden)
        for token in tokens[:-1]:  # with the last one the execution ends
            await here.answers.heartbeat(token)
            await here.answers.succeed(token, JsonText("true"))
            with pytest.raises(TaskOver):
                await here.answers.succeed(token, JsonText("true"))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await database.close()
