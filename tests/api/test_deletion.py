"""DeleteStateMachine while executions run, by boto3. The words are those that AWS was recorded with."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.conftest import PASS, WAIT
from tests.processes.dev import ROLE, DevProcess, ended

Create = Callable[..., str]
SHORT = {
    "StartAt": "A",
    "States": {"A": {"Type": "Wait", "Seconds": 1, "Next": "B"}, "B": {"Type": "Pass", "End": True}},
}


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    said = error.value.response["Error"]
    return said["Code"], said["Message"]


def gone(sfn: Any, arn: str, *, within_seconds: float = 30) -> None:
    """Return once there is no such state machine."""
    until = time.monotonic() + within_seconds
    while time.monotonic() < until:
        try:
            status = sfn.describe_state_machine(stateMachineArn=arn)["status"]
        except ClientError as error:
            assert error.response["Error"]["Code"] == "StateMachineDoesNotExist"
            return
        assert status == "DELETING"
        time.sleep(0.02)
    raise AssertionError(f"{arn} is still there")


def work(activity: str) -> dict[str, Any]:
    task = {"Type": "Task", "Resource": activity, "Retry": [{"ErrorEquals": ["States.ALL"]}], "Next": "B"}
    return {"StartAt": "A", "States": {"A": task, "B": {"Type": "Pass", "End": True}}}


def events(sfn: Any, arn: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sfn.get_execution_history(executionArn=arn)["events"]
    return found


def of_deleted(name: str) -> dict[str, str]:
    return {"error": "States.Runtime", "cause": f"State machine {name} has been deleted"}


def test_a_running_execution_fails_at_its_next_transition(sfn: Any, create: Create) -> None:
    machine = create(SHORT, name="short")
    arn = sfn.start_execution(stateMachineArn=machine, name="one")["executionArn"]

    sfn.delete_state_machine(stateMachineArn=machine)

    assert sfn.describe_state_machine(stateMachineArn=machine)["status"] == "DELETING"
    answer = ended(sfn, arn)
    assert answer["status"] == "FAILED"
    assert {name: answer[name] for name in ("error", "cause")} == of_deleted("short")
    last = events(sfn, arn)[-1]
    assert (last["type"], last["id"], last["previousEventId"]) == ("ExecutionFailed", 3, 2)
    assert last["executionFailedEventDetails"] == of_deleted("short")
    gone(sfn, machine)
    assert sfn.describe_execution(executionArn=arn)["status"] == "FAILED"
    assert refused(sfn.list_executions, stateMachineArn=machine)[0] == "StateMachineDoesNotExist"


def test_what_a_worker_answers_ends_the_execution_without_a_retry(sfn: Any, create: Create) -> None:
    activity = sfn.create_activity(name="of-deleted")["activityArn"]
    machine = create(work(activity), name="worked")
    arns = [sfn.start_execution(stateMachineArn=machine, name=name)["executionArn"] for name in ("ok", "not")]
    tokens = [sfn.get_activity_task(activityArn=activity)["taskToken"] for _ in arns]

    sfn.delete_state_machine(stateMachineArn=machine)
    sfn.send_task_heartbeat(taskToken=tokens[0])
    assert sfn.describe_execution(executionArn=arns[0])["status"] == "RUNNING"
    sfn.send_task_success(taskToken=tokens[0], output="1")
    sfn.send_task_failure(taskToken=tokens[1], error="Busy")

    for arn in arns:
        assert ended(sfn, arn)["cause"] == of_deleted("worked")["cause"]
        assert [event["type"] for event in events(sfn, arn)] == [
            "ExecutionStarted",
            "TaskStateEntered",
            "ActivityScheduled",
            "ActivityStarted",
            "ExecutionFailed",
        ]
    gone(sfn, machine)


def test_nothing_is_begun_with_a_state_machine_that_is_being_deleted(sfn: Any, create: Create) -> None:
    machine = create(WAIT, name="leaving")
    version = sfn.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
    routes = [{"stateMachineVersionArn": version, "weight": 100}]
    alias = sfn.create_state_machine_alias(name="live", routingConfiguration=routes)["stateMachineAliasArn"]
    running = sfn.start_execution(stateMachineArn=alias)["executionArn"]
    sfn.delete_state_machine(stateMachineArn=machine)
    sfn.delete_state_machine(stateMachineArn=machine)
    said = ("StateMachineDeleting", f"State Machine is being deleted: '{machine}'")

    for target in (machine, version, alias):
        assert refused(sfn.start_execution, stateMachineArn=target)[0] == "StateMachineDeleting"
    assert refused(sfn.start_execution, stateMachineArn=machine) == said
    assert refused(create, definition=WAIT, name="leaving") == said
    assert refused(create, definition=PASS, name="leaving") == said
    assert refused(sfn.update_state_machine, stateMachineArn=machine, roleArn=ROLE + "2") == said
    assert refused(sfn.publish_state_machine_version, stateMachineArn=machine) == said
    assert refused(sfn.create_state_machine_alias, name="b", routingConfiguration=routes) == said
    assert refused(sfn.update_state_machine_alias, stateMachineAliasArn=alias, description="b") == said

    sfn.stop_execution(executionArn=running)
    gone(sfn, machine)
    assert refused(sfn.start_execution, stateMachineArn=version)[0] == "StateMachineDoesNotExist"


def test_a_new_state_machine_of_the_same_name_begins_with_nothing(sfn: Any, create: Create) -> None:
    machine = create(PASS, name="again")
    arn = sfn.start_execution(stateMachineArn=machine, name="one", input='"old"')["executionArn"]
    ended(sfn, arn)
    sfn.delete_state_machine(stateMachineArn=machine)

    assert create(WAIT, name="again") == machine

    assert sfn.list_executions(stateMachineArn=machine)["executions"] == []
    assert sfn.describe_execution(executionArn=arn)["input"] == '"old"'
    again = sfn.start_execution(stateMachineArn=machine, name="one", input='"new"')["executionArn"]
    assert again == arn
    answer = sfn.describe_execution(executionArn=arn)
    assert (answer["status"], answer["input"]) == ("RUNNING", '"new"')
    listed = sfn.list_executions(stateMachineArn=machine)["executions"]
    assert [execution["status"] for execution in listed] == ["RUNNING"]
    assert sfn.list_map_runs(executionArn=arn)["mapRuns"] == []
    assert refused(sfn.start_execution, stateMachineArn=machine, name="one")[0] == "ExecutionAlreadyExists"


def test_children_of_a_map_run_end_with_it(sfn: Any, create: Create) -> None:
    wait = {"Type": "Wait", "Seconds": 1, "Next": "B"}
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "A",
        "States": {"A": wait, "B": {"Type": "Pass", "End": True}},
    }
    each = {"Type": "Map", "ItemProcessor": processor, "End": True}
    machine = create({"StartAt": "Each", "States": {"Each": each}}, name="mapped")
    arn = sfn.start_execution(stateMachineArn=machine, name="one", input="[1, 2]")["executionArn"]
    until = time.monotonic() + 20
    while not (runs := sfn.list_map_runs(executionArn=arn)["mapRuns"]) and time.monotonic() < until:
        time.sleep(0.02)

    sfn.delete_state_machine(stateMachineArn=machine)

    assert ended(sfn, arn)["cause"] == of_deleted("mapped")["cause"]
    children = sfn.list_executions(mapRunArn=runs[0]["mapRunArn"])["executions"]
    assert {child["status"] for child in children} == {"ABORTED"}
    gone(sfn, machine)
    # The Map Run stays the old execution's.
    assert create(PASS, name="mapped") == machine
    assert sfn.start_execution(stateMachineArn=machine, name="one")["executionArn"] == arn
    assert sfn.list_map_runs(executionArn=arn)["mapRuns"] == []


def test_an_execution_of_a_deleted_state_machine_is_not_redriven(sfn: Any, create: Create) -> None:
    machine = create({"StartAt": "No", "States": {"No": {"Type": "Fail"}}}, name="failing")
    arn = sfn.start_execution(stateMachineArn=machine, name="one")["executionArn"]
    ended(sfn, arn)
    sfn.delete_state_machine(stateMachineArn=machine)
    said = (
        "ExecutionNotRedrivable",
        f"Execution {arn} invalid for redrive as: State machine failing has been deleted",
    )

    assert refused(sfn.redrive_execution, executionArn=arn) == said
    create(WAIT, name="failing")
    assert refused(sfn.redrive_execution, executionArn=arn) == said


def test_a_version_or_an_alias_is_not_deleted_as_a_state_machine(sfn: Any, create: Create) -> None:
    machine = create()
    version = sfn.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]

    assert refused(sfn.delete_state_machine, stateMachineArn=version)[0] == "ValidationException"
    assert sfn.describe_state_machine(stateMachineArn=version)["status"] == "ACTIVE"


def test_an_express_state_machine_is_gone_at_once(sfn: Any, create: Create) -> None:
    machine = create(SHORT, type="EXPRESS")
    sfn.start_execution(stateMachineArn=machine)

    sfn.delete_state_machine(stateMachineArn=machine)

    assert refused(sfn.describe_state_machine, stateMachineArn=machine)[0] == "StateMachineDoesNotExist"


def test_a_deletion_goes_on_after_a_kill(tmp_path: Path) -> None:
    with DevProcess(tmp_path / "data") as dev:
        sfn = dev.client()
        waits = sfn.create_state_machine(name="waits", definition=json.dumps(WAIT), roleArn=ROLE)
        short = sfn.create_state_machine(name="short", definition=json.dumps(SHORT), roleArn=ROLE)
        running = sfn.start_execution(stateMachineArn=waits["stateMachineArn"])["executionArn"]
        failing = sfn.start_execution(stateMachineArn=short["stateMachineArn"])["executionArn"]
        for machine in (waits, short):
            sfn.delete_state_machine(stateMachineArn=machine["stateMachineArn"])
        dev.kill()
        dev.start()
        sfn = dev.client()

        assert ended(sfn, failing)["cause"] == of_deleted("short")["cause"]
        gone(sfn, short["stateMachineArn"])
        assert sfn.describe_state_machine(stateMachineArn=waits["stateMachineArn"])["status"] == "DELETING"
        sfn.stop_execution(executionArn=running)
        gone(sfn, waits["stateMachineArn"])
