"""Tasks that call Step Functions: executions started by executions, and its own API."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.processes.dev import ROLE, DevProcess, ended

START = "arn:aws:states:::states:startExecution"
SDK = "arn:aws:states:::aws-sdk:sfn:"
PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
FAIL = {"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "No.Stock", "Cause": "sold"}}}

_numbers = itertools.count()


def wait(seconds: int) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": seconds, "End": True}}}


def task(resource: str, parameters: Any, **fields: Any) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True, **fields}
    return {"StartAt": "Call", "States": {"Call": state}}


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    with DevProcess(tmp_path_factory.mktemp("nested") / "data") as process:
        yield process


@pytest.fixture
def sfn(dev: DevProcess) -> Any:
    return dev.client()


def create(sfn: Any, definition: Any, **arguments: Any) -> str:
    answer = sfn.create_state_machine(
        name=f"machine-{next(_numbers)}", roleArn=ROLE, definition=json.dumps(definition), **arguments
    )
    arn: str = answer["stateMachineArn"]
    return arn


def start(sfn: Any, definition: Any, given: Any = None) -> str:
    answer = sfn.start_execution(stateMachineArn=create(sfn, definition), input=json.dumps(given or {}))
    arn: str = answer["executionArn"]
    return arn


def run(sfn: Any, definition: Any, given: Any = None) -> dict[str, Any]:
    return ended(sfn, start(sfn, definition, given))


def only_child(sfn: Any, machine: str) -> dict[str, Any]:
    (child,) = sfn.list_executions(stateMachineArn=machine)["executions"]
    return sfn.describe_execution(executionArn=child["executionArn"])  # type: ignore[no-any-return]


def running_child(sfn: Any, machine: str) -> dict[str, Any]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if sfn.list_executions(stateMachineArn=machine)["executions"]:
            return only_child(sfn, machine)
        time.sleep(0.02)
    raise AssertionError("the execution was not started")


def test_an_execution_starts_another_and_goes_on(sfn: Any) -> None:
    machine = create(sfn, wait(3600))
    answer = run(sfn, task(START, {"StateMachineArn": machine, "Input": {"n": 1}, "Name": "child"}))

    child = only_child(sfn, machine)
    output = json.loads(answer["output"])
    assert (child["status"], child["name"], child["input"]) == ("RUNNING", "child", '{"n":1}')
    assert output["ExecutionArn"] == child["executionArn"]
    assert output["StartDate"] == round(child["startDate"].timestamp() * 1000)
    assert output["SdkHttpMetadata"]["HttpStatusCode"] == 200


@pytest.mark.parametrize(
    ("pattern", "output"), [(".sync", '{"n":[1.0]}'), (".sync:2", {"n": [1.0]})], ids=["text", "JSON"]
)
def test_an_execution_waits_for_the_end_of_another(sfn: Any, pattern: str, output: Any) -> None:
    machine = create(sfn, PASS)
    answer = run(sfn, task(START + pattern, {"StateMachineArn": machine, "Input": {"n": [1.0]}}))

    told = json.loads(answer["output"])
    child = only_child(sfn, machine)
    assert answer["status"] == "SUCCEEDED"
    assert (told["Output"], told["Status"]) == (output, "SUCCEEDED")
    assert (told["ExecutionArn"], told["Name"]) == (child["executionArn"], child["name"])


def test_the_failure_of_an_awaited_execution_can_be_caught_and_says_what_failed(sfn: Any) -> None:
    machine = create(sfn, FAIL)
    definition = task(
        f"{START}.sync",
        {"StateMachineArn": machine},
        Catch=[{"ErrorEquals": ["States.TaskFailed"], "Next": "B"}],
    )
    definition["States"]["B"] = {"Type": "Pass", "End": True}

    caught = json.loads(run(sfn, definition)["output"])

    cause = json.loads(caught["Cause"])
    assert caught["Error"] == "States.TaskFailed"
    assert (cause["Error"], cause["Cause"], cause["Status"]) == ("No.Stock", "sold", "FAILED")


def test_an_awaited_execution_is_stopped_with_the_one_that_waits(sfn: Any) -> None:
    machine = create(sfn, wait(3600))
    parent = start(sfn, task(f"{START}.sync", {"StateMachineArn": machine}))
    child = running_child(sfn, machine)["executionArn"]

    sfn.stop_execution(executionArn=parent)

    assert ended(sfn, child)["status"] == "ABORTED"


def test_an_awaited_execution_is_stopped_when_its_task_times_out(sfn: Any) -> None:
    machine = create(sfn, wait(3600))
    answer = run(sfn, task(f"{START}.sync", {"StateMachineArn": machine}, TimeoutSeconds=1))

    assert (answer["status"], answer["error"]) == ("FAILED", "States.Timeout")
    assert ended(sfn, only_child(sfn, machine)["executionArn"])["status"] == "ABORTED"


def test_no_awaited_execution_outlives_one_that_is_stopped_while_it_begins(sfn: Any) -> None:
    machine = create(sfn, wait(3600))
    waiting = create(sfn, task(f"{START}.sync", {"StateMachineArn": machine}))

    def stopped_at_once(_: int) -> None:
        parent = sfn.start_execution(stateMachineArn=waiting)["executionArn"]
        sfn.stop_execution(executionArn=parent)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(stopped_at_once, range(60)))

    def still_running() -> Any:
        arns = (waiting, machine)  # a parent that has ended asks its child to
        return [
            found
            for arn in arns
            for found in sfn.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]
        ]

    until = time.monotonic() + 60  # by themselves they would run for an hour
    while still_running() and time.monotonic() < until:
        time.sleep(0.1)
    assert still_running() == []


def test_an_execution_that_was_only_started_is_left_alone(sfn: Any) -> None:
    machine = create(sfn, wait(3600))
    definition = task(START, {"StateMachineArn": machine}, Next="Hold")
    del definition["States"]["Call"]["End"]
    definition["States"]["Hold"] = {"Type": "Wait", "Seconds": 3600, "End": True}
    parent = start(sfn, definition)
    running_child(sfn, machine)

    sfn.stop_execution(executionArn=parent)

    assert only_child(sfn, machine)["status"] == "RUNNING"


def test_a_started_execution_calls_back_with_the_token(sfn: Any) -> None:
    answering = create(
        sfn, task(f"{SDK}sendTaskSuccess", {"TaskToken.$": "$.token", "Output": {"from": "the child"}})
    )
    parameters = {"StateMachineArn": answering, "Input": {"token.$": "$$.Task.Token"}}

    answer = run(sfn, task(f"{START}.waitForTaskToken", parameters))

    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"from":"the child"}')


REFUSED = {
    "a name that is taken": (
        START,
        {"Name": "taken"},
        "StepFunctions.ExecutionAlreadyExistsException",
        "Execution Already Exists: ",
    ),
    "a state machine that is not there": (
        f"{START}.sync",
        {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:none"},
        "StepFunctions.StateMachineDoesNotExistException",
        "State Machine Does Not Exist: ",
    ),
    "no state machine": (
        START,
        {"StateMachineArn": None},
        "StepFunctions.ValidationException",
        "1 validation error",
    ),
    "a parameter that there is not": (
        f"{START}.sync:2",
        {"input": {}},
        "StepFunctions.ValidationException",
        "There is no parameter 'input'; there are: Input, Name, StateMachineArn, TraceHeader (",
    ),
    "a parameter of another operation": (
        f"{SDK}sendTaskFailure",
        {"StateMachineArn": None, "TaskToken": "none"},
        "Sfn.ValidationException",
        "There is no parameter 'StateMachineArn'",
    ),
}


@pytest.mark.parametrize(("resource", "parameters", "error", "cause"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_api_refuses_fails_the_task_in_its_words(
    sfn: Any, resource: str, parameters: Any, error: str, cause: str
) -> None:
    machine = create(sfn, PASS)
    sfn.start_execution(stateMachineArn=machine, name="taken", input='{"other": 1}')

    answer = run(sfn, task(resource, {"StateMachineArn": machine, **parameters}))

    assert (answer["status"], answer["error"]) == ("FAILED", error)
    assert answer["cause"].startswith(cause)


def test_an_express_execution_cannot_be_waited_for(sfn: Any) -> None:
    machine = create(sfn, PASS, type="EXPRESS")

    answer = run(sfn, task(f"{START}.sync", {"StateMachineArn": machine}))

    assert answer["error"] == "StepFunctions.StateMachineTypeNotSupportedException"
    assert answer["cause"].startswith(
        "An Express execution cannot be waited for; call aws-sdk:sfn:startSyncExecution"
    )


def test_an_express_execution_is_called_by_the_sdk(sfn: Any) -> None:
    machine = create(sfn, PASS, type="EXPRESS")
    parameters = {"StateMachineArn": machine, "Input": {"n": 1}}

    told = json.loads(run(sfn, task(f"{SDK}startSyncExecution", parameters))["output"])

    assert (told["Status"], told["Output"]) == ("SUCCEEDED", '{"n":1}')
    assert told["StartDate"].endswith("Z")


def test_executions_are_listed_from_inside_of_one(sfn: Any) -> None:
    machine = create(sfn, PASS)
    sfn.start_execution(stateMachineArn=machine, name="seen")

    told = json.loads(run(sfn, task(f"{SDK}listExecutions", {"StateMachineArn": machine}))["output"])

    assert [found["Name"] for found in told["Executions"]] == ["seen"]


@pytest.mark.slow
def test_executions_that_start_others_start_each_once_however_often_they_are_killed(tmp_path: Path) -> None:
    with DevProcess(tmp_path / "data") as dev:
        sfn = dev.client()
        machine = create(sfn, wait(1))
        call = task(f"{START}.sync:2", {"StateMachineArn": machine, "Input.$": "$"})
        each = {"Type": "Map", "ItemProcessor": call, "MaxConcurrency": 4, "End": True}
        parent = start(sfn, {"StartAt": "Each", "States": {"Each": each}}, given=list(range(12)))
        for pause in (0.05, 0.4, 0.9):
            time.sleep(pause)
            dev.kill()
            dev.start()
        sfn = dev.client()
        answer = ended(sfn, parent)

        children = sfn.list_executions(stateMachineArn=machine)["executions"]
        assert [told["Input"] for told in json.loads(answer["output"])] == list(range(12))
        assert [child["status"] for child in children] == ["SUCCEEDED"] * 12


@pytest.mark.slow
def test_an_awaited_execution_is_stopped_although_the_process_was_killed_meanwhile(tmp_path: Path) -> None:
    with DevProcess(tmp_path / "data") as dev:
        sfn = dev.client()
        machine = create(sfn, wait(3600))
        parent = start(sfn, task(f"{START}.sync", {"StateMachineArn": machine}))
        child = running_child(sfn, machine)["executionArn"]
        dev.kill()
        dev.start()
        sfn = dev.client()

        sfn.stop_execution(executionArn=parent)

        assert ended(sfn, child)["status"] == "ABORTED"
