"""State machines, versions and aliases are kept in memory, and never as they were before a change."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepwright.asl.signals import Millis
from stepwright.catalog.records import Revision, StateMachine
from stepwright.sql.database import Database
from stepwright.sql.known import SMALL, Known
from stepwright.sql.machines import SqlMachines
from tests.processes.dev import ROLE, DevProcess

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:m"


def machine(revision: str = "r1", definition: str = "{}") -> StateMachine:
    return StateMachine(
        ARN, "m", "EXPRESS", Millis(0), Revision(revision, definition, ROLE, Millis(0), {}, first=True)
    )


async def test_what_was_read_before_a_change_is_not_kept() -> None:
    known: Known[str] = Known(len)
    may_read = asyncio.Event()

    async def old() -> str:
        await may_read.wait()
        return "old"

    async def new() -> str:
        return "new"

    reading = asyncio.create_task(known.get("a", old))
    await asyncio.sleep(0)
    known.changed("a")
    may_read.set()

    assert await reading == "old"
    assert await known.get("a", new) == "new"
    assert await known.get("a", old) == "new"


async def test_that_there_is_nothing_is_not_kept() -> None:
    known: Known[str] = Known(len)
    answers = iter([None, "there"])

    async def read() -> str | None:
        return next(answers)

    assert [await known.get("a", read) for _ in range(3)] == [None, "there", "there"]


async def test_what_is_kept_is_bounded_by_its_size_and_the_oldest_goes_first() -> None:
    known: Known[str] = Known(len, most_characters=10)
    reads = []

    async def get(key: str, size: int) -> None:
        async def read() -> str:
            reads.append(key)
            return "x" * size

        await known.get(key, read)

    await get("a", 4)
    await get("b", 4)
    await get("a", 4)
    await get("c", 4)  # b goes
    await get("a", 4)
    await get("b", 4)
    await get("huge", 11)  # larger than all that is kept: it is read each time
    await get("huge", 11)
    known.changed()
    await get("a", 10)

    assert reads == ["a", "b", "c", "b", "huge", "huge", "a"]


class Counting(SqlMachines):
    reads = 0

    async def _read_machine(self, arn: str) -> StateMachine | None:
        self.reads += 1
        return await super()._read_machine(arn)


@asynccontextmanager
async def counting(folder: Path) -> AsyncIterator[Counting]:
    database = await Database.open(folder)
    try:
        yield Counting(database)
    finally:
        await database.close()


async def test_a_state_machine_is_read_once_until_it_changes(tmp_path: Path) -> None:
    async with counting(tmp_path) as catalog:
        await catalog.add(machine())
        for _ in range(100):
            assert await catalog.machine(ARN) == machine()
        assert catalog.reads == 1

        changed = machine("r2", '{"a": 1}')
        await catalog.revise(ARN, changed.revision)
        assert await catalog.machine(ARN) == changed
        await catalog.tag(ARN, {"a": "b"})
        found = await catalog.machine(ARN)
        assert found is not None
        assert (found.tags, catalog.reads) == ({"a": "b"}, 3)

        await catalog.delete(ARN)
        assert await catalog.machine(ARN) is None


def test_a_definition_counts_by_its_length() -> None:
    from stepwright.sql.known import _size

    assert _size(machine(definition="x" * 100)) == SMALL + 100


# --- As clients see it ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sfn(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with DevProcess(tmp_path_factory.mktemp("known") / "data") as process:
        client = process.client()
        yield client
        client.close()


def says(word: str) -> str:
    return json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": word, "End": True}}})


def create(sfn: Any, name: str, word: str) -> str:
    arn: str = sfn.create_state_machine(name=name, type="EXPRESS", roleArn=ROLE, definition=says(word))[
        "stateMachineArn"
    ]
    return arn


def said(sfn: Any, arn: str) -> Any:
    return json.loads(sfn.start_sync_execution(stateMachineArn=arn)["output"])


def test_an_update_counts_for_the_next_execution(sfn: Any) -> None:
    arn = create(sfn, "updated", "one")

    for word in ("one", "two", "three"):
        sfn.update_state_machine(stateMachineArn=arn, definition=says(word))
        assert [said(sfn, arn) for _ in range(3)] == [word] * 3


def test_a_deleted_state_machine_is_gone_and_one_of_its_name_is_another(sfn: Any) -> None:
    arn = create(sfn, "deleted", "old")
    version = sfn.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
    assert (said(sfn, arn), said(sfn, version)) == ("old", "old")

    sfn.delete_state_machine(stateMachineArn=arn)
    for gone in (arn, version):
        with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
            said(sfn, gone)

    create(sfn, "deleted", "new")
    sfn.publish_state_machine_version(stateMachineArn=arn)
    assert (said(sfn, arn), said(sfn, version)) == ("new", "new")


def test_an_alias_leads_where_it_was_last_told_to(sfn: Any) -> None:
    arn = create(sfn, "aliased", "one")
    versions = [sfn.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]]
    sfn.update_state_machine(stateMachineArn=arn, definition=says("two"))
    versions.append(sfn.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"])

    def routes(version: str) -> list[dict[str, Any]]:
        return [{"stateMachineVersionArn": version, "weight": 100}]

    alias = sfn.create_state_machine_alias(name="live", routingConfiguration=routes(versions[0]))[
        "stateMachineAliasArn"
    ]
    assert said(sfn, alias) == "one"
    sfn.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=routes(versions[1]))
    assert said(sfn, alias) == "two"
    sfn.delete_state_machine_version(stateMachineVersionArn=versions[0])
    with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        said(sfn, versions[0])
    sfn.delete_state_machine_alias(stateMachineAliasArn=alias)
    with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        said(sfn, alias)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ({"Type": "Pass", "End": True}, "SUCCEEDED"),
        ({"Type": "Fail", "Error": "E", "Cause": "c"}, "FAILED"),
        ({"Type": "Wait", "Seconds": 0, "End": True}, "SUCCEEDED"),
        ({"Type": "Wait", "Seconds": 1, "End": True}, "SUCCEEDED"),
        ({"Type": "Pass", "Parameters": {"a.$": "$.missing"}, "End": True}, "FAILED"),
    ],
    ids=["at once", "fails at once", "waits for nothing", "waits", "cannot be evaluated"],
)
def test_an_execution_that_ends_in_its_first_step_is_answered_like_any_other(
    sfn: Any, state: dict[str, Any], status: str
) -> None:
    name = f"m{abs(hash(json.dumps(state)))}"
    definition = json.dumps({"StartAt": "A", "States": {"A": state}})
    arn = sfn.create_state_machine(name=name, type="EXPRESS", roleArn=ROLE, definition=definition)[
        "stateMachineArn"
    ]

    answer = sfn.start_sync_execution(stateMachineArn=arn, input='{"n": 1}')

    assert answer["status"] == status
    assert answer["stopDate"] >= answer["startDate"]
    if status == "SUCCEEDED":
        assert answer["output"] == '{"n": 1}'
