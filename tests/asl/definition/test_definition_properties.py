"""Whatever people write, the answer is a machine or a list of problems, never another exception."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stepwright.asl.definition import check, compile_definition
from stepwright.asl.diagnostics import InvalidDefinition

VALID: list[dict[str, Any]] = [
    {
        "Comment": "c",
        "Version": "1.0",
        "TimeoutSeconds": 9,
        "StartAt": "Task",
        "States": {
            "Task": {
                "Type": "Task",
                "Resource": "k8s:job",
                "InputPath": "$.in",
                "Parameters": {"image": "i", "args.$": "States.Array($.a, $$.Execution.Id)", "env": [{"x.$": "$.y"}]},
                "ResultSelector": {"a.$": "$.b"},
                "ResultPath": "$.result",
                "TimeoutSeconds": 60,
                "HeartbeatSecondsPath": "$.h",
                "Credentials": {"RoleArn.$": "$.role"},
                "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 1, "MaxDelaySeconds": 9, "BackoffRate": 1.5}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Failed", "ResultPath": "$.e", "Assign": {"x": 1}}],
                "Next": "Choice",
            },
            "Choice": {
                "Type": "Choice",
                "Choices": [
                    {"And": [{"Variable": "$.a", "IsNull": True}, {"Not": {"Variable": "$.b", "NumericLessThan": 1}}], "Next": "Wait"},
                    {"Variable": "$.t", "TimestampEqualsPath": "$.u", "Next": "Map"},
                ],
                "Default": "Parallel",
            },
            "Wait": {"Type": "Wait", "Timestamp": "2030-01-02T03:04:05Z", "Next": "Done"},
            "Map": {
                "Type": "Map",
                "ItemsPath": "$.items",
                "ItemSelector": {"v.$": "$$.Map.Item.Value"},
                "MaxConcurrency": 2,
                "ToleratedFailurePercentage": 5,
                "Label": "l",
                "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"MaxItems": 1}},
                "ItemBatcher": {"MaxItemsPerBatch": 1},
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                    "StartAt": "Item",
                    "States": {"Item": {"Type": "Pass", "Result": [1, {"a": None}], "Assign": {"v.$": "$"}, "End": True}},
                },
                "Next": "Done",
            },
            "Parallel": {
                "Type": "Parallel",
                "Branches": [{"StartAt": "Branch", "States": {"Branch": {"Type": "Wait", "SecondsPath": "$.s", "End": True}}}],
                "Next": "Done",
            },
            "Done": {"Type": "Succeed", "OutputPath": "$.out"},
            "Failed": {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('{}', $.c)"},
        },
    },
    {
        "QueryLanguage": "JSONata",
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", "Output": "{% 1 %}", "Assign": {"a": "{% 2 %}"}, "Next": "B"},
            "B": {"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "C", "Output": 1}], "Default": "C"},
            "C": {"Type": "Map", "Items": [1], "ItemProcessor": {"StartAt": "D", "States": {"D": {"Type": "Succeed"}}}, "End": True},
        },
    },
]  # fmt: skip

TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "$",
            "$.a",
            "$$",
            "$x",
            "$[?(@.a)]",
            "$[",
            "States.Array(",
            "{% 1 %}",
            "${X}",
            "A",
            "arn:",
            "k8s:job",
        ]
    ),
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.just(10**400),
        TEXTS,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(
                TEXTS,
                st.sampled_from(
                    ["Type", "Next", "End", "States", "StartAt", "Choices", "And", "Not", "Retry", "a.$"]
                ),
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """Every container of a value with each of its keys or indexes."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        container = waiting.pop()
        keys = list(container) if isinstance(container, dict) else range(len(container))
        for key in keys:
            found.append((container, key))
            if isinstance(container[key], dict | list):
                waiting.append(container[key])
    return found


@st.composite
def spoiled(draw: st.DrawFn) -> Any:
    """A valid definition with some parts replaced, removed, renamed or copied elsewhere."""
    definition = copy.deepcopy(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 4))):
        places = places_in(definition)
        if not places:
            break
        container, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["replace", "remove", "rename", "copy"])):
            case "replace":
                container[key] = draw(VALUES)
            case "remove":
                del container[key]
            case "rename" if isinstance(container, dict):
                container[draw(TEXTS)] = container.pop(key)
            case "copy":
                other, elsewhere = draw(st.sampled_from(places))
                container[key] = copy.deepcopy(other[elsewhere])
            case _:
                pass
    return definition


@given(spoiled())
@settings(max_examples=300, deadline=None)
def test_spoiled_definitions_are_refused_or_run(definition: Any) -> None:
    found = check(definition)
    try:
        machine, warnings = compile_definition(definition)
    except InvalidDefinition as refused:
        assert any(diagnostic.severity == "ERROR" for diagnostic in refused.diagnostics)
    else:
        assert found == warnings
        assert machine.root.start_at in machine.root.states


@given(spoiled())
@settings(max_examples=100, deadline=None)
def test_text_and_value_have_the_same_problems_and_each_has_a_line(definition: Any) -> None:
    by_value = check(definition)
    by_text = check(json.dumps(definition, indent=1))

    if isinstance(definition, dict):
        assert [str(problem) for problem in by_value] == [
            f"{problem.severity} {problem.code}: {problem.message} at {problem.pointer or '/'}"
            for problem in by_text
        ]
    assert all(problem.line is not None and problem.column is not None for problem in by_text)


@given(st.text(alphabet='{}[]",:\\ \n\tStartAtens1.-', max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_gets_an_answer(text: str) -> None:
    assert any(problem.severity == "ERROR" for problem in check(text))
