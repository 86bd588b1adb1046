"""What workers say of tasks: who still waits for it is known without a look at what executions have written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis, TaskId
from stepwright.catalog.arns import Place
from stepwright.catalog.ports import NoSuchTask, TaskOver
from stepwright.catalog.records import Execution, Revision, StateMachine
from stepwright.engine.ports import Heartbeat, Reported, Uid, Unavailable
from stepwright.sql import adding
from stepwright.sql.answers import SqlAnswers, given
from stepwright.sql.database import NAMESPACE, Database
from stepwright.sql.machines import SqlMachines

HERE = Place("123456789012", "us-east-1")
UID, TASK, SCHEDULED = Uid("43e358d5-0f2c-4d43-9a70-3c8a3f2b0c11"), TaskId(5), Millis(1_700_000_000_000)
DONE = JsonText('{"done":true}')


class Engine:
    """Implements ``sql.answers.Carried``; ``is_open`` is what it knows of the task."""

    def __init__(self, is_open: bool | None) -> None:
        self.is_open = is_open
        self.ready = asyncio.Event()
        self.ready.set()
        self.reported: list[Reported] = []

    def has_open(self, uid: Uid, task: TaskId, scheduled: Millis | None) -> bool | None:
        assert (uid, task, scheduled) == (UID, TASK, SCHEDULED)
        return self.is_open

    async def taken_up(self) -> None:
        await self.ready.wait()

    def report(self, uid: Uid, reported: Reported) -> None:
        assert uid == UID
        self.reported.append(reported)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """With an execution that runs. What it has written cannot be read by this version."""
    opened = await Database.open(tmp_path)
    revision = Revision("revision", "{}", "role", Millis(1))
    await SqlMachines(opened).add(StateMachine(HERE.state_machine("m"), "m", "STANDARD", Millis(1), revision))
    execution = Execution(
        HERE.execution("m", "e"),
        UID,
        "e",
        HERE.state_machine("m"),
        "revision",
        "RUNNING",
        JsonText("{}"),
        Millis(1),
    )
    await adding.add(opened, execution, "m")
    for part in ("head", "branch/0"):
        await opened.execute(
            """INSERT INTO parts (uid, part, body) VALUES (:uid, :part, '{"kind":"of tomorrow"}')""",
            {"uid": UID, "part": part},
        )
    yield opened
    await opened.close()


def token(database: Database) -> str:
    return database.tokens.make(NAMESPACE, UID, TASK, SCHEDULED)


async def end(database: Database) -> None:
    await database.execute("UPDATE executions SET status = 'FAILED' WHERE uid = :uid", {"uid": UID})


async def test_the_answer_to_an_open_task_is_kept_and_reported(database: Database) -> None:
    engine = Engine(is_open=True)
    answers = SqlAnswers(database, engine)

    await answers.heartbeat(token(database))
    await answers.succeed(token(database), DONE)

    beat, *told = engine.reported
    assert beat == Heartbeat(TASK)
    assert [(UID, signal) for signal in told] == await given(database)


async def test_a_second_answer_is_too_late(database: Database) -> None:
    engine = Engine(is_open=True)
    answers = SqlAnswers(database, engine)
    await answers.succeed(token(database), DONE)

    with pytest.raises(TaskOver):
        await answers.fail(token(database), "Late", None)

    assert len(engine.reported) == 1


async def test_a_task_of_an_execution_that_has_ended_is_over_whatever_is_kept_of_it(
    database: Database,
) -> None:
    await end(database)
    answers = SqlAnswers(database, Engine(is_open=None))

    with pytest.raises(TaskOver):
        await answers.succeed(token(database), DONE)
    with pytest.raises(TaskOver):
        await answers.heartbeat(token(database))

    assert await given(database) == []


async def test_a_task_of_an_execution_that_is_not_there_is_none(database: Database) -> None:
    await database.execute("DELETE FROM executions", {})

    with pytest.raises(NoSuchTask):
        await SqlAnswers(database, Engine(is_open=None)).heartbeat(token(database))


async def test_an_answer_that_nobody_can_take_now_may_come_again(database: Database) -> None:
    """What is written of the execution is for a newer version, which goes on with it and takes the answer."""
    answers = SqlAnswers(database, Engine(is_open=None))

    with pytest.raises(Unavailable, match="does not go on now"):
        await answers.succeed(token(database), DONE)

    assert await given(database) == []


async def test_an_answer_waits_until_what_was_running_is_taken_up(database: Database) -> None:
    engine = Engine(is_open=None)
    engine.ready.clear()
    answering = asyncio.create_task(SqlAnswers(database, engine).succeed(token(database), DONE))
    await database.execute("UPDATE executions SET seq = seq", {})  # a way into the thread and back
    assert not answering.done()

    engine.is_open = True
    engine.ready.set()
    await answering

    assert len(engine.reported) == 1
