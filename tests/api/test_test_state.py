"""TestState by boto3: one state, what it makes of its input, and what it does with errors."""

from __future__ import annotations

import json
import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from stepwright.api.operations.test_state import run
from stepwright.api.service import Service
from stepwright.asl.definition.compiling import unchecked
from stepwright.asl.test_state import Trial
from stepwright.catalog.arns import Place
from stepwright.engine.beside import Beside
from stepwright.engine.clock import SystemClock
from tests.api.test_state_machines import refusal
from tests.processes.dev import ROLE

INVOKE = "arn:aws:states:::lambda:invoke"
PUT_EVENTS = "arn:aws:states:::events:putEvents"
START = "arn:aws:states:::states:startExecution"
STOP = {"Type": "Pass", "End": True}
PROCESSOR = {"StartAt": "One", "States": {"One": STOP}}
ERROR = {"errorOutput": {"error": "Shop.Closed", "cause": "It is Sunday"}}


def verdict(sfn: Any, state: Any, **arguments: Any) -> dict[str, Any]:
    """The answer without metadata, JSON texts as values; ``result`` is a mock's, as a value."""
    if "result" in arguments:
        arguments["mock"] = {"result": json.dumps(arguments.pop("result")), **arguments.pop("mock", {})}
    for name in ("input", "context", "variables"):
        if name in arguments:
            arguments[name] = json.dumps(arguments[name])
    answer: dict[str, Any] = sfn.test_state(definition=json.dumps(state), **arguments)
    del answer["ResponseMetadata"]
    return {
        name: json.loads(value)
        if name == "output"
        else {key: read(item) for key, item in value.items()}
        if name == "inspectionData"
        else value
        for name, value in answer.items()
    }


def read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def task(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": INVOKE, "Parameters": {"FunctionName": "f"}, "Next": "Done", **fields}


def task_of(resource: str) -> dict[str, Any]:
    """With whatever its service asks for."""
    return task(Resource=resource, Parameters=ASKED_FOR.get(resource, {"FunctionName": "f"}))


def test_a_mocked_task_tells_every_stage_of_its_data(sfn: Any) -> None:
    state = task(
        InputPath="$.order",
        Parameters={"FunctionName": "f", "Payload.$": "$.id"},
        ResultSelector={"paid.$": "$.Payload"},
        ResultPath="$.charge",
    )

    answer = verdict(
        sfn, state, input={"order": {"id": 7}}, result={"Payload": True}, inspectionLevel="DEBUG"
    )

    assert answer == {
        "status": "SUCCEEDED",
        "nextState": "Done",
        "output": {"order": {"id": 7}, "charge": {"paid": True}},
        "inspectionData": {
            "input": {"order": {"id": 7}},
            "afterInputPath": {"id": 7},
            "afterParameters": {"FunctionName": "f", "Payload": 7},
            "result": {"Payload": True},
            "afterResultSelector": {"paid": True},
            "afterResultPath": {"order": {"id": 7}, "charge": {"paid": True}},
        },
    }


def test_stages_are_told_as_far_as_the_state_came(sfn: Any) -> None:
    state = task(Parameters={"FunctionName.$": "$.absent"})

    answer = verdict(sfn, state, input={"a": 1}, result={}, inspectionLevel="TRACE")

    assert (answer["status"], answer["error"]) == ("FAILED", "States.Runtime")
    assert "$.absent" in answer["cause"]
    assert answer["inspectionData"] == {"input": {"a": 1}, "afterInputPath": {"a": 1}}


def test_without_a_level_nothing_is_inspected(sfn: Any) -> None:
    assert verdict(sfn, STOP, input=[1]) == {"status": "SUCCEEDED", "output": [1]}


@pytest.mark.parametrize(
    ("used", "expected", "details"),
    [
        (0, "RETRIABLE", {"retryIndex": 1, "retryBackoffIntervalSeconds": 2}),
        (2, "RETRIABLE", {"retryIndex": 1, "retryBackoffIntervalSeconds": 18}),
        (3, "CAUGHT_ERROR", {"retryIndex": 1, "catchIndex": 1}),
    ],
)
def test_a_mocked_error_is_retried_until_its_retrier_is_used_up_then_caught(
    sfn: Any, used: int, expected: str, details: dict[str, int]
) -> None:
    state = task(
        Retry=[
            {"ErrorEquals": ["Other"]},
            {"ErrorEquals": ["Shop.Closed"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 3},
        ],
        Catch=[
            {"ErrorEquals": ["Other"], "Next": "Other"},
            {"ErrorEquals": ["States.ALL"], "ResultPath": "$.why", "Next": "Wait"},
        ],
    )

    answer = verdict(
        sfn,
        state,
        input={},
        mock=ERROR,
        stateConfiguration={"retrierRetryCount": used},
        inspectionLevel="DEBUG",
    )

    assert (answer["status"], answer["error"], answer["cause"]) == (expected, "Shop.Closed", "It is Sunday")
    assert answer["inspectionData"]["errorDetails"] == details
    if expected == "CAUGHT_ERROR":
        assert answer["nextState"] == "Wait"
        assert answer["output"] == {"why": {"Error": "Shop.Closed", "Cause": "It is Sunday"}}
    else:
        assert "nextState" not in answer


def test_a_map_that_fails_more_often_than_it_tolerates_fails(sfn: Any) -> None:
    state = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemSelector": {"n.$": "$$.Map.Item.Index", "item.$": "$$.Map.Item.Value"},
        "ItemProcessor": {
            **PROCESSOR,
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        },
        "ToleratedFailurePercentage": 50,
        "MaxConcurrency": 3,
        "End": True,
    }

    def status(failed: int) -> dict[str, Any]:
        return verdict(
            sfn,
            state,
            input={"items": ["a", "b"]},
            result=[1, 2],
            stateConfiguration={"mapIterationFailureCount": failed},
            inspectionLevel="DEBUG",
        )

    within, beyond = status(1), status(2)

    assert (within["status"], within["output"]) == ("SUCCEEDED", [1, 2])
    assert (beyond["status"], beyond["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    assert beyond["inspectionData"] == {
        "input": {"items": ["a", "b"]},
        "afterInputPath": {"items": ["a", "b"]},
        "afterItemsPath": ["a", "b"],
        "afterItemSelector": [{"n": 0, "item": "a"}, {"n": 1, "item": "b"}],
        "maxConcurrency": 3,
        "toleratedFailurePercentage": 50.0,
    }


def test_a_map_tells_its_batches(sfn: Any) -> None:
    state = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"day.$": "$.day"}},
        "ItemProcessor": {
            **PROCESSOR,
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        },
        "End": True,
    }
    answer = verdict(
        sfn, state, input={"items": [1, 2, 3], "day": "Sunday"}, result=[1], inspectionLevel="DEBUG"
    )

    assert answer["inspectionData"]["afterItemBatcher"] == [
        {"BatchInput": {"day": "Sunday"}, "Items": [1, 2]},
        {"BatchInput": {"day": "Sunday"}, "Items": [3]},
    ]


@pytest.mark.parametrize(
    ("config", "content", "items"),
    [
        ({"InputType": "JSON"}, '[{"n": "1"}, {"n": "2"}]', ["1", "2"]),
        ({"InputType": "JSON", "ItemsPointer": "/all/of~1them"}, '{"all": {"of/them": [{"n": 3}]}}', [3]),
        ({"InputType": "JSONL"}, '{"n": 1}\n{"n": 2}\n', [1, 2]),
        (
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 2},
            "m,n\nx,1\ny,2\nz,3",
            ["1", "2"],
        ),
        (
            {
                "InputType": "CSV",
                "CSVHeaderLocation": "GIVEN",
                "CSVHeaders": ["n", "m"],
                "CSVDelimiter": "SEMICOLON",
            },
            'a;b\n"c;d";e',
            ["a", "c;d"],
        ),
    ],
)
def test_a_map_reads_its_items_from_the_content_that_is_given(
    sfn: Any, config: dict[str, Any], content: str, items: list[Any]
) -> None:
    answer = verdict(
        sfn,
        reading(config),
        result=[True],
        stateConfiguration={"mapItemReaderData": content},
        inspectionLevel="DEBUG",
    )

    assert answer["output"] == [True]
    assert answer["inspectionData"]["afterItemSelector"] == items


@pytest.mark.parametrize(
    ("config", "content", "items"),
    [
        (
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            "n,a\n1\n1,2,3\n",
            [{"a": "", "n": "1"}, {"a": "2", "n": "1"}],
        ),
        ({"InputType": "JSONL"}, '"a\u2028b"\r\n1\n', ["a\u2028b", 1]),
        ({"InputType": "JSON", "MaxItems": "{% 1 + 1 %}"}, "[1, 2, 3]", [1, 2]),
        ({"InputType": "JSON", "ItemsPointer": "/a/1"}, '{"a": [[1], [2]]}', [2]),
    ],
)
def test_a_map_reads_what_aws_reads(sfn: Any, config: dict[str, Any], content: str, items: list[Any]) -> None:
    answer = verdict(
        sfn,
        reading(config) | {"ItemSelector": "{% $states.context.Map.Item.Value %}"},
        result=[True],
        stateConfiguration={"mapItemReaderData": content},
        inspectionLevel="DEBUG",
    )

    assert answer["inspectionData"]["afterItemSelector"] == items


def test_headers_that_occur_twice_fail_the_reader(sfn: Any) -> None:
    config = {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["H1", "H1"]}
    answer = verdict(
        sfn,
        reading(config),
        result=[],
        stateConfiguration={"mapItemReaderData": "1,2"},
        inspectionLevel="DEBUG",
    )

    assert (answer["error"], answer["cause"]) == (
        "States.ItemReaderFailed",
        "CSV headers cannot contain duplicates.",
    )


@pytest.mark.parametrize("content", ["[1", '{"not": "a list"}'])
def test_content_that_holds_no_items_fails_the_reader(sfn: Any, content: str) -> None:
    answer = verdict(
        sfn,
        reading({"InputType": "JSON"}),
        result=[],
        stateConfiguration={"mapItemReaderData": content},
        inspectionLevel="DEBUG",
    )

    assert (answer["status"], answer["error"]) == ("FAILED", "States.ItemReaderFailed")
    assert answer["inspectionData"] == {"input": {}}


def reading(config: dict[str, Any]) -> dict[str, Any]:
    """A distributed Map whose iterations begin with ``n`` of the items read."""
    return {
        "Type": "Map",
        "QueryLanguage": "JSONata",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "Arguments": {"Bucket": "b", "Key": "k"},
            "ReaderConfig": config,
        },
        "ItemSelector": "{% $states.context.Map.Item.Value.n %}",
        "ItemProcessor": {
            **PROCESSOR,
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        },
        "End": True,
    }


def test_a_state_of_a_machine_is_tested_however_deep_it_lies(sfn: Any) -> None:
    deep = {
        "StartAt": "Deep",
        "States": {"Deep": {"Type": "Pass", "Result": 1, "Next": "Then"}, "Then": STOP},
    }
    machine = {
        "StartAt": "Outer",
        "States": {"Outer": {"Type": "Parallel", "Branches": [deep], "End": True}},
    }

    answer = verdict(sfn, machine, stateName="Deep")

    assert answer == {"status": "SUCCEEDED", "output": 1, "nextState": "Then"}


def test_variables_are_seen_and_told_with_those_the_state_assigns(sfn: Any) -> None:
    state = {
        "Type": "Pass",
        "QueryLanguage": "JSONata",
        "Output": "{% $a + 1 %}",
        "Assign": {"b": "{% $a * 2 %}"},
        "Next": "Done",
    }

    answer = verdict(sfn, state, variables={"a": 20}, inspectionLevel="DEBUG")

    assert (answer["output"], answer["inspectionData"]["variables"]) == (21, {"a": 20, "b": 40})


def test_the_context_object_is_the_one_given_else_one_of_an_execution(sfn: Any) -> None:
    state = task(QueryLanguage="JSONata", Output="{% $states.context %}")
    del state["Parameters"]

    given = verdict(sfn, state, context={"Execution": {"Name": "mine"}}, result={})["output"]
    made = verdict(sfn, state, input={"n": 1}, result={}, roleArn=ROLE)["output"]

    assert given == {"Execution": {"Name": "mine"}}
    assert (made["Execution"]["Input"], made["Execution"]["RoleArn"]) == ({"n": 1}, ROLE)
    assert made["Execution"]["Id"].endswith(
        f":express:{made['StateMachine']['Name']}:{made['Execution']['Name']}"
    )


def test_a_wait_is_waited_for(sfn: Any) -> None:
    assert verdict(sfn, {"Type": "Wait", "Seconds": 1, "Next": "Done"}, input=5) == {
        "status": "SUCCEEDED",
        "output": 5,
        "nextState": "Done",
    }


EMPTY_BRANCHES = (
    "Invalid State Machine Definition: "
    "'SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/StateName/Branches'"
)
STARTED = {"ExecutionArn": "arn", "StartDate": "2025-01-01T00:00:00Z"}
ASKED_FOR = {
    PUT_EVENTS: {"Entries": [{"Source": "s", "DetailType": "t", "Detail": {}}]},
    "arn:aws:states:::aws-sdk:cloudwatchlogs:describeLogGroups": {},
    "arn:aws:states:::aws-sdk:s3:getObject": {"Bucket": "b", "Key": "k"},
    "arn:aws:states:::bedrock:invokeModel": {"ModelId": "m", "Body": {}},
}


@pytest.mark.parametrize(
    ("resource", "mode", "result", "problem"),
    [
        (PUT_EVENTS, "STRICT", {"Entries": [{"EventId": 1}]}, "Field 'EventId' must be a string"),
        (PUT_EVENTS, "PRESENT", {"FailedEntryCount": "1"}, "Field 'FailedEntryCount' must be a number"),
        (START, "STRICT", {"ExecutionArn": "arn"}, "Required field 'StartDate' is missing"),
        (START + ".sync", "PRESENT", {"Output": {"n": 1}}, "Field 'Output' must be a string"),
        (START + ".sync:2", "STRICT", {"StartDate": "2025"}, "Required field 'ExecutionArn' is missing"),
        (
            "arn:aws:states:::aws-sdk:cloudwatchlogs:describeLogGroups",
            "STRICT",
            {"LogGroups": {}},
            "Field 'LogGroups' must be an array",
        ),
        (
            "arn:aws:states:::aws-sdk:s3:getObject",
            "PRESENT",
            {"StorageClass": "PAPER"},
            "Field 'StorageClass' is not an expected value",
        ),
    ],
)
def test_a_result_that_the_service_would_not_give_is_refused(
    sfn: Any, resource: str, mode: str, result: Any, problem: str
) -> None:
    mock = {"fieldValidationMode": mode}

    with pytest.raises(ClientError) as error:
        verdict(sfn, task_of(resource), result=result, mock=mock)

    assert refusal(error) == ("ValidationException", f"Mock result schema validation error: {problem}")


@pytest.mark.parametrize(
    ("resource", "mode", "result"),
    [
        (START, "STRICT", STARTED | {"Unheard": "of"}),
        (START, "PRESENT", {"ExecutionArn": "arn"}),
        (START, "NONE", {"ExecutionArn": 1}),
        (START + ".waitForTaskToken", "STRICT", {"anything": 1}),
        (
            "arn:aws:states:::bedrock:invokeModel",
            "STRICT",
            {"Body": {"n": 1}, "ContentType": "application/json"},
        ),
        (START + ".sync:2", "PRESENT", {"Output": {"n": 1}}),
        (INVOKE, "STRICT", {"Payload": {"any": "JSON"}, "StatusCode": 200}),
        ("arn:aws:lambda:us-east-1:123456789012:function:f", "STRICT", [1]),
    ],
)
def test_a_result_that_may_be_the_services_is_taken(sfn: Any, resource: str, mode: str, result: Any) -> None:
    answer = verdict(sfn, task_of(resource), result=result, mock={"fieldValidationMode": mode})

    assert (answer["status"], answer["output"]) == ("SUCCEEDED", result)


@pytest.mark.parametrize(
    ("state", "arguments", "code", "message"),
    [
        (task(), {}, "ValidationException", "RoleArn must be specified when testing a Task state"),
        (
            STOP,
            {"result": 1},
            "ValidationException",
            "State type 'Pass' is not supported when a mock is specified",
        ),
        (
            {"Type": "Parallel", "Branches": [PROCESSOR], "End": True},
            {"result": [1, 2]},
            "ValidationException",
            "Mocked result must contain the same number of items as number of Parallel branches.",
        ),
        (
            STOP,
            {"context": {}},
            "ValidationException",
            "TestState does not support Context when a mock is not specified.",
        ),
        (
            STOP,
            {"stateConfiguration": {"retrierRetryCount": 1}},
            "ValidationException",
            "TestState does not support RetrierRetryCount when a mock is not specified.",
        ),
        (
            task(),
            {"mock": {"errorOutput": {"cause": "?"}}},
            "ValidationException",
            "The error of a mocked errorOutput must be specified.",
        ),
        (
            task(),
            {"mock": {"result": "not JSON"}},
            "ValidationException",
            "Mocked result must be valid JSON",
        ),
        (
            task(),
            {"context": {"Map": {}}, "result": {}},
            "ValidationException",
            "Invalid Context object provided: 'Map' field is not supported when mocking a Context object",
        ),
        (
            {"Type": "Parallel", "Branches": [], "End": True},
            {"result": []},
            "InvalidDefinition",
            EMPTY_BRANCHES,
        ),
        (
            {"StartAt": "A", "States": {"A": STOP}},
            {"stateName": "B"},
            "ValidationException",
            "State 'B' does not exist in the definition",
        ),
    ],
)
def test_what_cannot_be_tested_is_refused(
    sfn: Any, state: Any, arguments: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(ClientError) as error:
        verdict(sfn, state, **arguments)

    assert refusal(error) == (code, message)


async def test_a_state_is_tried_where_it_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others waited for as long as it computed."""
    where = []
    begin = Trial.begin

    def noted(trial: Trial) -> Any:
        where.append(threading.current_thread())
        return begin(trial)

    monkeypatch.setattr(Trial, "begin", noted)
    service = SimpleNamespace(
        new_task_check=lambda: unchecked,
        clock=SystemClock(),
        new_id=lambda: "id",
        place=Place("123456789012", "us-east-1"),
        beside=Beside(),
    )

    answer = await run(cast("Service", service), {"definition": json.dumps(STOP), "roleArn": ROLE})

    assert answer["status"] == "SUCCEEDED"
    assert where
    assert threading.main_thread() not in where
