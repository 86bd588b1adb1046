"""Map Runs and their child executions by boto3."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.test_state_machines import refusal
from tests.processes.dev import ROLE, DevProcess, ended

Create = Callable[..., str]

WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
FAILS_ON_ONE: dict[str, Any] = {
    "StartAt": "C",
    "States": {
        "C": {
            "Type": "Choice",
            "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "F"}],
            "Default": "P",
        },
        "P": {"Type": "Pass", "End": True},
        "F": {"Type": "Fail", "Error": "One", "Cause": "it is one"},
    },
}


def each(processor: Any, **fields: Any) -> Any:
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    state = {"Type": "Map", "Label": "Each", "End": True, "ItemProcessor": {**processor, **config}, **fields}
    return {"StartAt": "M", "States": {"M": state}}


def start(sfn: Any, machine: str, items: Any) -> str:
    arn: str = sfn.start_execution(stateMachineArn=machine, input=json.dumps(items))["executionArn"]
    return arn


def only_run(sfn: Any, execution: str) -> str:
    """Of an execution under way: its Map Run, as soon as it is there."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        runs = sfn.list_map_runs(executionArn=execution)["mapRuns"]
        if runs:
            arn: str = runs[0]["mapRunArn"]
            return arn
        time.sleep(0.02)
    raise AssertionError("no Map Run")


def until_running(sfn: Any, run: str, items: int) -> Any:
    """How a Map Run is described once so many of its items are running."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        described = sfn.describe_map_run(mapRunArn=run)
        if described["itemCounts"]["running"] == items:
            return described
        time.sleep(0.02)
    raise AssertionError(described)


def counts(**given: int) -> dict[str, int]:
    names = ("pending", "running", "succeeded", "failed", "timedOut", "aborted", "total", "resultsWritten")
    return dict.fromkeys((*names, "failuresNotRedrivable", "pendingRedrive"), 0) | given


def test_a_map_run_is_described_and_listed(sfn: Any, create: Create) -> None:
    machine = create(each(FAILS_ON_ONE, ToleratedFailureCount=1, MaxConcurrency=2))
    execution = start(sfn, machine, [0, 1, 2])
    ended(sfn, execution)
    (listed,) = sfn.list_map_runs(executionArn=execution)["mapRuns"]
    described = sfn.describe_map_run(mapRunArn=listed["mapRunArn"])

    assert listed["mapRunArn"].startswith(machine.replace("stateMachine", "mapRun") + "/Each:")
    assert listed["executionArn"] == execution
    assert listed["stateMachineArn"] == machine
    assert described["status"] == "SUCCEEDED"
    assert described["startDate"] == listed["startDate"]
    assert described["stopDate"] == listed["stopDate"]
    assert (described["maxConcurrency"], described["toleratedFailureCount"]) == (2, 1)
    assert described["itemCounts"] == counts(total=3, succeeded=2, failed=1)
    assert described["executionCounts"] == counts(total=3, succeeded=2, failed=1)


def test_child_executions_are_listed_and_described(sfn: Any, create: Create) -> None:
    machine = create(each(FAILS_ON_ONE, ToleratedFailureCount=1, MaxConcurrency=1))
    execution = start(sfn, machine, [0, 1, 2])
    ended(sfn, execution)
    run = only_run(sfn, execution)
    listed = sfn.list_executions(mapRunArn=run)["executions"]
    failed = sfn.list_executions(mapRunArn=run, statusFilter="FAILED")["executions"]
    described = sfn.describe_execution(executionArn=failed[0]["executionArn"])

    assert [child["status"] for child in listed] == ["SUCCEEDED", "FAILED", "SUCCEEDED"]
    assert {child["itemCount"] for child in listed} == {1}
    assert {child["mapRunArn"] for child in listed} == {run}
    assert failed == [listed[1]]
    assert described["input"] == "1"
    assert (described["error"], described["cause"]) == ("One", "it is one")
    assert described["mapRunArn"] == run
    assert described["stateMachineArn"] == f"{machine}/Each"
    assert execution in [
        of["executionArn"] for of in sfn.list_executions(stateMachineArn=machine)["executions"]
    ]
    assert sfn.list_executions(stateMachineArn=machine)["executions"][0]["executionArn"] == execution


def test_pages_of_child_executions(sfn: Any, create: Create) -> None:
    execution = start(sfn, create(each(PASS)), list(range(5)))
    ended(sfn, execution)
    run = only_run(sfn, execution)
    pages = sfn.get_paginator("list_executions").paginate(mapRunArn=run, PaginationConfig={"PageSize": 2})

    assert [len(page["executions"]) for page in pages] == [2, 2, 1]


def test_a_child_execution_has_a_history(sfn: Any, create: Create) -> None:
    execution = start(sfn, create(each(PASS)), ["item"])
    ended(sfn, execution)
    (child,) = sfn.list_executions(mapRunArn=only_run(sfn, execution))["executions"]
    events = sfn.get_execution_history(executionArn=child["executionArn"])["events"]
    machine = sfn.describe_state_machine_for_execution(executionArn=child["executionArn"])

    assert [(event["id"], event["type"]) for event in events] == [
        (1, "ExecutionStarted"),
        (2, "PassStateEntered"),
        (3, "PassStateExited"),
        (4, "ExecutionSucceeded"),
    ]
    assert events[1]["stateEnteredEventDetails"]["input"] == '"item"'
    assert machine["label"] == "Each"


def test_child_executions_are_listed_by_whether_they_were_redriven(sfn: Any, create: Create) -> None:
    execution = start(sfn, create(each(PASS)), [1, 2, 3])
    ended(sfn, execution)
    run = only_run(sfn, execution)

    def listed(**asked: str) -> int:
        pages = sfn.get_paginator("list_executions").paginate(
            mapRunArn=run, PaginationConfig={"PageSize": 2}, **asked
        )
        return sum(len(page["executions"]) for page in pages)

    assert listed() == listed(redriveFilter="NOT_REDRIVEN") == 3
    assert listed(redriveFilter="REDRIVEN") == listed(statusFilter="PENDING_REDRIVE") == 0


def test_a_map_run_under_way_is_updated(sfn: Any, create: Create) -> None:
    execution = start(sfn, create(each(WAIT, MaxConcurrency=1)), [1, 2, 3])
    run = only_run(sfn, execution)
    assert sfn.describe_map_run(mapRunArn=run)["itemCounts"] == counts(total=3, running=1, pending=2)

    sfn.update_map_run(mapRunArn=run, maxConcurrency=2, toleratedFailurePercentage=12.5)
    described = until_running(sfn, run, 2)
    assert described["itemCounts"] == counts(total=3, running=2, pending=1)
    assert (described["maxConcurrency"], described["toleratedFailurePercentage"]) == (2, 12.5)

    sfn.stop_execution(executionArn=execution)
    described = sfn.describe_map_run(mapRunArn=run)
    assert described["status"] == "ABORTED"
    assert described["itemCounts"] == counts(total=3, aborted=2, pending=1)
    with pytest.raises(ClientError) as caught:
        sfn.update_map_run(mapRunArn=run, maxConcurrency=3)
    assert refusal(caught) == ("ValidationException", f"Map Run is not running: '{run}'")
    assert caught.value.response["reason"] == "CANNOT_UPDATE_COMPLETED_MAP_RUN"


def test_an_update_holds_for_what_is_under_way_in_a_map_of_many_items(sfn: Any, create: Create) -> None:
    """One after the other they would take a quarter of an hour, and the first failure would end them."""
    waits = {"Type": "Wait", "Seconds": 1, "Next": "C"}
    processor = {"StartAt": "W", "States": {"W": waits, **FAILS_ON_ONE["States"]}}
    execution = start(sfn, create(each(processor, MaxConcurrency=1)), list(range(1_000, -1, -1)))
    run = only_run(sfn, execution)
    until_running(sfn, run, 1)

    sfn.update_map_run(mapRunArn=run, maxConcurrency=0, toleratedFailureCount=1)

    assert ended(sfn, execution)["status"] == "SUCCEEDED"
    items = sfn.describe_map_run(mapRunArn=run)["itemCounts"]
    assert (items["total"], items["succeeded"], items["failed"]) == (1_001, 1_000, 1)


def test_an_update_of_a_map_run_by_nothing_is_refused(sfn: Any, create: Create) -> None:
    run = only_run(sfn, start(sfn, create(each(WAIT)), [1]))

    with pytest.raises(ClientError) as caught:
        sfn.update_map_run(mapRunArn=run)

    assert refusal(caught) == (
        "ValidationException",
        "Either the maxConcurrency, toleratedFailureCount or the toleratedFailurePercentage must be specified",
    )
    assert caught.value.response["reason"] == "MISSING_REQUIRED_PARAMETER"


def test_what_is_not_there(sfn: Any, create: Create) -> None:
    nowhere = create().replace("stateMachine", "mapRun") + "/Each:none"
    for call in (sfn.describe_map_run, sfn.update_map_run, sfn.list_executions):
        with pytest.raises(ClientError) as caught:
            call(mapRunArn=nowhere)
        assert refusal(caught) == ("ResourceNotFound", f"Resource not found: '{nowhere}'")


def test_a_child_execution_is_not_stopped_by_itself(sfn: Any, create: Create) -> None:
    execution = start(sfn, create(each(WAIT)), [1])
    run = only_run(sfn, execution)
    (child,) = sfn.list_executions(mapRunArn=run)["executions"]

    with pytest.raises(ClientError) as caught:
        sfn.stop_execution(executionArn=child["executionArn"])
    code, message = refusal(caught)
    assert code == "ValidationException"
    assert "does not stop child executions one by one" in message
    sfn.stop_execution(executionArn=execution)


def test_a_map_run_goes_on_after_the_process_was_killed(tmp_path: Path) -> None:
    """With the bounds that were given to it last; no item is worked on twice or left out."""
    with DevProcess(tmp_path / "data") as dev:
        sfn = dev.client()
        definition = json.dumps(
            each(
                {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": True}}},
                MaxConcurrency=1,
            )
        )
        machine = sfn.create_state_machine(name="m", definition=definition, roleArn=ROLE)["stateMachineArn"]
        execution = start(sfn, machine, list(range(40)))
        run = only_run(sfn, execution)
        sfn.update_map_run(mapRunArn=run, maxConcurrency=20)
        dev.kill()
        dev.start()
        sfn = dev.client()
        answer = ended(sfn, execution)

        assert json.loads(answer["output"]) == list(range(40))
        children = sfn.list_executions(mapRunArn=run)["executions"]
        assert [child["status"] for child in children] == ["SUCCEEDED"] * 40
        assert sfn.describe_map_run(mapRunArn=run)["maxConcurrency"] == 20
