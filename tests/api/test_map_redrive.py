"""RedriveExecution of executions with a distributed Map, by boto3. The order of events is that of recordings of AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.test_map_runs import counts, each, only_run, start
from tests.processes.dev import ROLE, DevProcess, ended

Create = Callable[..., str]


def working(activity: str, **fields: Any) -> Any:
    """Each item is passed on, then handed to a worker."""
    task = {"Type": "Task", "Resource": activity, "End": True}
    return each(
        {"StartAt": "P", "States": {"P": {"Type": "Pass", "Next": "T"}, "T": task}},
        MaxConcurrency=2,
        **fields,
    )


def take(sfn: Any, activity: str) -> tuple[Any, str]:
    task = sfn.get_activity_task(activityArn=activity)
    return json.loads(task["input"]), task["taskToken"]


def both(sfn: Any, activity: str) -> dict[int, str]:
    """The tokens of the two items under way."""
    return dict(take(sfn, activity) for _ in range(2))


def types(sfn: Any, arn: str) -> list[tuple[str, int, int]]:
    events = sfn.get_execution_history(executionArn=arn)["events"]
    return [(event["type"], event["id"], event["previousEventId"]) for event in events]


def children(sfn: Any, run: str, **more: Any) -> dict[Any, dict[str, Any]]:
    """By input."""
    listed = sfn.list_executions(mapRunArn=run, **more)["executions"]
    found = [sfn.describe_execution(executionArn=child["executionArn"]) for child in listed]
    assert [child.get("redriveCount") for child in listed] == [child["redriveCount"] for child in found]
    return {json.loads(child["input"]): child for child in found}


@pytest.fixture
def activity(sfn: Any, request: pytest.FixtureRequest) -> str:
    arn: str = sfn.create_activity(name=request.node.name[:80])["activityArn"]
    return arn


def failed(sfn: Any, machine: str, activity: str) -> str:
    """Of four items at two at once: 0 has succeeded, 1 fails, 2 is aborted with it, 3 was not begun."""
    arn = start(sfn, machine, [0, 1, 2, 3])
    tokens = both(sfn, activity)
    sfn.send_task_success(taskToken=tokens[0], output="0")
    index, _ = take(sfn, activity)
    assert index == 2
    sfn.send_task_failure(taskToken=tokens[1], error="Busy")
    assert ended(sfn, arn)["status"] == "FAILED"
    return arn


def test_what_did_not_succeed_goes_on(sfn: Any, create: Create, activity: str) -> None:
    arn = failed(sfn, create(working(activity)), activity)
    run = only_run(sfn, arn)
    assert sfn.describe_execution(executionArn=arn)["redriveStatus"] == "REDRIVABLE"
    before = sfn.describe_map_run(mapRunArn=run)
    assert before["status"] == "FAILED"
    assert before["executionCounts"] == counts(pending=1, succeeded=1, failed=1, aborted=1, total=4)
    unsuccessful = children(sfn, run)
    assert {n: child["redriveStatus"] for n, child in unsuccessful.items()} == {
        0: "NOT_REDRIVABLE",
        1: "REDRIVABLE_BY_MAP_RUN",
        2: "REDRIVABLE_BY_MAP_RUN",
    }

    sfn.redrive_execution(executionArn=arn)

    tokens = both(sfn, activity)
    assert tokens.keys() == {1, 2}
    running = sfn.describe_map_run(mapRunArn=run)
    assert (running["status"], running["redriveCount"]) == ("RUNNING", 1)
    assert "stopDate" not in running
    assert running["redriveDate"] >= before["stopDate"]
    assert running["itemCounts"] == counts(pending=1, running=2, succeeded=1, total=4)
    assert {n: child["status"] for n, child in children(sfn, run).items()} == {
        0: "SUCCEEDED",
        1: "RUNNING",
        2: "RUNNING",
    }
    sfn.send_task_success(taskToken=tokens[2], output="2")
    last, token = take(sfn, activity)
    assert last == 3
    for each_token, output in ((tokens[1], "1"), (token, "3")):
        sfn.send_task_success(taskToken=each_token, output=output)
    assert json.loads(ended(sfn, arn)["output"]) == [0, 1, 2, 3]

    assert types(sfn, arn) == [
        ("ExecutionStarted", 1, 0),
        ("MapStateEntered", 2, 0),
        ("MapStateStarted", 3, 2),
        ("MapRunStarted", 4, 3),
        ("MapRunFailed", 5, 4),
        ("MapStateFailed", 6, 5),
        ("ExecutionFailed", 7, 6),
        ("ExecutionRedriven", 8, 7),
        ("MapRunRedriven", 9, 3),
        ("MapRunSucceeded", 10, 9),
        ("MapStateSucceeded", 11, 10),
        ("MapStateExited", 12, 9),
        ("ExecutionSucceeded", 13, 12),
    ]
    [redriven] = [
        event for event in sfn.get_execution_history(executionArn=arn)["events"] if event["id"] == 9
    ]
    assert redriven["mapRunRedrivenEventDetails"] == {"mapRunArn": run, "redriveCount": 1}
    after = sfn.describe_map_run(mapRunArn=run)
    assert (after["status"], after["redriveCount"]) == ("SUCCEEDED", 1)
    assert after["executionCounts"] == counts(succeeded=4, total=4)
    found = children(sfn, run)
    assert {n: child["redriveCount"] for n, child in found.items()} == {0: 0, 1: 1, 2: 1, 3: 0}
    assert {n for n, child in found.items() if "redriveDate" in child} == {1, 2}
    assert types(sfn, found[1]["executionArn"]) == [
        ("ExecutionStarted", 1, 0),
        ("PassStateEntered", 2, 0),
        ("PassStateExited", 3, 2),
        ("TaskStateEntered", 4, 3),
        ("ActivityScheduled", 5, 4),
        ("ActivityStarted", 6, 5),
        ("ActivityFailed", 7, 6),
        ("ExecutionFailed", 8, 7),
        ("ExecutionRedriven", 9, 8),
        ("ActivityScheduled", 10, 4),
        ("ActivityStarted", 11, 10),
        ("ActivitySucceeded", 12, 11),
        ("TaskStateExited", 13, 12),
        ("ExecutionSucceeded", 14, 13),
    ]
    assert [kind for kind, _, _ in types(sfn, found[2]["executionArn"])][6:8] == [
        "ExecutionAborted",
        "ExecutionRedriven",
    ]


def test_children_are_listed_by_whether_they_were_redriven(sfn: Any, create: Create, activity: str) -> None:
    arn = failed(sfn, create(working(activity)), activity)
    run = only_run(sfn, arn)
    assert children(sfn, run, redriveFilter="REDRIVEN") == {}
    sfn.redrive_execution(executionArn=arn)
    both(sfn, activity)

    assert children(sfn, run, redriveFilter="REDRIVEN").keys() == {1, 2}
    assert children(sfn, run, redriveFilter="NOT_REDRIVEN").keys() == {0}
    assert children(sfn, run, redriveFilter="REDRIVEN", statusFilter="RUNNING").keys() == {1, 2}
    assert children(sfn, run, statusFilter="PENDING_REDRIVE") == {}


def test_a_stopped_map_run_goes_on_and_can_fail_again(sfn: Any, create: Create, activity: str) -> None:
    arn = start(sfn, create(working(activity)), [0, 1])
    both(sfn, activity)
    sfn.stop_execution(executionArn=arn)
    run = only_run(sfn, arn)
    assert sfn.describe_map_run(mapRunArn=run)["executionCounts"] == counts(aborted=2, total=2)

    sfn.redrive_execution(executionArn=arn)
    sfn.send_task_failure(taskToken=both(sfn, activity)[1], error="Busy")
    assert ended(sfn, arn)["status"] == "FAILED"
    sfn.redrive_execution(executionArn=arn)
    for token in both(sfn, activity).values():
        sfn.send_task_success(taskToken=token, output="1")

    assert ended(sfn, arn)["output"] == "[1,1]"
    assert sfn.describe_map_run(mapRunArn=run)["redriveCount"] == 2
    redriven = [entry for entry in types(sfn, arn) if entry[0] == "MapRunRedriven"]
    assert [previous for _, _, previous in redriven] == [3, 3]
    assert {n: child["redriveCount"] for n, child in children(sfn, run).items()} == {0: 2, 1: 2}


def test_failures_that_were_tolerated_stay(sfn: Any, create: Create, activity: str) -> None:
    arn = start(sfn, create(working(activity, ToleratedFailureCount=1)), [0, 1])
    for token in both(sfn, activity).values():
        sfn.send_task_failure(taskToken=token, error="Busy")
    assert ended(sfn, arn)["status"] == "FAILED"
    run = only_run(sfn, arn)
    assert sfn.describe_map_run(mapRunArn=run)["executionCounts"] == counts(
        failed=2, failuresNotRedrivable=1, total=2
    )

    sfn.redrive_execution(executionArn=arn)

    index, token = take(sfn, activity)
    assert sfn.describe_map_run(mapRunArn=run)["itemCounts"] == counts(
        running=1, failed=1, failuresNotRedrivable=1, total=2
    )
    sfn.send_task_success(taskToken=token, output="1")
    results = json.loads(ended(sfn, arn)["output"])
    assert results[index] == 1
    assert results[1 - index]["Status"] == "FAILED"


def test_a_child_knows_that_it_was_redriven(sfn: Any, create: Create, activity: str) -> None:
    seen = {"Type": "Pass", "Parameters": {"c.$": "$$.Execution"}, "OutputPath": "$.c", "End": True}
    task = {"Type": "Task", "Resource": activity, "Next": "Seen"}
    arn = start(sfn, create(each({"StartAt": "T", "States": {"T": task, "Seen": seen}})), [7])
    sfn.send_task_failure(taskToken=take(sfn, activity)[1])
    ended(sfn, arn)
    sfn.redrive_execution(executionArn=arn)
    sfn.send_task_success(taskToken=take(sfn, activity)[1], output="1")

    [execution] = json.loads(ended(sfn, arn)["output"])
    assert execution["RedriveCount"] == 1
    assert execution["RedriveTime"] > execution["StartTime"]


def test_a_child_is_not_redriven_by_itself(sfn: Any, create: Create, activity: str) -> None:
    arn = failed(sfn, create(working(activity)), activity)
    child = children(sfn, only_run(sfn, arn))[1]["executionArn"]
    with pytest.raises(ClientError) as error:
        sfn.redrive_execution(executionArn=child)
    assert error.value.response["Error"]["Code"] == "ExecutionNotRedrivable"


def test_a_redriven_map_run_goes_on_after_a_kill(tmp_path: Path) -> None:
    with DevProcess(tmp_path / "data") as dev:
        sfn = dev.client()
        activity = sfn.create_activity(name="work")["activityArn"]
        machine = sfn.create_state_machine(
            name="machine", definition=json.dumps(working(activity)), roleArn=ROLE
        )["stateMachineArn"]
        arn = failed(sfn, machine, activity)
        sfn.redrive_execution(executionArn=arn)
        dev.kill()
        dev.start()
        sfn = dev.client()
        for _ in range(3):
            sfn.send_task_success(taskToken=take(sfn, activity)[1], output="1")

        assert ended(sfn, arn)["output"] == "[0,1,1,1]"
        assert [kind for kind, _, _ in types(sfn, arn)].count("MapRunRedriven") == 1
