"""Answers to tasks by their tokens: who may give them, and what the check costs."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis, TaskId
from stepwright.asl.task_token import task_name
from stepwright.catalog.ports import NoSuchTask
from stepwright.catalog.task_tokens import TaskTokens
from stepwright.engine.ports import Reported, Uid
from stepwright.sql.answers import SqlAnswers
from stepwright.sql.database import NAMESPACE, Database
from tests.data.earlier import sealed_token

UID = "43e358d5-0f2c-4d43-9a70-3c8a3f2b0c11"
TASK, SCHEDULED = TaskId(7), Millis(1_700_000_000_000)


class Carrying:
    """Says of each task that it is open, and remembers when that was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[Uid, TaskId, Millis | None]] = []

    def has_open(self, uid: Uid, task: TaskId, scheduled: Millis | None) -> bool:
        self.asked.append((uid, task, scheduled))
        return True

    async def taken_up(self) -> None: ...

    def report(self, uid: Uid, reported: Reported) -> None: ...


async def test_a_forged_token_costs_no_look_into_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await Database.open(tmp_path)
    carrying = Carrying()
    answers = SqlAnswers(database, carrying)
    token = database.tokens.make(NAMESPACE, UID, TASK, SCHEDULED)
    forged = [
        TaskTokens([bytes(32)]).make(NAMESPACE, UID, TASK, SCHEDULED),
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        "A" + token[1:].swapcase(),
        sealed_token(UID, TASK),
        task_name("order-7", TASK),
        f"{token}-7",
        "",
        "\ud800",
    ]

    def forbidden(*_: Any) -> Any:
        raise AssertionError("the database was asked")

    try:
        with monkeypatch.context() as patched:
            for name in ("read", "row", "rows", "execute"):
                patched.setattr(Database, name, forbidden)
            for each in forged:
                with pytest.raises(NoSuchTask):
                    await answers.succeed(each, JsonText("1"))
                with pytest.raises(NoSuchTask):
                    await answers.fail(each, None, None)
                with pytest.raises(NoSuchTask):
                    await answers.heartbeat(each)
            assert carrying.asked == []
            await answers.heartbeat(token)
        assert carrying.asked == [(UID, TASK, SCHEDULED)]
    finally:
        await database.close()


async def test_the_name_of_a_task_is_no_token_of_an_execution_that_is_not_known(tmp_path: Path) -> None:
    database = await Database.open(tmp_path)
    try:
        answers = SqlAnswers(database, Carrying())
        with pytest.raises(NoSuchTask):
            await answers.heartbeat(task_name(str(uuid.uuid4()), TASK))
    finally:
        await database.close()
