"""The file of mocks of AWS Step Functions Local, and its test cases behind the ARN of a state machine, by boto3."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.processes.dev import ROLE, ROOT, DevProcess, ended

SEND = "acme:send"
ORDER = {
    "StartAt": "Charge",
    "States": {
        "Charge": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "charge", "Payload.$": "$"},
            "ResultSelector": {"paid.$": "$.Payload.paid"},
            "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 2}],
            "Next": "Pause",
        },
        "Pause": {"Type": "Wait", "Seconds": 1, "Next": "Tell"},
        "Tell": {"Type": "Task", "Resource": SEND, "ResultPath": "$.told", "End": True},
    },
}
MOCKS = {
    "StateMachines": {
        "order": {
            "TestCases": {
                "Happy": {"Charge": "Paid", "Tell": "Told"},
                "Retried": {"Charge": "BusyOnce", "Tell": "Told"},
                "Half": {"Charge": "Paid"},
                "Odd": {"Elsewhere": "Told"},
            }
        },
        "now": {"TestCases": {"Happy": {"Tell": "Told"}}},
    },
    "MockedResponses": {
        "Paid": {"0": {"Return": {"Payload": {"paid": True}}}},
        "BusyOnce": {
            "0": {"Throw": {"Error": "Busy", "Cause": "later"}},
            "1": {"Return": {"Payload": {"paid": True}}},
        },
        "Told": {"0": {"Return": {"MessageId": "m"}}},
    },
}


@pytest.fixture(scope="module")
def mocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    folder = tmp_path_factory.mktemp("mocked")
    (folder / "mocks.json").write_text(json.dumps(MOCKS))
    with DevProcess(folder / "data", environment={"SFN_MOCK_CONFIG": str(folder / "mocks.json")}) as process:
        create(process.client(), "order", ORDER)
        yield process


def create(sfn: Any, name: str, definition: Any, **more: Any) -> str:
    answer = sfn.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE, **more)
    arn: str = answer["stateMachineArn"]
    return arn


def started(sfn: Any, case: str, **more: Any) -> str:
    order = "arn:aws:states:us-east-1:123456789012:stateMachine:order"
    arn: str = sfn.start_execution(stateMachineArn=f"{order}#{case}", **more)["executionArn"]
    return arn


def refused(sfn: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        sfn.start_execution(**request)
    said = error.value.response["Error"]
    return said["Code"], said["Message"]


def test_a_test_case_answers_the_tasks_of_its_states(mocked: DevProcess) -> None:
    sfn = mocked.client()
    arn = started(sfn, "Happy", name="happy")

    answer = ended(sfn, arn)

    assert arn == "arn:aws:states:us-east-1:123456789012:execution:order:happy"
    assert json.loads(answer["output"]) == {"paid": True, "told": {"MessageId": "m"}}
    assert answer["stateMachineArn"] == "arn:aws:states:us-east-1:123456789012:stateMachine:order"


def test_each_execution_begins_with_the_first_answer(mocked: DevProcess) -> None:
    sfn = mocked.client()
    for arn in [started(sfn, "Retried") for _ in range(3)]:
        assert ended(sfn, arn)["status"] == "SUCCEEDED"
        types = [event["type"] for event in sfn.get_execution_history(executionArn=arn)["events"]]
        assert types.count("TaskFailed") == 1
        assert types.count("TaskScheduled") == 3


def test_tasks_without_a_mock_run_as_ever(mocked: DevProcess) -> None:
    sfn = mocked.client()
    answer = ended(sfn, started(sfn, "Half"))
    assert answer["status"] == "FAILED"
    assert answer["cause"] == f"State 'Tell' is not mocked, and nothing here serves its Resource '{SEND}'."


def test_an_execution_without_a_test_case_is_not_mocked(mocked: DevProcess) -> None:
    sfn = mocked.client()
    tell = {"StartAt": "Tell", "States": {"Tell": {"Type": "Task", "Resource": SEND, "End": True}}}
    arn = sfn.start_execution(stateMachineArn=create(sfn, "plain", tell))["executionArn"]
    answer = ended(sfn, arn)
    assert answer["cause"] == f"State 'Tell' is not mocked, and nothing here serves its Resource '{SEND}'."


def test_an_express_state_machine_takes_test_cases_too(mocked: DevProcess) -> None:
    sfn = mocked.client()
    tell = {"StartAt": "Tell", "States": {"Tell": {"Type": "Task", "Resource": SEND, "End": True}}}
    machine = create(sfn, "now", tell, type="EXPRESS")
    answer = sfn.start_sync_execution(stateMachineArn=f"{machine}#Happy")
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"MessageId":"m"}')
    assert sfn.start_execution(stateMachineArn=f"{machine}#Happy")["executionArn"]


def test_what_is_wrong_with_a_test_case_is_said_at_the_start(mocked: DevProcess) -> None:
    sfn = mocked.client()
    order = "arn:aws:states:us-east-1:123456789012:stateMachine:order"
    other = create(sfn, "other", ORDER)

    for arn, words in (
        (f"{order}#Hapy", "there is no test case 'Hapy': the file has Happy, Retried, Half, Odd"),
        (f"{order}#Odd", "'Elsewhere' is not a Task state of the definition"),
        (f"{other}#Happy", "there is no state machine 'other': the file has order, now"),
    ):
        code, message = refused(sfn, stateMachineArn=arn)
        assert code == "ValidationException"
        assert words in message
    assert refused(sfn, stateMachineArn=f"{order}x#Happy")[0] == "StateMachineDoesNotExist"


def test_without_a_file_test_cases_are_refused(sfn: Any, create: Any) -> None:
    code, message = refused(sfn, stateMachineArn=f"{create()}#Happy")
    assert code == "ValidationException"
    assert "--mock-config" in message


def test_a_mocked_execution_goes_on_after_a_kill(tmp_path: Path) -> None:
    file = tmp_path / "mocks.json"
    file.write_text(json.dumps(MOCKS))
    with DevProcess(tmp_path / "data", "--mock-config", str(file)) as dev:
        sfn = dev.client()
        create(sfn, "order", ORDER)
        arns = [started(sfn, "Retried") for _ in range(3)]
        dev.kill()
        dev.start()
        sfn = dev.client()
        for arn in arns:
            assert json.loads(ended(sfn, arn)["output"]) == {"paid": True, "told": {"MessageId": "m"}}


def test_a_file_that_is_wrong_is_refused_before_anything_is_served(tmp_path: Path) -> None:
    file = tmp_path / "mocks.json"
    file.write_text(json.dumps({"StateMachines": {"order": {"TestCases": {"A": {"Charge": "Gone"}}}}}))
    command = [sys.executable, "-m", "stepwright.cli", "dev", "--port", "0", "--data", str(tmp_path / "d")]
    ran = subprocess.run(
        [*command, "--mock-config", str(file)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "operator"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert "there is no mocked response 'Gone'" in ran.stderr
