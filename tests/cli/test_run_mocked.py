"""``stepwright run --mock``: tasks answered from a file in the format of AWS Step Functions Local."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.test_run import file as file  # noqa: PLC0414
from tests.cli.test_run import run

NOT_READY = {"Throw": {"Error": "Lambda.ResourceNotReadyException", "Cause": "Lambda resource is not ready."}}
MOCKS: dict[str, Any] = {
    "StateMachines": {
        "LambdaSQSIntegration": {
            "TestCases": {
                "HappyPath": {"LambdaState": "MockedLambdaSuccess", "SQSState": "MockedSQSSuccess"},
                "RetryPath": {"LambdaState": "MockedLambdaRetry", "SQSState": "MockedSQSSuccess"},
                "HybridPath": {"LambdaState": "MockedLambdaSuccess"},
                "TooFew": {"LambdaState": "MockedNotReady", "SQSState": "MockedSQSSuccess"},
            }
        }
    },
    "MockedResponses": {
        "MockedLambdaSuccess": {"0": {"Return": {"Payload": {"n": 1.0}}}},
        "MockedSQSSuccess": {"0": {"Return": {"MessageId": "3bcb6e8e"}}},
        "MockedLambdaRetry": {
            "0": NOT_READY,
            "1-3": {"Return": {"Payload": "at last"}},
        },
        "MockedNotReady": {"0": NOT_READY},
    },
}
MACHINE: dict[str, Any] = {
    "StartAt": "LambdaState",
    "States": {
        "LambdaState": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "greet", "Payload.$": "$"},
            "OutputPath": "$.Payload",
            "Retry": [
                {
                    "ErrorEquals": ["States.ALL"],
                    "MaxAttempts": 3,
                    "JitterStrategy": "FULL",
                }
            ],
            "Next": "SQSState",
        },
        "SQSState": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.waitForTaskToken",
            "Parameters": {"MessageBody.$": "$", "Token.$": "$$.Task.Token"},
            "ResultPath": "$.sent",
            "End": True,
        },
    },
}
LAMBDA = MACHINE["States"]["LambdaState"]
ONLY_LAMBDA = {
    "StartAt": "LambdaState",
    "States": {"LambdaState": {**LAMBDA, "Next": "End"}, "End": {"Type": "Succeed"}},
}


def test_a_test_case_answers_its_states(file: Any) -> None:
    result = run(file(MACHINE), "--mock", file(MOCKS, "mocks.json") + "#HappyPath")

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == '{"n":1.0,"sent":{"MessageId":"3bcb6e8e"}}\n'


def test_ranges_answer_one_invocation_after_the_other(file: Any) -> None:
    machine = {
        "StartAt": "LambdaState",
        "States": {"LambdaState": {**LAMBDA, "Next": "End"}, "End": {"Type": "Succeed"}},
    }
    mocks = {**MOCKS, "StateMachines": {"A": {"TestCases": {"Only": {"LambdaState": "MockedLambdaRetry"}}}}}

    result = run(file(machine), "--mock", file(mocks, "mocks.json"), "--watch")

    assert (result.returncode, result.stdout) == (0, '"at last"\n')
    assert result.stderr.count("attempt 2") == 1


def test_an_invocation_without_an_answer_ends_the_execution(file: Any) -> None:
    result = run(file(MACHINE), "--mock", file(MOCKS, "mocks.json") + "#TooFew")

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "stepwright: FAILED: States.Runtime: MockedResponses/MockedNotReady answers once, and state LambdaState was "
        "called once more (invocation 1, counted from 0).\n"
    )


def test_a_task_that_is_not_mocked_runs_as_ever(file: Any) -> None:
    shell = {"command": ["sh", "-c", 'echo \'"real"\' > "$STEPWRIGHT_OUTPUT_FILE"']}
    states = {
        "LambdaState": {"Type": "Task", "Resource": "k8s:job", "Parameters": shell, "Next": "Real"},
        "Real": {
            "Type": "Task",
            "Resource": "k8s:job",
            "Parameters": shell,
            "ResultPath": "$.real",
            "End": True,
        },
    }

    result = run(
        file({"StartAt": "LambdaState", "States": states}),
        "--mock",
        file(MOCKS, "mocks.json") + "#HybridPath",
    )

    assert (result.returncode, result.stdout) == (0, '{"Payload":{"n":1.0},"real":"real"}\n')


def test_a_task_that_is_neither_mocked_nor_served_fails(file: Any) -> None:
    result = run(file(MACHINE), "--mock", file(MOCKS, "mocks.json") + "#HybridPath")

    assert result.returncode == 1
    assert (
        "No driver of this installation serves the Resource 'arn:aws:states:::states:startExecution"
        in result.stderr
    )


def test_the_state_machine_is_chosen_by_name(file: Any) -> None:
    other = {"TestCases": {"Only": {"LambdaState": "MockedNotReady"}}}
    mocks = file({**MOCKS, "StateMachines": {**MOCKS["StateMachines"], "Other": other}}, "mocks.json")

    unnamed = run(file(MACHINE), "--mock", mocks + "#HappyPath")
    named = run(file(MACHINE), "--mock", mocks + "#HappyPath", "--name", "LambdaSQSIntegration")

    assert unnamed.returncode == 2
    assert (
        "mocks.json:1:2: name the state machine: the file has LambdaSQSIntegration, Other" in unnamed.stderr
    )
    assert named.returncode == 0


@pytest.mark.parametrize(
    ("mocks", "case", "message"),
    [
        pytest.param("{", "", "mocks.json:1:2: the text ends in the middle of a value", id="not JSON"),
        pytest.param(
            {**MOCKS, "Mocked": {}}, "#HappyPath", "there is no field 'Mocked' here", id="unknown field"
        ),
        pytest.param(
            {"MockedResponses": {}}, "", "mocks.json:1:1: StateMachines is missing", id="no machines"
        ),
        pytest.param(
            MOCKS, "", "name the test case: the file has HappyPath, RetryPath, HybridPath", id="no case"
        ),
        pytest.param(
            MOCKS,
            "#Happy",
            "mocks.json:1:45: there is no test case 'Happy': the file has HappyPath",
            id="missing case",
        ),
        pytest.param(
            {
                "StateMachines": {"A": {"TestCases": {"B": {"LambdaState": "Mockd"}}}},
                "MockedResponses": {"Mock": {"0": NOT_READY}},
            },
            "",
            "mocks.json:1:46: there is no mocked response 'Mockd'; is 'Mock' meant?",
            id="missing response",
        ),
        pytest.param(
            {
                "StateMachines": {"A": {"TestCases": {"B": {"LamdaState": "C"}}}},
                "MockedResponses": {"C": {"0": NOT_READY}},
            },
            "",
            "'LamdaState' is not a Task state of the definition; is 'LambdaState' meant?",
            id="missing state",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(
    file: Any, mocks: Any, case: str, message: str
) -> None:
    result = run(file(MACHINE), "--mock", file(mocks, "mocks.json") + case)

    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr


def reading_and_writing() -> dict[str, Any]:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Keep",
        "States": {"Keep": {"Type": "Pass", "End": True}},
    }
    each = {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "Parameters": {"Bucket": "b", "Key": "k"},
            "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        },
        "ItemProcessor": processor,
        "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "results"}},
        "OutputPath": "$.ResultWriterDetails.Bucket",
        "End": True,
    }
    return {"StartAt": "Each", "States": {"Each": each}}


def test_a_map_reads_and_writes_what_the_file_says(file: Any) -> None:
    mocked = {"Each/ItemReader": "Rows", "Each/ResultWriter": "Done"}
    mocks = {
        "StateMachines": {"A": {"TestCases": {"Only": mocked}}},
        "MockedResponses": {"Rows": {"0": {"Return": "n\n1\n2"}}, "Done": {"0": {"Return": None}}},
    }

    result = run(file(reading_and_writing()), "--mock", file(mocks, "mocks.json"))

    assert (result.returncode, result.stderr, result.stdout) == (0, "", '"results"\n')


def test_a_map_whose_items_cannot_be_read_fails_with_the_reason(file: Any) -> None:
    result = run(file(reading_and_writing()))

    assert result.returncode == 1
    assert "States.ItemReaderFailed: AWS_ENDPOINT_URL_S3 names no endpoint" in result.stderr
