"""A state that was converted to JSONata does what it did in JSONPath."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepwright.asl import to_jsonata
from stepwright.asl.choice_rules.operators import OPERATORS
from stepwright.asl.definition import compile_definition
from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.signals import Millis, Moment
from stepwright.asl.test_state import Configuration, Mock, Trial, Verdict, context_object, select
from stepwright.asl.text.payload import Payload

INPUT: Json = {
    "order": {"id": "A-1", "total": 12.5, "paid": True, "tags": ["x", "y"], "ship to": "Oslo", "none": None},
    "numbers": [3, 1, 3],
    "text": '{"a": [1]}',
    "pattern": "log-2026.txt",
    "when": "2026-01-31T09:00:00Z",
    "name": "World",
}
RESULT: Json = {"id": 7, "lines": [{"sku": "a"}], "note": "done"}


def tried(state: dict[str, Json], result: Json = None) -> Verdict:
    selected = select(json.dumps(state), None, lambda *_: ())
    input = Payload(INPUT, JsonText(json.dumps(INPUT)))
    context = context_object.default(
        selected.state,
        INPUT,
        Millis(0),
        execution=("arn:aws:states:us-east-1:123456789012:execution:m:e", "e"),
        machine=("arn:aws:states:us-east-1:123456789012:stateMachine:m", "m"),
        role_arn=None,
        retry_count=0,
        token="t",
    )
    trial = Trial(
        selected,
        input,
        context=dict(context),
        variables={"limit": 10, "box": {"size": 2}},
        configuration=Configuration(
            retrier_retry_count=0, iteration_failure_count=None, item_reader_data=None
        ),
        mock=None if result is None else Mock(result=Payload(result), mode="NONE"),
        moment=Moment(Millis(0), 1),
    )
    verdict = trial.begin()
    assert verdict is not None
    return verdict


def told(verdict: Verdict) -> Any:
    output = None if verdict.output is None else json.loads(verdict.output.text)
    return verdict.status, output, verdict.next_state


def same(state: dict[str, Json], result: Json = None) -> to_jsonata.Converted:
    converted = to_jsonata.state(state)
    before, after = tried(state, result), tried(converted.value, result)
    assert told(after) == told(before), (converted.value, before, after)
    return converted


TEMPLATE: Json = {
    "id.$": "$.order.id",
    "ship.$": "$.order['ship to']",
    "second.$": "$.order.tags[1]",
    "nothing.$": "$.order.none",
    "limit.$": "$limit",
    "size.$": "$box.size",
    "name.$": "$$.Execution.Name",
    "all.$": "$",
    "fixed": {"a": [1, {"b.$": "$.order.total"}], "looks": "{% like %}"},
    "greeting.$": "States.Format('Hello, {}! \\'{}\\' costs {}', $.name, $.order.id, $.order.total)",
    "list.$": "States.Array('a', 1, States.Array(2))",
    "has.$": "States.ArrayContains($.numbers, 3)",
    "length.$": "States.ArrayLength($.numbers)",
    "last.$": "States.ArrayGetItem($.numbers, 2)",
    "once.$": "States.ArrayUnique($.numbers)",
    "parts.$": "States.ArrayPartition($.numbers, 2)",
    "range.$": "States.ArrayRange(1, 9, 2)",
    "coded.$": "States.Base64Encode($.name)",
    "decoded.$": "States.Base64Decode('QQ==')",
    "hash.$": "States.Hash($.name, 'SHA-256')",
    "merged.$": "States.JsonMerge($.order, $box, false)",
    "value.$": "States.StringToJson($.text)",
    "sum.$": "States.MathAdd($.numbers[0], 4)",
}


def test_a_payload_template_keeps_its_value() -> None:
    assert same({"Type": "Pass", "Parameters": TEMPLATE, "End": True}).remarks == []


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"InputPath": "$.order"},
        {"InputPath": None},
        {"OutputPath": "$.order.tags"},
        {"OutputPath": None},
        {"ResultPath": None},
        {"ResultPath": "$.found"},
        {"ResultPath": "$.order.found.deep"},
        {"InputPath": "$.order", "ResultPath": "$.new", "OutputPath": "$.new.id"},
    ],
    ids=str,
)
def test_what_goes_in_and_comes_out_stays_the_same(fields: dict[str, Json]) -> None:
    states: list[dict[str, Json]] = [
        {"Type": "Pass", "Result": {"id": "{% no %}"}, "Next": "T"},
        {"Type": "Pass", "Next": "T"},
        {"Type": "Succeed"},
        {"Type": "Wait", "Seconds": 0, "Next": "T"},
        {"Type": "Choice", "Choices": [{"Variable": "$", "IsPresent": True, "Next": "T"}]},
    ]
    for state in states:
        if state["Type"] == "Pass" or "ResultPath" not in fields:
            same(state | fields)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"ResultSelector": {"key.$": "$.id", "fixed": 1}},
        {"ResultSelector": {"key.$": "$.id"}, "ResultPath": "$.found", "OutputPath": "$.found.key"},
        {"ResultPath": "$.order.result"},
        {"ResultPath": None},
        {"OutputPath": "$.lines[0].sku"},
    ],
    ids=str,
)
def test_the_result_of_a_task_goes_where_it_went(fields: dict[str, Json]) -> None:
    task: dict[str, Json] = {
        "Type": "Task",
        "Resource": "acme:deliver",
        "Parameters": {"id.$": "$.order.id"},
        "Next": "T",
    }
    assert same(task | fields, RESULT).remarks == []


def operand(name: str) -> list[Json]:
    if name.startswith("Is"):
        return [True, False]
    if name.endswith("Path"):
        return ["$.order.total", "$.order.id", "$.when", "$.order.paid"]
    if name.startswith("Boolean"):
        return [True, False]
    if name.startswith("Numeric"):
        return [12.5, 3]
    if name == "StringMatches":
        return ["log-*.txt", "*", "A-1", "a.c"]
    return ["2026-01-31T09:00:00Z", "A-1"] if name.startswith("String") else ["2026-01-31T09:00:00Z"]


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_rule_is_true_where_it_was(operator: str) -> None:
    variables = [
        "$.order.id",
        "$.order.total",
        "$.order.paid",
        "$.order.none",
        "$.when",
        "$.pattern",
        "$.order",
    ]
    if operator.startswith("Timestamp"):
        variables = ["$.when"]  # of anything else it is an error now, and a remark says so
    if operator.startswith("Timestamp") and operator.endswith("Path"):
        pairs: list[tuple[str, Json]] = [("$.when", "$.when")]
    else:
        pairs = [(variable, each) for variable in variables for each in operand(operator)]
    for variable, each in pairs:
        rule: dict[str, Json] = {"Variable": variable, operator: each, "Next": "T"}
        same({"Type": "Choice", "Choices": [rule], "Default": "U"})


leaves = st.sampled_from(
    [
        {"Variable": "$.order.total", "NumericGreaterThan": 10},
        {"Variable": "$.order.id", "StringEquals": "B"},
        {"Variable": "$.missing", "IsPresent": True},
    ]
)
rules = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"And": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"Or": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"Not": part}, inner),
    ),
    max_leaves=6,
)


@given(rules)
@settings(max_examples=100, deadline=None)
def test_conditions_within_conditions_hold_as_they_did(rule: dict[str, Json]) -> None:
    same({"Type": "Choice", "Choices": [{**rule, "Next": "T"}], "Default": "U"})


@pytest.mark.parametrize(
    "expression",
    [
        "$..id",
        "$.numbers[*]",
        "$.numbers[?(@ > 1)]",
        "$.numbers[-1:]",
        "States.MathRandom(1, 9)",
        "States.StringSplit('a,b', ',')",
    ],
)
def test_what_has_no_equal_fails_with_what_it_was_and_is_told(expression: str) -> None:
    converted = to_jsonata.state({"Type": "Pass", "Parameters": {"x.$": expression}, "End": True})

    (remark,) = converted.remarks
    assert (remark.pointer, remark.is_done) == ("/Output/x", False)
    assert expression in remark.message
    verdict = tried(converted.value)
    assert verdict.status == "FAILED"
    assert expression in (verdict.cause or "")


def test_what_is_not_quite_the_same_is_told() -> None:
    (remark,) = same({"Type": "Pass", "Parameters": {"x.$": "States.Array($.name)"}, "End": True}).remarks

    assert (remark.pointer, remark.is_done) == ("/Output/x", True)


def test_fields_have_the_names_of_jsonata() -> None:
    converted = to_jsonata.state(
        {
            "Type": "Map",
            "Comment": "each",
            "ItemsPath": "$.items",
            "MaxConcurrencyPath": "$.most",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"MaxItemsPath": "$.n"},
                "Parameters": {"Key.$": "$.k"},
            },
            "Parameters": {"item.$": "$$.Map.Item.Value"},
            "ItemProcessor": {
                "StartAt": "A",
                "States": {"A": {"Type": "Pass", "InputPath": "$.a", "End": True}},
            },
            "Catch": [{"ErrorEquals": ["States.ParameterPathFailure"], "ResultPath": "$.error", "Next": "T"}],
            "Next": "T",
        }
    )

    assert converted.value == {
        "Type": "Map",
        "QueryLanguage": "JSONata",
        "Comment": "each",
        "Items": "{% $states.input.items %}",
        "MaxConcurrency": "{% $states.input.most %}",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"MaxItems": "{% $states.input.n %}"},
            "Arguments": {"Key": "{% $states.input.k %}"},
        },
        "ItemSelector": {"item": "{% $states.context.Map.Item.Value %}"},
        "ItemProcessor": {"StartAt": "A", "States": {"A": {"Type": "Pass", "InputPath": "$.a", "End": True}}},
        "Catch": [
            {
                "ErrorEquals": ["States.ParameterPathFailure"],
                "Output": '{% $merge([$states.input, {"error": $states.errorOutput}]) %}',
                "Next": "T",
            }
        ],
        "Next": "T",
    }
    (remark,) = converted.remarks
    assert remark.pointer == "/Catch/0/ErrorEquals"
    assert remark.is_done


def test_a_whole_machine_says_its_language_once() -> None:
    inner = {"StartAt": "B", "States": {"B": {"Type": "Pass", "InputPath": "$.b", "End": True}}}
    converted = to_jsonata.machine(
        {
            "StartAt": "A",
            "States": {
                "A": {"Type": "Parallel", "Branches": [inner], "Next": "C"},
                "C": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": 1, "End": True},
            },
        }
    )

    assert list(converted.value) == ["StartAt", "QueryLanguage", "States"]
    states: Any = converted.value["States"]
    assert states["A"]["Branches"][0]["States"]["B"] == {
        "Type": "Pass",
        "Output": "{% $states.input.b %}",
        "End": True,
    }
    assert states["C"] == {"Type": "Pass", "Output": 1, "End": True}
    assert compile_definition(json.dumps(converted.value), task_check=lambda *_: ())


def test_whatever_it_is_is_no_reason_to_fail() -> None:
    for state in (
        {},
        {"Type": 1, "Choices": 3, "Catch": [1], "ItemReader": [], "Parameters": "$"},
        {"Type": "Pass", "InputPath": 3, "ResultPath": ["a"], "OutputPath": {"a": 1}, "Assign": [{"x.$": 4}]},
        {"Type": "Choice", "Choices": [{"And": [3]}, {"Variable": 3, "IsNull": 1}, {"Not": {}}]},
    ):
        assert to_jsonata.state(state).value["QueryLanguage"] == "JSONata"
    assert to_jsonata.machine({"States": 3}).value["QueryLanguage"] == "JSONata"
