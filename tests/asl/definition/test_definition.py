"""What people read when their definition is wrong: code, whole sentence, and place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwright.asl.definition import check, compile_definition
from stepwright.asl.definition.pointers import ROOT
from stepwright.asl.diagnostics import Diagnostic, InvalidDefinition
from stepwright.asl.machine import Choice, Map, Parallel, Pass, Task, Wait
from stepwright.asl.resource import Resource
from stepwright.cluster.serving import Cluster
from tests.asl.processor_time import costs_at_most

END: dict[str, Any] = {"Type": "Succeed"}
PASS: dict[str, Any] = {"Type": "Pass", "End": True}
TOKEN_TASK = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
TASK: dict[str, Any] = {"Type": "Task", "Resource": "k8s:job", "End": True}
WAIT: dict[str, Any] = {"Type": "Wait", "End": True}
SCOPE: dict[str, Any] = {"StartAt": "Inner", "States": {"Inner": PASS}}
MAP: dict[str, Any] = {"Type": "Map", "ItemProcessor": SCOPE, "End": True}
PARALLEL: dict[str, Any] = {"Type": "Parallel", "Branches": [SCOPE], "End": True}


def machine(state: dict[str, Any], **states: dict[str, Any]) -> dict[str, Any]:
    """A machine that starts at A."""
    return {"StartAt": "A", "States": {"A": state, **states}}


def found(definition: Any, **options: Any) -> list[str]:
    return [str(diagnostic) for diagnostic in check(definition, **options)]


UNITS_OF_A_STATE = 400
"""Of work: what it may cost to compile one that has a retrier and a function, three times what it does."""

VALID = {
    "a single state": machine(PASS),
    "Comment, Version and TimeoutSeconds of the machine": machine(PASS)
    | {"Comment": "c", "Version": "1.0", "TimeoutSeconds": 60},
    "End: false beside Next": machine({"Type": "Pass", "Next": "B", "End": False}, B=END),
    "a loop that has a way out": machine(
        {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": True, "Next": "B"}], "Default": "C"},
        B={"Type": "Pass", "Next": "A"},
        C=END,
    ),
    "a Choice without Default": machine(
        {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": True, "Next": "B"}]}, B=END
    ),
    "Result beside Parameters": machine(PASS | {"Result": 1, "Parameters": {"a": 1}}),
    "ResultPath null": machine(PASS | {"ResultPath": None}),
    "InputPath and OutputPath null": machine(PASS | {"InputPath": None, "OutputPath": None}),
    "a Resource of any URI scheme": machine(TASK | {"Resource": "foo:bar"}),
    "waiting for zero seconds": machine(WAIT | {"Seconds": 0}),
    "a timestamp with fraction and offset": machine(WAIT | {"Timestamp": "2030-01-02T03:04:05.678+01:00"}),
    "no retries": machine(TASK | {"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}]}),
    "an empty Retry and Catch": machine(TASK | {"Retry": [], "Catch": []}),
    "a whole number written as 5.0": machine(TASK | {"TimeoutSeconds": 5.0}),
    "Parameters that are a text": machine(TASK | {"Parameters": "a text"}),
    "Iterator of older definitions": machine({"Type": "Map", "Iterator": SCOPE, "End": True}),
    "a state's name of 80 characters": {"StartAt": "n" * 80, "States": {"n" * 80: PASS}},
    "names with spaces, quotes and other scripts": {
        "StartAt": 'Was "nun"? ~/½',
        "States": {'Was "nun"? ~/½': PASS},
    },
}


@pytest.mark.parametrize("definition", VALID.values(), ids=VALID.keys())
def test_valid(definition: dict[str, Any]) -> None:
    assert found(definition) == []


SCHEMA = "ERROR SCHEMA_VALIDATION_FAILED:"
INVALID: dict[str, tuple[Any, list[str]]] = {
    # The machine
    "an empty object": ({}, [f"{SCHEMA} These fields are required: [States, StartAt] at /"]),
    "a list": ([], [f"{SCHEMA} Definition must be a valid JSON object at /"]),
    "blank text": (" ", [f"{SCHEMA} Definition must be a valid JSON object at /"]),
    "no states": (
        {"StartAt": "A", "States": {}},
        [f"{SCHEMA} Value cannot be empty at /States"],
    ),
    "a state that is not an object": (
        machine(PASS) | {"States": {"A": PASS, "B": 1}},
        [
            f"{SCHEMA} Expected value of type Object, got 1 at /States/B",
            'ERROR MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B',
        ],
    ),
    "an unknown version": (
        machine(PASS) | {"Version": "2.0"},
        [f"{SCHEMA} The field 'Version' should have one of these values: [1.0] at /Version"],
    ),
    "a misspelt field of the machine": (
        machine(PASS) | {"Timeoutseconds": 1},
        [f"{SCHEMA} Field 'Timeoutseconds' is not supported; did you mean 'TimeoutSeconds'? at /"],
    ),
    "a machine that may run for no time": (
        machine(PASS) | {"TimeoutSeconds": 0},
        [f"{SCHEMA} The value of 'TimeoutSeconds' should be between 1 and 99999999 at /TimeoutSeconds"],
    ),
    "a huge number": (
        machine(PASS) | {"TimeoutSeconds": 10**5000},
        [f"{SCHEMA} The value of 'TimeoutSeconds' should be between 1 and 99999999 at /TimeoutSeconds"],
    ),
    "a huge number where fractions are allowed": (
        machine(TASK | {"Retry": [{"ErrorEquals": ["E"], "BackoffRate": 10**5000}]}),
        [f"{SCHEMA} The value of 'BackoffRate' is too large at /States/A/Retry/0/BackoffRate"],
    ),
    # Names and transitions
    "a name of 81 characters": (
        {"StartAt": "n" * 81, "States": {"n" * 81: PASS}},
        ["ERROR INVALID_STATE_NAME: A state's name must have 1 to 80 characters at /States/" + "n" * 81],
    ),
    "a name with a line break": (
        {"StartAt": "a\nb", "States": {"a\nb": PASS}},
        ["ERROR INVALID_STATE_NAME: A state's name must not contain control characters at /States/a\nb"],
    ),
    "a name used twice in different scopes": (
        machine(MAP, Inner=END) | {"StartAt": "Inner"},
        [
            'ERROR MISSING_TRANSITION_TARGET: State "A" is not reachable. at /States/A',
            "ERROR DUPLICATE_STATE_NAME: Duplicate State name: Inner at /States/A/ItemProcessor/States/Inner",
        ],
    ),
    "StartAt without its state": (
        machine(PASS) | {"StartAt": "B"},
        [
            "ERROR MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /StartAt",
            'ERROR MISSING_TRANSITION_TARGET: State "A" is not reachable. at /States/A',
        ],
    ),
    "Next without its state": (
        machine({"Type": "Pass", "Next": "C"}, B=PASS),
        [
            "ERROR MISSING_TRANSITION_TARGET: Missing 'Next' target: C at /States/A/Next",
            'ERROR MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B',
        ],
    ),
    "Default, Choices and Catch without their states": (
        machine(
            {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": True, "Next": "X"}], "Default": "B"},
            B=TASK | {"Catch": [{"ErrorEquals": ["E"], "Next": "Y"}]},
        )
        | {"Comment": "c"},
        [
            "ERROR MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/A/Choices/0/Next",
            "ERROR MISSING_TRANSITION_TARGET: Missing 'Next' target: Y at /States/B/Catch/0/Next",
        ],
    ),
    "a transition out of a Map": (
        machine(
            {
                "Type": "Map",
                "Next": "B",
                "ItemProcessor": {
                    "StartAt": "I",
                    "States": {"I": {"Type": "Pass", "Next": "B"}, "J": PASS},
                },
            },
            B=END,
        ),
        [
            "ERROR MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/ItemProcessor/States/I/Next",
            'ERROR MISSING_TRANSITION_TARGET: State "J" is not reachable. at /States/A/ItemProcessor/States/J',
        ],
    ),
    "two states that lead only to each other": (
        machine(PASS, B={"Type": "Pass", "Next": "C"}, C={"Type": "Pass", "Next": "B"}),
        [
            'ERROR MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B',
            'ERROR MISSING_TRANSITION_TARGET: State "C" is not reachable. at /States/C',
        ],
    ),
    "a loop without a way out": (
        machine({"Type": "Pass", "Next": "B"}, B={"Type": "Pass", "Next": "A"}),
        ["ERROR MISSING_END_STATE: Workflow has no terminal state at /"],
    ),
    "Next and End": (
        machine({"Type": "Pass", "Next": "B", "End": True}, B=END),
        [f"{SCHEMA} Only one of these fields is allowed: [Next, End] at /States/A"],
    ),
    "neither Next nor End": (
        machine({"Type": "Pass"}) | {"States": {"A": {"Type": "Pass"}, "B": END}},
        [
            f"{SCHEMA} One of these fields is required: [Next, End] at /States/A",
            'ERROR MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B',
        ],
    ),
    # Fields
    "no Type": (
        machine({"End": True}),
        [f"{SCHEMA} The field 'Type' is required but was missing at /States/A"],
    ),
    "an unknown Type": (
        machine({"Type": "Job", "End": True}),
        [
            (
                f"{SCHEMA} The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice,"
                " Parallel, Map] at /States/A/Type"
            )
        ],
    ),
    "a field of another type of state": (
        machine(PASS | {"Retry": []}),
        [f"{SCHEMA} Field 'Retry' is not supported at /States/A"],
    ),
    "a misspelt field": (
        machine(TASK | {"Resuorce": "k8s:job"}),
        [f"{SCHEMA} Field 'Resuorce' is not supported; did you mean 'Resource'? at /States/A"],
    ),
    "a field of JSONata in a JSONPath state": (
        machine(PASS | {"Output": "{% 1 %}"}),
        [
            (
                f"{SCHEMA} The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata'"
                " QueryLanguage at /States/A"
            )
        ],
    ),
    "a Comment that is not a text": (
        machine(PASS | {"Comment": 5}),
        [f"{SCHEMA} Expected value of type String, got 5 at /States/A/Comment"],
    ),
    # Task
    "no Resource": (
        machine({"Type": "Task", "End": True}),
        [f"{SCHEMA} The field 'Resource' is required but was missing at /States/A"],
    ),
    "a Resource that is not a URI": (
        machine(TASK | {"Resource": "job"}),
        [f"{SCHEMA} Value is not a valid resource ARN; nor is it another URI at /States/A/Resource"],
    ),
    "a cut-off ARN": (
        machine(TASK | {"Resource": "arn:aws:states:::"}),
        [f"{SCHEMA} Value is not a valid resource ARN; nor is it another URI at /States/A/Resource"],
    ),
    "a time limit twice": (
        machine(TASK | {"TimeoutSeconds": 9, "TimeoutSecondsPath": "$.t"}),
        [f"{SCHEMA} Only one of these fields is allowed: [TimeoutSeconds, TimeoutSecondsPath] at /States/A"],
    ),
    "heartbeats rarer than the time limit": (
        machine(TASK | {"TimeoutSeconds": 9, "HeartbeatSeconds": 9}),
        [
            f"{SCHEMA} The value of 'HeartbeatSeconds' should be smaller than 'TimeoutSeconds' at /States/A/HeartbeatSeconds"
        ],
    ),
    "a time limit that is a text": (
        machine(TASK | {"TimeoutSeconds": "9"}),
        [f"{SCHEMA} Expected value of type Integer, got '9' at /States/A/TimeoutSeconds"],
    ),
    "Credentials with a role that is not a text": (
        machine(TASK | {"Resource": "arn:aws:states:::lambda:invoke", "Credentials": {"RoleArn": 1}}),
        [f"{SCHEMA} Expected value of type String, got 1 at /States/A/Credentials/RoleArn"],
    ),
    "Credentials of AWS without a role": (
        machine(TASK | {"Resource": "arn:aws:states:::lambda:invoke", "Credentials": {}}),
        [f"{SCHEMA} The field 'RoleArn' is required but was missing at /States/A/Credentials"],
    ),
    # Retry and Catch
    "a Retrier without errors": (
        machine(TASK | {"Retry": [{"ErrorEquals": []}, {}]}),
        [
            f"{SCHEMA} Value cannot be empty at /States/A/Retry/0/ErrorEquals",
            f"{SCHEMA} The field 'ErrorEquals' is required but was missing at /States/A/Retry/1",
        ],
    ),
    "States.ALL among others": (
        machine(TASK | {"Retry": [{"ErrorEquals": ["E", "States.ALL"]}]}),
        [
            f"{SCHEMA} 'States.ALL' must be the only error name in 'ErrorEquals' at /States/A/Retry/0/ErrorEquals"
        ],
    ),
    "States.ALL before others": (
        machine(
            TASK
            | {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}, {"ErrorEquals": ["E"], "Next": "B"}]},
            B=END,
        ),
        [
            (
                f"{SCHEMA} 'States.ALL' is only allowed in the last entry, it leaves nothing to others"
                " at /States/A/Catch/0/ErrorEquals"
            )
        ],
    ),
    "numbers of a Retrier out of bounds": (
        machine(
            TASK
            | {
                "Retry": [
                    {
                        "ErrorEquals": ["E"],
                        "IntervalSeconds": 0,
                        "MaxAttempts": -1,
                        "BackoffRate": 0.5,
                        "MaxDelaySeconds": 40_000_000,
                        "JitterStrategy": "PARTIAL",
                    }
                ]
            }
        ),
        [
            f"{SCHEMA} The value of 'IntervalSeconds' should be between 1 and 99999999 at /States/A/Retry/0/IntervalSeconds",
            f"{SCHEMA} The value of 'MaxDelaySeconds' should be between 1 and 31622400 at /States/A/Retry/0/MaxDelaySeconds",
            f"{SCHEMA} The value of 'MaxAttempts' should be between 0 and 99999999 at /States/A/Retry/0/MaxAttempts",
            f"{SCHEMA} The value of 'BackoffRate' should be at least 1 at /States/A/Retry/0/BackoffRate",
            (
                f"{SCHEMA} The field 'JitterStrategy' should have one of these values: [FULL, NONE]"
                " at /States/A/Retry/0/JitterStrategy"
            ),
        ],
    ),
    "a longest delay below the first one": (
        machine(TASK | {"Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 5, "MaxDelaySeconds": 5}]}),
        [
            (
                f"{SCHEMA} The value of 'MaxDelaySeconds' should be greater than 'IntervalSeconds'"
                " at /States/A/Retry/0/MaxDelaySeconds"
            )
        ],
    ),
    "a Catcher without Next": (
        machine(TASK | {"Catch": [{"ErrorEquals": ["E"]}]}),
        [f"{SCHEMA} The field 'Next' is required but was missing at /States/A/Catch/0"],
    ),
    # Wait
    "a Wait for nothing": (
        machine(WAIT),
        [
            f"{SCHEMA} One of these fields is required: [Seconds, SecondsPath, Timestamp, TimestampPath] at /States/A",
        ],
    ),
    "a Wait for two things": (
        machine(WAIT | {"Seconds": 1, "TimestampPath": "$.t"}),
        [f"{SCHEMA} Only one of these fields is allowed: [Seconds, TimestampPath] at /States/A"],
    ),
    "a timestamp without a T": (
        machine(WAIT | {"Timestamp": "2016-12-05 21:29:29Z"}),
        [f"{SCHEMA} String does not match RFC3339 timestamp at /States/A/Timestamp"],
    ),
    "a timestamp with a small t": (
        machine(WAIT | {"Timestamp": "2016-12-05t21:29:29Z"}),
        [f"{SCHEMA} String does not match RFC3339 timestamp at /States/A/Timestamp"],
    ),
    "a day that does not exist": (
        machine(WAIT | {"Timestamp": "2015-02-29T21:29:29Z"}),
        [f"{SCHEMA} String does not match RFC3339 timestamp at /States/A/Timestamp"],
    ),
    # Fail
    "a function that gives no string in ErrorPath": (
        machine({"Type": "Fail", "ErrorPath": "States.MathAdd(1, 2)", "CausePath": "States.UUID()"}),
        [
            (
                f"{SCHEMA} An intrinsic function in the field 'ErrorPath' must give a string, as these do: "
                "States.ArrayGetItem, States.Base64Decode, States.Base64Encode, States.Format, States.Hash, "
                "States.JsonToString, States.UUID at /States/A/ErrorPath"
            )
        ],
    ),
    "Error and ErrorPath": (
        machine({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}),
        [f"{SCHEMA} Only one of these fields is allowed: [Error, ErrorPath] at /States/A"],
    ),
    "a Fail state that goes on": (
        machine({"Type": "Fail", "End": True}),
        [f"{SCHEMA} Field 'End' is not supported at /States/A"],
    ),
    # Choice
    "no Choices": (
        machine({"Type": "Choice", "Choices": [], "Default": "B"}, B=END),
        [f"{SCHEMA} Value cannot be empty at /States/A/Choices"],
    ),
    "a rule without Next": (
        machine({"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": True}], "Default": "B"}, B=END),
        [f"{SCHEMA} The field 'Next' is required but was missing at /States/A/Choices/0"],
    ),
    # Parallel and Map
    "no branches": (
        machine({"Type": "Parallel", "Branches": [], "End": True}),
        [f"{SCHEMA} Value cannot be empty at /States/A/Branches"],
    ),
    "a branch that is a list": (
        machine({"Type": "Parallel", "Branches": [[SCOPE]], "End": True}),
        [f"{SCHEMA} Expected value of type Object, got an array at /States/A/Branches/0"],
    ),
    "a branch without StartAt": (
        machine({"Type": "Parallel", "Branches": [{"States": {"B": PASS}}], "End": True}),
        [f"{SCHEMA} The field 'StartAt' is required but was missing at /States/A/Branches/0"],
    ),
    "a Map without a processor": (
        machine({"Type": "Map", "End": True}),
        [f"{SCHEMA} The field 'ItemProcessor' is required but was missing at /States/A"],
    ),
    "two processors": (
        machine(MAP | {"Iterator": {"StartAt": "J", "States": {"J": PASS}}}),
        [f"{SCHEMA} Only one of these fields is allowed: [ItemProcessor, Iterator] at /States/A"],
    ),
    "an unknown mode": (
        machine(MAP | {"ItemProcessor": SCOPE | {"ProcessorConfig": {"Mode": "BOTH"}}}),
        [
            (
                f"{SCHEMA} The field 'Mode' should have one of these values: [INLINE, DISTRIBUTED]"
                " at /States/A/ItemProcessor/ProcessorConfig/Mode"
            )
        ],
    ),
    "a distributed Map that does not say what its children are": (
        machine(MAP | {"ItemProcessor": SCOPE | {"ProcessorConfig": {"Mode": "DISTRIBUTED"}}}),
        [
            (
                f"{SCHEMA} The field 'ExecutionType' is required but was missing"
                " at /States/A/ItemProcessor/ProcessorConfig"
            )
        ],
    ),
    "the query language of a processor": (
        machine(MAP | {"ItemProcessor": SCOPE | {"QueryLanguage": "JSONata"}}),
        [f"{SCHEMA} Field 'QueryLanguage' is not supported at /States/A/ItemProcessor"],
    ),
    "more than all may fail": (
        machine(MAP | {"ToleratedFailurePercentage": 105}),
        [
            (
                f"{SCHEMA} The value of 'ToleratedFailurePercentage' should be between 0 and 100"
                " at /States/A/ToleratedFailurePercentage"
            )
        ],
    ),
    "a label with a character that AWS refuses": (
        machine(MAP | {"Label": "label_#"}),
        ["ERROR INVALID_LABEL_NAME: Label contains invalid character: '#' at /States/A/Label"],
    ),
    "the same label twice": (
        machine(
            MAP | {"Label": "l", "Next": "B", "End": False},
            B=MAP | {"Label": "l", "ItemProcessor": {"StartAt": "J", "States": {"J": PASS}}},
        ),
        ["ERROR DUPLICATE_LABEL_NAME: Duplicate Label name: l at /States/B/Label"],
    ),
    # Expressions
    "a path that is not valid": (
        machine(PASS | {"InputPath": "bug$.library"}),
        [
            (
                f"{SCHEMA} The value for the field 'InputPath' must be a valid JSONPath; a path starts with '$', '$$' or"
                " '$' and the name of a variable at /States/A/InputPath"
            )
        ],
    ),
    "a ResultPath into a variable": (
        machine(PASS | {"ResultPath": "$foo"}),
        [
            f"{SCHEMA} Value is not a Reference Path; a reference path starts with '$': neither the context object nor a variable can be written at /States/A/ResultPath"
        ],
    ),
    "an unknown function": (
        machine(TASK | {"ResultSelector": {"deep": {"a.$": "States.Xyz($.a)"}}}),
        [
            (
                f"{SCHEMA} The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic function call"
                " at /States/A/ResultSelector/deep"
            )
        ],
    ),
    "a field twice, once as a path": (
        machine(TASK | {"Parameters": {"a": 1, "a.$": "$.a"}}),
        [f"{SCHEMA} The fields 'a' and 'a.$' give the same field at /States/A/Parameters"],
    ),
    "a rule with two operators": (
        machine(
            {
                "Type": "Choice",
                "Choices": [{"Variable": "$.x", "IsNull": True, "IsString": True, "Next": "B"}],
            },
            B=END,
        ),
        [
            (
                f"{SCHEMA} A Choice rule must have exactly one of And, Or, Not or an operator, not IsNull, IsString"
                " at /States/A/Choices/0"
            )
        ],
    ),
    # Variables and query languages
    "a variable called states": (
        machine(PASS | {"Assign": {"states": 1}}),
        [
            (
                f"{SCHEMA} 'states' cannot be the name of a variable; it needs 1 to 80 characters and 'states' is reserved"
                " at /States/A/Assign"
            )
        ],
    ),
    "an unknown query language": (
        machine(PASS | {"QueryLanguage": "XPath"}),
        [
            (
                f"{SCHEMA} The field 'QueryLanguage' should have one of these values: [JSONPath, JSONata]"
                " at /States/A/QueryLanguage"
            )
        ],
    ),
}


@pytest.mark.parametrize(("definition", "sentences"), INVALID.values(), ids=INVALID.keys())
def test_invalid(definition: Any, sentences: list[str]) -> None:
    assert found(definition) == sentences
    with pytest.raises(InvalidDefinition):
        compile_definition(definition)


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(InvalidDefinition) as refused:
        compile_definition(machine(TASK | {"Resource": "job", "Retry": 1}) | {"Version": "2"})

    assert [diagnostic.pointer for diagnostic in refused.value.diagnostics] == [
        "/Version",
        "/States/A/Resource",
        "/States/A/Retry",
    ]


WARNINGS = {
    "a path where the text is taken as written": (
        machine({"Type": "Fail", "Cause": "$.cause"}),
        (
            "WARNING NO_PATH: The value of 'Cause' looks like a path but is taken as written; use 'CausePath'"
            " at /States/A/Cause"
        ),
    ),
    "a path in Result": (
        machine(PASS | {"Result": {"a": ["$.b"]}}),
        (
            "WARNING PASS_RESULT_IS_STATIC: 'Result' is taken as written, paths in it are not evaluated; use 'Parameters'"
            " at /States/A/Result"
        ),
    ),
    "a Resource still to be substituted": (
        machine(TASK | {"Resource": "${Function}"}),
        (
            "WARNING UNRESOLVED_SUBSTITUTION: '${Function}' was not substituted, its value cannot be checked"
            " at /States/A/Resource"
        ),
    ),
    "a path without .$": (
        machine(TASK | {"Parameters": {"deep": [{"a": "$.b"}]}}),
        (
            "WARNING NO_DOLLAR: The value of 'a' looks like a path but is taken as written; use 'a.$'"
            " at /States/A/Parameters/deep/0"
        ),
    ),
    "a function in a path": (
        machine(PASS | {"OutputPath": "$.list.length()"}),
        (
            "WARNING PATH_DIALECT: JSONPath has no functions on AWS: '$.list.length()' looks for a member named"
            " 'length()'; an intrinsic function or JSONata counts and computes at /States/A/OutputPath"
        ),
    ),
    "a function in a path of a template": (
        machine(PASS | {"Parameters": {"n": {"sum.$": "$.numbers.sum()"}}}),
        (
            "WARNING PATH_DIALECT: JSONPath has no functions on AWS: '$.numbers.sum()' looks for a member named"
            " 'sum()'; an intrinsic function or JSONata counts and computes at /States/A/Parameters"
        ),
    ),
    "a slip of the pen in an error's name": (
        machine(TASK | {"Retry": [{"ErrorEquals": ["States.TimeOut", "States.QuorumMet", "Timeout"]}]}),
        (
            "WARNING UNKNOWN_ERROR_NAME: The language has no error 'States.TimeOut'; did you mean 'States.Timeout'?"
            " at /States/A/Retry/0/ErrorEquals/0"
        ),
    ),
    "a worker that is given no token": (
        machine(TASK | {"Resource": TOKEN_TASK, "Parameters": {"MessageBody.$": "$.token"}}),
        (
            "WARNING NO_TASK_TOKEN: The task waits for SendTaskSuccess or SendTaskFailure, and 'Parameters' hands its"
            " worker no '$$.Task.Token' at /States/A/Resource"
        ),
    ),
    "groups of items of an inline Map": (
        machine(MAP | {"ItemBatcher": {"MaxItemsPerBatch": 10}}),
        (
            "WARNING INLINE_MAP: 'ItemBatcher' is only supported for the 'DISTRIBUTED' Mode; set it in"
            " ItemProcessor.ProcessorConfig at /States/A/ItemBatcher"
        ),
    ),
    "a variable that expressions cannot name": (
        machine(PASS | {"Assign": {"a-b": 1}}),
        (
            "WARNING VARIABLE_NAME: 'a-b' is not an identifier, so expressions may not be able to read the variable"
            " at /States/A/Assign"
        ),
    ),
}


@pytest.mark.parametrize(("definition", "sentence"), WARNINGS.values(), ids=WARNINGS.keys())
def test_warnings_do_not_refuse_unless_asked(definition: Any, sentence: str) -> None:
    _, warnings = compile_definition(definition)

    assert [str(warning) for warning in warnings] == [sentence]
    with pytest.raises(InvalidDefinition):
        compile_definition(definition, refuse_warnings=True)


@pytest.mark.parametrize(
    "parameters",
    [{"token.$": "$$.Task.Token"}, {"a": [{"context.$": "$$"}]}, {"token": "${Token}"}],
    ids=["itself", "the context", "by a substitution"],
)
def test_a_token_may_be_handed_over_in_any_form(parameters: Any) -> None:
    assert found(machine(TASK | {"Resource": TOKEN_TASK, "Parameters": parameters})) == []


def test_a_number_still_to_be_substituted_passes_the_check_but_does_not_run() -> None:
    definition = machine(WAIT | {"Seconds": "${Delay}"})
    sentence = "UNRESOLVED_SUBSTITUTION: '${Delay}' was not substituted, its value cannot be checked at /States/A/Seconds"

    assert found(definition, unfinished=True) == [f"WARNING {sentence}"]
    assert found(definition) == [f"ERROR {sentence}"]
    with pytest.raises(InvalidDefinition, match="Delay") as refused:
        compile_definition(definition)
    assert str(refused.value) == f"ERROR {sentence}"


@pytest.mark.parametrize(
    ("state", "pointer"),
    [
        (WAIT | {"Timestamp": "${When}"}, "/States/A/Timestamp"),
        (PASS | {"Parameters": {"x.$": "$.${Name}..[["}}, "/States/A/Parameters"),
        (PASS | {"QueryLanguage": "JSONata", "Output": "{% ${Flag} = true %}"}, "/States/A/Output"),
        ({"Type": "Pass", "Next": "${After}"}, "/States/A/Next"),
    ],
    ids=["a time", "a path", "an expression", "a state"],
)
def test_what_is_still_to_be_substituted_is_no_error_yet(state: dict[str, Any], pointer: str) -> None:
    definition = machine({name: value for name, value in state.items() if name != "Seconds"})
    if "Next" in state:
        definition["States"]["Z"] = END

    told = found(definition, unfinished=True)

    assert [line for line in told if line.startswith("ERROR")] == []
    assert any(line.startswith("WARNING UNRESOLVED_SUBSTITUTION") and pointer in line for line in told)
    assert any(line.startswith("ERROR") for line in found(definition))


def test_every_name_that_is_left_is_told_once() -> None:
    definition = machine(PASS | {"Parameters": {"a": "${One} ${Two}", "b": ["${One}"]}})

    assert found(definition) == []
    assert found(definition, unfinished=True) == [
        "WARNING UNRESOLVED_SUBSTITUTION: '${One}' was not substituted at /States/A/Parameters/a",
        "WARNING UNRESOLVED_SUBSTITUTION: '${Two}' was not substituted at /States/A/Parameters/a",
    ]


def test_a_key_that_comes_twice_counts_the_last_time() -> None:
    text = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 1, "Result": 2, "End": true}}}'
    compiled, warnings = compile_definition(text)

    assert [str(each) for each in warnings] == [
        (
            "WARNING DUPLICATE_KEY: The field 'Result' appears more than once; the last counts at /States/A"
            " (line 1, column 64)"
        )
    ]
    assert compiled.scopes[ROOT].states["A"].result == 2  # type: ignore[union-attr]


def test_express_machines_wait_for_nobody() -> None:
    def of(resource: str) -> list[str]:
        parameters = {"token.$": "$$.Task.Token"}
        return found(machine(TASK | {"Resource": resource, "Parameters": parameters}), express=True)

    where = "at /States/A/Resource"
    assert of("k8s:job") == []
    assert of("arn:aws:states:us-east-1:123456789012:activity:a") == [
        f"{SCHEMA} Express state machine does not support Activity ARN {where}"
    ]
    assert of(TOKEN_TASK) == [
        f"{SCHEMA} Express state machine does not support '.waitForTaskToken' service integration  {where}"
    ]
    assert of("arn:aws:states:::states:startExecution.sync:2") == [
        f"{SCHEMA} Express state machine does not support '.sync' service integration  {where}"
    ]
    distributed = SCOPE | {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}}
    assert found(machine(MAP | {"ItemProcessor": distributed}), express=True) == [
        (
            f"{SCHEMA} Express state machine does not support Map states of the 'DISTRIBUTED' Mode"
            " at /States/A/ItemProcessor/ProcessorConfig/Mode"
        )
    ]


def test_a_jsonata_state_has_no_fields_of_jsonpath() -> None:
    definition = machine(
        {"Type": "Pass", "Next": "B", "Output": "{% 1 %}"},
        B=WAIT | {"Seconds": "{% 1 %}", "InputPath": "$"},
    ) | {"QueryLanguage": "JSONata"}

    assert found(definition) == [
        (
            f"{SCHEMA} The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for the 'JSONPath'"
            " QueryLanguage at /States/B"
        ),
    ]


@pytest.mark.parametrize("field", ["ItemReader", "ResultWriter"])
@pytest.mark.parametrize(("language", "name"), [("JSONata", "Arguments"), ("JSONPath", "Parameters")])
def test_a_call_of_a_map_says_what_is_called_with(field: str, language: str, name: str) -> None:
    distributed = SCOPE | {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    each = {"Type": "Map", "ItemProcessor": distributed, "End": True}
    each[field] = {"Resource": "arn:aws:states:::s3:getObject"}

    assert found(machine(each) | {"QueryLanguage": language}) == [
        f"{SCHEMA} The field '{name}' is required but was missing at /States/A/{field}"
    ]


def test_a_state_may_not_go_back_to_jsonpath() -> None:
    definition = machine(PASS | {"QueryLanguage": "JSONPath"}) | {"QueryLanguage": "JSONata"}

    assert found(definition) == [
        f"{SCHEMA} 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/A"
    ]


def test_a_driver_checks_its_own_tasks() -> None:
    def no_heartbeat(resource: Resource, state: Any, pointer: Any) -> list[Diagnostic]:
        return (
            [Diagnostic("ERROR", "NO_HEARTBEAT", "no heartbeats", pointer)]
            if resource.text == "k8s:job" and "HeartbeatSeconds" in state
            else []
        )

    definition = machine(
        TASK | {"HeartbeatSeconds": 5, "Next": "B", "End": False},
        B=TASK | {"Resource": "foo:bar", "HeartbeatSeconds": 5},
    )

    assert found(definition, task_check=no_heartbeat) == ["ERROR NO_HEARTBEAT: no heartbeats at /States/A"]


def test_resources_without_a_driver_are_warned_about() -> None:
    definition = machine({"Type": "Task", "Resource": "foo:bar", "Next": "B"}, B=TASK)

    assert found(definition, installation=Cluster(lambda resource: resource.text == "k8s:job")) == [
        "WARNING NO_DRIVER: No driver serves 'foo:bar', so executions cannot start at /States/A/Resource"
    ]


def test_ten_thousand_levels_are_one_clear_sentence() -> None:
    sentence = "ERROR TOO_DEEPLY_NESTED: A definition must not nest deeper than 100 levels at /"
    text = '{"a":' * 10_000 + "1" + "}" * 10_000
    value: Any = {}
    for _ in range(10_000):
        value = {"a": value}

    assert found(text) == [sentence]
    assert found("[" * 10_000) == [sentence]
    assert found(value) == [sentence]


def test_a_definition_has_a_largest_size() -> None:
    text = json.dumps(machine(PASS | {"Result": "x" * 1024 * 1024}))

    assert found(text) == [
        "ERROR DEFINITION_TOO_LARGE: A definition must not be larger than 1048576 bytes at /",
    ]


def test_each_of_a_thousand_states_costs_as_little_to_compile_as_one() -> None:
    states: dict[str, Any] = {
        f"S{index}": {
            "Type": "Task",
            "Resource": "k8s:job",
            "Parameters": {"image": "example/a:1", "args.$": "States.Array($.a, $.b[0])"},
            "Retry": [{"ErrorEquals": ["States.ALL"]}],
            "Next": f"S{index + 1}",
        }
        for index in range(1000)
    }
    text = json.dumps({"StartAt": "S0", "States": states | {"S1000": END}}, indent=1)

    assert len(compile_definition(text)[0].root.states) == 1001
    assert costs_at_most(lambda: len(compile_definition(text)[0].root.states) * UNITS_OF_A_STATE)


def test_the_machine_has_every_scope_and_every_default() -> None:
    compiled, _ = compile_definition(
        machine(
            PARALLEL | {"Next": "M", "End": False},
            M=MAP
            | {
                "ItemProcessor": {"StartAt": "T", "States": {"T": TASK}},
                "MaxConcurrency": 2,
                "Next": "C",
                "End": False,
            },
            C={
                "Type": "Choice",
                "Choices": [{"Variable": "$.x", "IsNull": True, "Next": "W"}],
                "Default": "P",
            },
            W=WAIT | {"SecondsPath": "$.s"},
            P=PASS | {"Result": None, "InputPath": None},
        )
        | {"TimeoutSeconds": 9, "Comment": "all of it"}
    )
    states = compiled.root.states
    parallel, mapping, choice, wait, passing = (states[name] for name in ("A", "M", "C", "W", "P"))
    assert isinstance(parallel, Parallel)
    assert isinstance(mapping, Map)
    assert isinstance(choice, Choice)
    assert isinstance(wait, Wait)
    assert isinstance(passing, Pass)

    assert (compiled.comment, compiled.timeout_seconds) == ("all of it", 9)
    assert {resource.text for resource in compiled.resources} == {"k8s:job"}
    assert set(compiled.scopes) == {"", "/States/A/Branches/0", "/States/M/ItemProcessor"}
    assert parallel.branches == ("/States/A/Branches/0",)
    assert (mapping.item_processor, mapping.max_concurrency) == ("/States/M/ItemProcessor", 2)
    assert (choice.default, choice.choices[0].next) == ("P", "W")
    assert wait.seconds is None
    assert wait.seconds_path is not None
    assert (passing.has_result, passing.result, passing.input_path) == (True, None, None)
    task = compiled.scopes[mapping.item_processor].states["T"]
    assert isinstance(task, Task)
    assert (task.pointer, task.resource.service, task.resource.name) == (
        "/States/M/ItemProcessor/States/T",
        "k8s",
        "job",
    )
    assert (task.timeout_seconds, task.retry, task.catch, task.end, task.next) == (None, (), (), True, None)


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:states:::k8s:job",
        "arn:aws-us-gov:states:::k8s:job",
        "arn:aws:states:us-east-1:123456789012:k8s:job",
    ],
)
def test_a_kubernetes_resource_may_be_spelled_as_an_arn(resource: str) -> None:
    checked: list[str] = []

    def check_job(resource: Resource, _state: Any, _pointer: Any) -> list[Any]:
        checked.append(resource.text)
        return []

    machine_, warnings = compile_definition(
        machine(TASK | {"Resource": resource}),
        task_check=check_job,
        installation=Cluster(lambda served: served.text == "k8s:job"),
    )

    assert not warnings
    assert {found.text for found in machine_.resources} == {"k8s:job"}
    assert checked == ["k8s:job"]
