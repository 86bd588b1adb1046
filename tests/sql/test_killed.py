"""What becomes of executions when the process is killed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from stepwright.asl.step import Visit
from stepwright.catalog.ports import VisitQuery
from stepwright.sql.database import Database
from stepwright.sql.rows import execution_of
from stepwright.sql.visits import SqlVisits, Tallies
from tests.processes.dev import ROLE, DevProcess, ended

pytestmark = pytest.mark.slow

LOOP = {
    "StartAt": "Count",
    "States": {
        "Count": {
            "Type": "Pass",
            "Parameters": {"n.$": "States.MathAdd($.n, 1)", "padding.$": "$.padding"},
            "Next": "Enough",
        },
        "Enough": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericGreaterThanEquals": 300, "Next": "Done"}],
            "Default": "Breathe",
        },
        "Breathe": {"Type": "Wait", "Seconds": 0, "Next": "Count"},
        "Done": {"Type": "Succeed"},
    },
}


@pytest.fixture
def dev(tmp_path: Path) -> Any:
    with DevProcess(tmp_path / "data") as process:
        yield process


def machine(client: Any, definition: Any, name: str = "machine", **arguments: Any) -> str:
    answer = client.create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=ROLE, **arguments
    )
    arn: str = answer["stateMachineArn"]
    return arn


def wait(seconds: int) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": seconds, "End": True}}}


def restart(dev: DevProcess, end: Callable[[DevProcess], object] = DevProcess.kill) -> Any:
    end(dev)
    dev.start()
    return dev.client()


@pytest.mark.parametrize("end", [DevProcess.kill, DevProcess.stop])
def test_a_waiting_execution_goes_on_where_it_was(
    dev: DevProcess, end: Callable[[DevProcess], object]
) -> None:
    client = dev.client()
    arn = client.start_execution(stateMachineArn=machine(client, wait(3)), input='{"kept": true}')[
        "executionArn"
    ]
    before = client.get_execution_history(executionArn=arn)["events"]

    client = restart(dev, end)
    answer = ended(client, arn)

    after = client.get_execution_history(executionArn=arn)["events"]
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"kept": true}')
    assert after[: len(before)] == before
    assert [event["id"] for event in after] == [1, 2, 3, 4]
    assert (answer["stopDate"] - answer["startDate"]).total_seconds() >= 3


def test_executions_killed_again_and_again_lose_and_repeat_nothing(dev: DevProcess) -> None:
    client = dev.client()
    loop = machine(client, LOOP)
    given = json.dumps({"n": 0, "padding": "x" * 10_000})
    arns = [client.start_execution(stateMachineArn=loop, input=given)["executionArn"] for _ in range(5)]

    for _ in range(3):
        client = restart(dev)
    for arn in arns:
        answer = ended(client, arn, within_seconds=60)
        pages = client.get_paginator("get_execution_history").paginate(executionArn=arn, maxResults=1000)
        events = [event for page in pages for event in page["events"]]
        counted = [event for event in events if event["type"] == "PassStateExited"]

        assert answer["status"] == "SUCCEEDED"
        assert [event["id"] for event in events] == list(range(1, len(events) + 1))
        assert [json.loads(event["stateExitedEventDetails"]["output"])["n"] for event in counted] == list(
            range(1, 301)
        )
    dev.stop()
    for visits, tallies in asyncio.run(visited(dev.data, arns)):
        entered = [event["id"] for event in events if event["type"].endswith("StateEntered")]  # of all alike
        assert [visit.id for visit in visits] == entered
        assert {visit.outcome for visit in visits} == {"Succeeded"}
        assert {pointer: tally["Succeeded"].count for pointer, tally in tallies.items()} == {
            "/States/Count": 300,
            "/States/Enough": 300,
            "/States/Breathe": 299,
            "/States/Done": 1,
        }


async def visited(folder: Path, arns: list[str]) -> list[tuple[Sequence[Visit], Tallies]]:
    """The visits of executions, and their tallies."""
    database = await Database.open(folder)
    kept, found = SqlVisits(database), []
    try:
        for arn in arns:
            execution = await database.row(
                "SELECT * FROM executions WHERE arn = :arn", {"arn": arn}, execution_of
            )
            assert execution is not None
            page = await kept.visits(execution, VisitQuery(), None, 10_000)
            found.append((page.items, await kept.tallies(execution)))
    finally:
        await database.close()
    return found


def test_what_was_answered_before_the_kill_counts(dev: DevProcess) -> None:
    """State machines, their revisions, tags, and executions that had ended."""
    client = dev.client()
    arn = machine(client, wait(0), tags=[{"key": "a", "value": "b"}])
    revision = client.update_state_machine(stateMachineArn=arn, roleArn=ROLE + "-2")["revisionId"]
    execution = client.start_execution(stateMachineArn=arn)["executionArn"]
    told = ended(client, execution)

    client = restart(dev)

    assert client.describe_state_machine(stateMachineArn=arn)["revisionId"] == revision
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "a", "value": "b"}]
    again = client.describe_execution(executionArn=execution)
    del told["ResponseMetadata"], again["ResponseMetadata"]
    assert again == told


def test_executions_of_a_deleted_state_machine_fail_after_a_restart_too(dev: DevProcess) -> None:
    client = dev.client()
    arn = machine(client, wait(2))
    execution = client.start_execution(stateMachineArn=arn)["executionArn"]

    client.delete_state_machine(stateMachineArn=arn)
    client = restart(dev)

    assert ended(client, execution)["status"] == "FAILED"


def test_a_folder_in_use_is_not_opened_twice(dev: DevProcess) -> None:
    second = DevProcess(dev.data)

    with pytest.raises(AssertionError, match="another process of Stepwright uses"):
        second.start()
    second.kill()
