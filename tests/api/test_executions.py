"""Executions by boto3."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.conftest import PASS, WAIT
from tests.api.test_state_machines import refusal
from tests.processes.dev import ROLE, DevProcess, ended

Create = Callable[..., str]

FAIL = {"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "Oh", "Cause": "No"}}}
LONG = {
    "StartAt": "A",
    "States": {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Pass", "Next": "C"},
        "C": {"Type": "Succeed"},
    },
}


def test_an_execution_succeeds_with_its_output(sfn: Any, create: Create) -> None:
    machine = create()

    started = sfn.start_execution(stateMachineArn=machine, name="one", input='{"a": 1.0}')
    answer = ended(sfn, started["executionArn"])

    assert started["executionArn"] == machine.replace("stateMachine", "execution") + ":one"
    assert answer["startDate"] == started["startDate"]
    assert answer["stopDate"] >= answer["startDate"]
    del answer["ResponseMetadata"], answer["startDate"], answer["stopDate"]
    assert answer == {
        "executionArn": started["executionArn"],
        "stateMachineArn": machine,
        "name": "one",
        "status": "SUCCEEDED",
        "input": '{"a": 1.0}',
        "inputDetails": {"included": True},
        "output": '{"a": 1.0}',
        "outputDetails": {"included": True},
        "redriveCount": 0,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    }


def test_a_failed_execution_tells_error_and_cause(sfn: Any, create: Create) -> None:
    answer = ended(sfn, sfn.start_execution(stateMachineArn=create(FAIL))["executionArn"])

    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "Oh", "No")
    assert "output" not in answer


def test_starting_a_running_execution_again_gives_the_same_one(sfn: Any, create: Create) -> None:
    machine = create(WAIT)

    one = sfn.start_execution(stateMachineArn=machine, name="again", input="{}")
    two = sfn.start_execution(stateMachineArn=machine, name="again", input="{}")

    assert (one["executionArn"], one["startDate"]) == (two["executionArn"], two["startDate"])


@pytest.mark.parametrize("other", ["input", "ended"])
def test_a_taken_name_is_refused(sfn: Any, create: Create, other: str) -> None:
    machine = create(WAIT if other == "input" else PASS)
    arn = sfn.start_execution(stateMachineArn=machine, name="taken", input="{}")["executionArn"]
    if other == "ended":
        ended(sfn, arn)

    with pytest.raises(ClientError) as error:
        sfn.start_execution(stateMachineArn=machine, name="taken", input="[]" if other == "input" else "{}")

    assert refusal(error) == ("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")


def test_a_stopped_execution_is_aborted_when_the_call_returns(sfn: Any, create: Create) -> None:
    arn = sfn.start_execution(stateMachineArn=create(WAIT))["executionArn"]

    stopped = sfn.stop_execution(executionArn=arn, error="Enough", cause="by hand")
    again = sfn.stop_execution(executionArn=arn)
    answer = sfn.describe_execution(executionArn=arn)

    assert (answer["status"], answer["error"], answer["cause"]) == ("ABORTED", "Enough", "by hand")
    assert answer["stopDate"] == stopped["stopDate"] == again["stopDate"]


def test_executions_are_listed_by_their_end_and_running_ones_by_their_start_or_redrive(
    sfn: Any, create: Create
) -> None:
    machine = create(WAIT)
    first, second, third, fourth = (
        sfn.start_execution(stateMachineArn=machine, name=name)["executionArn"] for name in "abcd"
    )
    sfn.stop_execution(executionArn=second)
    sfn.stop_execution(executionArn=first)

    def listed() -> list[str]:
        answer = sfn.list_executions(stateMachineArn=machine)
        return [execution["executionArn"] for execution in answer["executions"]]

    assert listed() == [first, second, fourth, third]
    sfn.redrive_execution(executionArn=second)
    assert listed() == [second, first, fourth, third]


@pytest.mark.parametrize("asked", [{"redriveFilter": "REDRIVEN"}, {"statusFilter": "PENDING_REDRIVE"}])
def test_what_only_map_runs_know_is_refused_for_a_state_machine(
    sfn: Any, create: Create, asked: dict[str, str]
) -> None:
    with pytest.raises(ClientError) as error:
        sfn.list_executions(stateMachineArn=create(), **asked)

    assert refusal(error)[0] == "ValidationException"
    assert next(iter(asked)) in refusal(error)[1]


def test_an_execution_that_timed_out_tells_so_in_its_history_alone(sfn: Any, create: Create) -> None:
    arn = sfn.start_execution(stateMachineArn=create({**WAIT, "TimeoutSeconds": 1}))["executionArn"]

    answer = ended(sfn, arn)

    last = sfn.get_execution_history(executionArn=arn)["events"][-1]
    assert (last["type"], last["executionTimedOutEventDetails"]) == (
        "ExecutionTimedOut",
        {"error": "States.Timeout"},
    )
    assert answer["status"] == "TIMED_OUT"
    assert not {"error", "cause"} & answer.keys()


def test_executions_are_listed_by_status_the_newest_first(sfn: Any, create: Create) -> None:
    machine = create(WAIT)
    arns = [sfn.start_execution(stateMachineArn=machine, name=f"n{n}")["executionArn"] for n in range(4)]
    sfn.stop_execution(executionArn=arns[1])

    def listed(**arguments: Any) -> list[str]:
        pages = sfn.get_paginator("list_executions").paginate(
            stateMachineArn=machine, PaginationConfig={"PageSize": 2}, **arguments
        )
        return [execution["executionArn"] for page in pages for execution in page["executions"]]

    assert listed() == [arns[1], arns[3], arns[2], arns[0]]
    assert listed(statusFilter="RUNNING") == [arns[3], arns[2], arns[0]]
    assert listed(statusFilter="ABORTED") == [arns[1]]


def test_a_page_token_of_another_list_is_refused(sfn: Any, create: Create) -> None:
    machine = create(WAIT)
    for _ in range(2):
        sfn.start_execution(stateMachineArn=machine)
    token = sfn.list_executions(stateMachineArn=machine, maxResults=1)["nextToken"]

    calls: tuple[Callable[[], Any], ...] = (
        lambda: sfn.list_executions(stateMachineArn=machine, statusFilter="FAILED", nextToken=token),
        lambda: sfn.list_state_machines(nextToken=token),
        lambda: sfn.list_state_machines(nextToken="nonsense"),
    )
    for call in calls:
        with pytest.raises(ClientError) as error:
            call()
        assert refusal(error) == ("InvalidToken", "Invalid Token: 'Invalid token'")


def test_a_history_is_read_forwards_backwards_and_in_pages(sfn: Any, create: Create) -> None:
    arn = sfn.start_execution(stateMachineArn=create(LONG), input='{"secret": 1}')["executionArn"]
    ended(sfn, arn)

    def ids(**arguments: Any) -> list[int]:
        pages = sfn.get_paginator("get_execution_history").paginate(
            executionArn=arn, PaginationConfig={"PageSize": 3}, **arguments
        )
        return [event["id"] for page in pages for event in page["events"]]

    everything = sfn.get_execution_history(executionArn=arn)["events"]
    without = sfn.get_execution_history(executionArn=arn, includeExecutionData=False)["events"]
    assert [event["type"] for event in everything] == [
        "ExecutionStarted",
        *["PassStateEntered", "PassStateExited"] * 2,
        "SucceedStateEntered",
        "SucceedStateExited",
        "ExecutionSucceeded",
    ]
    assert ids() == list(range(1, 9))
    assert ids(reverseOrder=True) == list(range(8, 0, -1))
    assert everything[1]["stateEnteredEventDetails"]["input"] == '{"secret": 1}'
    assert without[1]["stateEnteredEventDetails"] == {"name": "A"}
    assert "secret" not in str(without)


def test_long_inputs_come_back_as_they_were(sfn: Any, create: Create) -> None:
    text = json.dumps({"long": "ä" * 100_000}, ensure_ascii=False)

    arn = sfn.start_execution(stateMachineArn=create(LONG), input=text)["executionArn"]
    answer = ended(sfn, arn)
    events = sfn.get_execution_history(executionArn=arn)["events"]

    assert json.loads(answer["output"]) == json.loads(text)
    assert events[0]["executionStartedEventDetails"]["input"] == text


def test_an_express_execution_gives_its_output_at_once(sfn: Any, create: Create) -> None:
    machine = create(type="EXPRESS")

    answer = sfn.start_sync_execution(stateMachineArn=machine, name="now", input="[1]")

    assert (answer["status"], answer["output"], answer["name"]) == ("SUCCEEDED", "[1]", "now")
    assert answer["executionArn"].startswith(machine.replace("stateMachine", "express") + ":now:")
    assert answer["billingDetails"] == {"billedDurationInMilliseconds": 100, "billedMemoryUsedInMB": 64}


def test_standard_and_express_keep_to_their_own_operations(sfn: Any, create: Create) -> None:
    express, standard = create(type="EXPRESS"), create()
    started = sfn.start_execution(stateMachineArn=express)["executionArn"]

    with pytest.raises(ClientError) as error:
        sfn.start_sync_execution(stateMachineArn=standard)
    assert refusal(error)[0] == "StateMachineTypeNotSupported"
    with pytest.raises(ClientError) as error:
        sfn.list_executions(stateMachineArn=express)
    assert refusal(error)[0] == "StateMachineTypeNotSupported"
    with pytest.raises(ClientError) as error:
        sfn.describe_execution(executionArn=started)
    assert refusal(error) == ("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'")


def test_a_task_that_nothing_serves_fails_with_the_reason(sfn: Any, create: Create) -> None:
    task = {
        "Type": "Task",
        "Resource": "acme:deliver",
        "Parameters": {},
        "End": True,
    }

    arn = sfn.start_execution(stateMachineArn=create({"StartAt": "A", "States": {"A": task}}))["executionArn"]
    answer = ended(sfn, arn)

    assert (answer["status"], answer["error"]) == ("FAILED", "States.Runtime")
    assert "acme:deliver" in answer["cause"]


def test_the_name_of_an_execution_is_free_again_ninety_days_after_its_end(tmp_path: Path) -> None:
    day = 24 * 60 * 60 * 1000
    with DevProcess(tmp_path / "data") as dev:
        sfn = dev.client()
        arn = sfn.create_state_machine(name="m", definition=json.dumps(PASS), roleArn=ROLE)["stateMachineArn"]
        for name in ("long-ago", "lately"):
            ended(sfn, sfn.start_execution(stateMachineArn=arn, name=name, input="1")["executionArn"])
    database = sqlite3.connect(tmp_path / "data" / "stepwright.db")
    with database:
        for name, days in (("long-ago", 91), ("lately", 89)):
            database.execute(
                "UPDATE executions SET started = started - ?1, stopped = stopped - ?1 WHERE name = ?2",
                (days * day, name),
            )
    database.close()

    with DevProcess(tmp_path / "data") as dev:
        sfn = dev.client()
        again = sfn.start_execution(stateMachineArn=arn, name="long-ago", input="2")["executionArn"]
        assert ended(sfn, again)["output"] == "2"
        assert again == arn.replace(":stateMachine:", ":execution:") + ":long-ago"
        with pytest.raises(ClientError) as error:
            sfn.start_execution(stateMachineArn=arn, name="lately", input="2")
        assert refusal(error)[0] == "ExecutionAlreadyExists"
