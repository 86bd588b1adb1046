"""RedriveExecution, by boto3."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.conftest import PASS, WAIT
from tests.data.earlier import turn_back
from tests.processes.dev import ROLE, DevProcess, ended

Create = Callable[..., str]


@pytest.fixture
def activity(sfn: Any, request: pytest.FixtureRequest) -> str:
    arn: str = sfn.create_activity(name=request.node.name[:80])["activityArn"]
    return arn


def work(activity: str, **more: Any) -> dict[str, Any]:
    task = {"Type": "Task", "Resource": activity, "ResultPath": "$.done", "End": True, **more}
    return {"StartAt": "First", "States": {"First": {"Type": "Pass", "Next": "Work"}, "Work": task}}


def take(sfn: Any, activity: str) -> dict[str, Any]:
    task: dict[str, Any] = sfn.get_activity_task(activityArn=activity)
    assert task.get("taskToken"), task
    return task


def failed(sfn: Any, machine: str, activity: str, name: str = "one") -> str:
    """An execution whose worker has failed."""
    arn: str = sfn.start_execution(stateMachineArn=machine, name=name, input='{"n": 1}')["executionArn"]
    token = take(sfn, activity)["taskToken"]
    sfn.send_task_failure(taskToken=token, error="Busy", cause="later")
    assert ended(sfn, arn)["status"] == "FAILED"
    return arn


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    said = error.value.response["Error"]
    return said["Code"], said["Message"]


def test_a_failed_execution_goes_on_at_the_task_that_failed(sfn: Any, create: Create, activity: str) -> None:
    arn = failed(sfn, create(work(activity)), activity)
    before = sfn.describe_execution(executionArn=arn)
    assert (before["redriveCount"], before["redriveStatus"]) == (0, "REDRIVABLE")

    redriven = sfn.redrive_execution(executionArn=arn)["redriveDate"]

    running = sfn.describe_execution(executionArn=arn)
    assert (running["status"], running["redriveCount"], running["redriveDate"]) == ("RUNNING", 1, redriven)
    assert running["redriveStatusReason"] == "Execution is RUNNING and cannot be redriven"
    assert not {"stopDate", "error", "cause"} & set(running)
    sfn.send_task_success(taskToken=take(sfn, activity)["taskToken"], output='"well"')
    answer = ended(sfn, arn)
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"n":1,"done":"well"}')
    events = sfn.get_execution_history(executionArn=arn)["events"]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    [event] = [event for event in events if event["type"] == "ExecutionRedriven"]
    assert event["executionRedrivenEventDetails"] == {"redriveCount": 1}
    assert event["timestamp"] == redriven
    assert [event["type"] for event in events].count("TaskStateEntered") == 1
    [listed] = sfn.list_executions(stateMachineArn=before["stateMachineArn"])["executions"]
    assert (listed["redriveCount"], listed["redriveDate"]) == (1, redriven)


def test_the_same_call_again_does_nothing(sfn: Any, create: Create, activity: str) -> None:
    arn = failed(sfn, create(work(activity)), activity)
    first = sfn.redrive_execution(executionArn=arn, clientToken="mine")["redriveDate"]
    assert sfn.redrive_execution(executionArn=arn, clientToken="mine")["redriveDate"] == first
    code, message = refused(sfn.redrive_execution, executionArn=arn, clientToken="another")
    assert (code, message) == (
        "ExecutionNotRedrivable",
        f"Execution {arn} invalid for redrive as: Execution is RUNNING and cannot be redriven",
    )
    sfn.send_task_failure(taskToken=take(sfn, activity)["taskToken"], error="Busy")
    ended(sfn, arn)
    assert sfn.redrive_execution(executionArn=arn, clientToken="mine")["redriveDate"] == first
    assert sfn.describe_execution(executionArn=arn)["status"] == "FAILED"
    # What was refused had taken no token.
    assert sfn.redrive_execution(executionArn=arn, clientToken="another")["redriveDate"] > first
    assert sfn.describe_execution(executionArn=arn)["redriveCount"] == 2


def test_a_stopped_execution_can_be_redriven_and_stopped_again(sfn: Any, create: Create) -> None:
    arn = sfn.start_execution(stateMachineArn=create(WAIT))["executionArn"]
    for count in range(3):
        sfn.stop_execution(executionArn=arn)
        assert sfn.describe_execution(executionArn=arn)["status"] == "ABORTED"
        sfn.redrive_execution(executionArn=arn)
        answer = sfn.describe_execution(executionArn=arn)
        assert (answer["status"], answer["redriveCount"]) == ("RUNNING", count + 1)


def test_a_token_of_before_the_redrive_answers_nothing(sfn: Any, create: Create, activity: str) -> None:
    arn = sfn.start_execution(stateMachineArn=create(work(activity)), input="{}")["executionArn"]
    old = take(sfn, activity)["taskToken"]
    sfn.stop_execution(executionArn=arn)
    assert refused(sfn.send_task_success, taskToken=old, output="1")[0] == "TaskTimedOut"
    sfn.redrive_execution(executionArn=arn)
    new = take(sfn, activity)["taskToken"]
    assert new != old
    assert refused(sfn.send_task_success, taskToken=old, output="1")[0] == "TaskTimedOut"
    sfn.send_task_success(taskToken=new, output="2")
    assert ended(sfn, arn)["output"] == '{"done":2}'


def test_what_succeeded_or_is_not_there_cannot_be_redriven(sfn: Any, create: Create) -> None:
    arn = sfn.start_execution(stateMachineArn=create(PASS), name="one")["executionArn"]
    ended(sfn, arn)
    code, message = refused(sfn.redrive_execution, executionArn=arn)
    assert (code, message.rpartition(": ")[2]) == (
        "ExecutionNotRedrivable",
        "Execution is SUCCEEDED and cannot be redriven",
    )
    assert refused(sfn.redrive_execution, executionArn=arn[:-3] + "two")[0] == "ExecutionDoesNotExist"
    express = create(PASS, type="EXPRESS")
    started = sfn.start_execution(stateMachineArn=express)["executionArn"]
    assert refused(sfn.redrive_execution, executionArn=started)[0] == "InvalidArn"


def test_a_redrive_survives_a_kill(tmp_path: Path) -> None:
    with DevProcess(tmp_path / "data") as dev:
        sfn = dev.client()
        activity = sfn.create_activity(name="work")["activityArn"]
        machine = sfn.create_state_machine(
            name="machine", definition=json.dumps(work(activity)), roleArn=ROLE
        )["stateMachineArn"]
        arns = [failed(sfn, machine, activity, f"run-{number}") for number in range(5)]
        for arn in arns:
            sfn.redrive_execution(executionArn=arn, clientToken="once")
        dev.kill()
        dev.start()
        sfn = dev.client()
        for arn in arns:
            sfn.redrive_execution(executionArn=arn, clientToken="once")
            sfn.send_task_success(taskToken=take(sfn, activity)["taskToken"], output="1")
        for arn in arns:
            assert ended(sfn, arn)["status"] == "SUCCEEDED"
            types = [event["type"] for event in sfn.get_execution_history(executionArn=arn)["events"]]
            assert types.count("ExecutionRedriven") == 1


def test_a_database_of_before_redrives_goes_on(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with DevProcess(data) as dev:
        sfn = dev.client()
        definition = json.dumps({"StartAt": "No", "States": {"No": {"Type": "Fail"}}})
        machine = sfn.create_state_machine(name="machine", definition=definition, roleArn=ROLE)
        arn = sfn.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
        ended(sfn, arn)
    turn_back(data, 1)
    with DevProcess(data) as dev:
        sfn = dev.client()
        answer = sfn.describe_execution(executionArn=arn)
        listed = sfn.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
    assert [execution["executionArn"] for execution in listed] == [arn]
    assert (answer["status"], answer["redriveCount"], answer["redriveStatusReason"]) == (
        "FAILED",
        0,
        "Execution was started before the launch of RedriveExecution",
    )


# --- From a state of one's choice, which AWS does not have -----------------------------------------------------------------


def from_state(sfn: Any, state: str | None, **more: Any) -> None:
    """From now on its redrives go on there. boto3 does not know the member, but lets one add to what it sends."""

    def add(params: dict[str, Any], **_: Any) -> None:
        body = json.loads(params["body"]) | {"from": {"state": state, **more}}
        params["body"] = json.dumps(body).encode()

    sfn.meta.events.register("before-call.sfn.RedriveExecution", add)


def test_it_goes_on_at_any_of_its_states_with_another_input(sfn: Any, create: Create, activity: str) -> None:
    definition = work(activity, Next="Last")
    del definition["States"]["Work"]["End"]
    definition["States"]["Last"] = {"Type": "Pass", "End": True}
    arn = failed(sfn, create(definition), activity)
    before = len(sfn.get_execution_history(executionArn=arn)["events"])
    from_state(sfn, "Last", input='{"by": "hand"}')

    sfn.redrive_execution(executionArn=arn)

    answer = ended(sfn, arn)
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"by": "hand"}')
    events = sfn.get_execution_history(executionArn=arn)["events"]
    assert [event["type"] for event in events[before:]] == [
        "ExecutionRedriven",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]


def test_where_it_cannot_go_on_it_stays_as_it_is(
    sfn: Any, create: Create, activity: str, dev: DevProcess
) -> None:
    arn = failed(sfn, create(work(activity)), activity)
    for wrong, code, message in (
        (
            {"state": "Nowhere"},
            "ExecutionNotRedrivable",
            "has no state 'Nowhere', or only in a Parallel or a Map",
        ),
        ({"state": "Work", "input": "{"}, "InvalidExecutionInput", "Invalid State Machine Execution Input"),
        ({"state": ""}, "ValidationException", "at 'from.state' failed to satisfy constraint"),
        ({"input": "{}"}, "ValidationException", "Value null at 'from.state'"),
    ):
        asking = dev.client()
        from_state(asking, wrong.pop("state", None), **wrong)
        told = refused(asking.redrive_execution, executionArn=arn)
        assert (told[0], message in told[1]) == (code, True), told
    assert sfn.describe_execution(executionArn=arn)["redriveCount"] == 0


def test_where_it_goes_on_survives_a_kill(tmp_path: Path) -> None:
    with DevProcess(tmp_path / "data") as dev:
        sfn = dev.client()
        activity = sfn.create_activity(name="work")["activityArn"]
        machine = sfn.create_state_machine(name="m", definition=json.dumps(work(activity)), roleArn=ROLE)
        arns = [failed(sfn, machine["stateMachineArn"], activity, f"run-{n}") for n in range(5)]
        from_state(sfn, "First", input='{"n": 2}')
        for arn in arns:
            sfn.redrive_execution(executionArn=arn)
        dev.kill()
        dev.start()
        sfn = dev.client()
        for _ in arns:
            sfn.send_task_success(taskToken=take(sfn, activity)["taskToken"], output="1")
        for arn in arns:
            assert ended(sfn, arn)["output"] == '{"n":2,"done":1}'
            types = [event["type"] for event in sfn.get_execution_history(executionArn=arn)["events"]]
            assert types.count("ExecutionRedriven") == 1
