"""Choice rules: every operator, what it does with values of another type, and which rules are refused."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwright.asl import choice_rules
from stepwright.asl.choice_rules import InvalidRule
from stepwright.asl.data import Data
from stepwright.asl.failure.errors import StateError
from stepwright.asl.json_types import Pointer
from tests.data import conformance

HERE = Pointer("/States/C/Choices/0")


def matches(rule: Any, document: Any) -> bool:
    return choice_rules.compile(rule, HERE).matches(Data(document, {"n": 1}, {"v": "var"}))


def compare(operator: str, value: Any, operand: Any) -> bool:
    """The operator with its operand written in the rule and, where it has that form, read by a path."""
    written = matches({"Variable": "$.value", operator: operand}, {"value": value})
    if f"{operator}Path" in choice_rules.OPERATORS:
        rule = {"Variable": "$.value", f"{operator}Path": "$.operand"}
        assert matches(rule, {"value": value, "operand": operand}) == written
    return written


@pytest.mark.parametrize(
    ("family", "low", "high"),
    [
        ("String", "a", "b"),
        ("String", "", "a"),
        ("String", "Z", "a"),
        ("String", "\U00010000", "\uffff"),  # as Java orders: by UTF-16 units
        ("Numeric", 1, 1.5),
        ("Numeric", -1, 0),
        ("Numeric", 2**53, 2**53 + 1),
        ("Timestamp", "2016-03-14T01:59:00Z", "2016-03-14T01:59:00.001Z"),
        ("Timestamp", "2016-03-14T02:59:00+02:00", "2016-03-14T01:59:00Z"),
        ("Timestamp", "2016-03-14T01:59:00.000000001Z", "2016-03-14T01:59:00.000000002Z"),
    ],
)
def test_values_are_ordered(family: str, low: Any, high: Any) -> None:
    found = {
        name: [compare(family + name, *pair) for pair in ((low, high), (low, low), (high, low))]
        for name in ("Equals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    }

    assert found == {
        "Equals": [False, True, False],
        "LessThan": [True, False, False],
        "LessThanEquals": [True, True, False],
        "GreaterThan": [False, False, True],
        "GreaterThanEquals": [False, True, True],
    }


@pytest.mark.parametrize(
    ("operator", "value", "operand"),
    [
        ("NumericEquals", 1, 1.0),
        ("BooleanEquals", False, False),
        ("TimestampEquals", "2020-01-01T00:00:00Z", "2020-01-01T01:00:00+01:00"),
        ("StringMatches", "log-2020.txt", "log-*.txt"),
        ("StringMatches", "log-.txt", "log-*.txt"),
        ("StringMatches", "a*b", "a\\*b"),
        ("StringMatches", "a\\b", "a\\\\b"),
        ("StringMatches", "anything\nat all", "*"),
        ("StringMatches", "aXbXc", "a*b*c"),
        ("IsNull", None, True),
        ("IsNull", 0, False),
        ("IsNumeric", 1.5, True),
        ("IsNumeric", True, False),
        ("IsString", "", True),
        ("IsBoolean", False, True),
        ("IsBoolean", 0, False),
        ("IsTimestamp", "2012-10-09T19:00:55+01:00", True),
        ("IsTimestamp", "2012-10-09T19:00:55", False),
        ("IsTimestamp", "2012-10-09", False),
        ("IsTimestamp", "2012-13-09T19:00:55Z", False),
        ("IsTimestamp", 5, False),
        ("IsPresent", None, True),
    ],
)
def test_a_rule_matches(operator: str, value: Any, operand: Any) -> None:
    assert compare(operator, value, operand) is True


@pytest.mark.parametrize(
    ("operator", "value", "operand"),
    [
        ("NumericEquals", "1", 1),
        ("NumericEquals", True, 1),
        ("NumericLessThan", None, 1),
        ("StringEquals", 1, "1"),
        ("StringGreaterThan", ["b"], "a"),
        ("BooleanEquals", 0, False),
        ("BooleanEquals", "true", True),
        ("TimestampEquals", "2012-10-09", "2012-10-09T00:00:00Z"),
        ("TimestampLessThan", {}, "2012-10-09T00:00:00Z"),
        ("StringMatches", "axb", "a\\*b"),
        ("StringMatches", "aa", "a"),
        ("StringMatches", "ab", "ab*b"),
        ("StringMatches", 5, "*"),
        ("IsPresent", 1, False),
    ],
)
def test_a_rule_does_not_match(operator: str, value: Any, operand: Any) -> None:
    assert compare(operator, value, operand) is False


def test_an_operand_of_another_type_read_by_a_path_matches_nothing() -> None:
    rule = {"Variable": "$.a", "NumericEqualsPath": "$.b"}

    assert matches(rule, {"a": 1, "b": "1"}) is False
    assert matches(rule, {"a": 1, "b": 1.0}) is True


def test_many_stars_do_not_take_long() -> None:
    assert compare("StringMatches", "a" * 5000, "*a" * 200 + "*b") is False


def test_context_and_variables_can_be_compared() -> None:
    assert matches({"Variable": "$$.n", "NumericEquals": 1}, {})
    assert matches({"Variable": "$v", "StringEquals": "var"}, {})


A: Any = {"Variable": "$.a", "BooleanEquals": True}
B: Any = {"Variable": "$.b", "BooleanEquals": True}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"And": [A, B]}, [False, False, False, True]),
        ({"Or": [A, B]}, [False, True, True, True]),
        ({"Not": A}, [True, True, False, False]),
        ({"Not": {"And": [A, {"Not": B}]}}, [True, True, False, True]),
    ],
)
def test_rules_are_combined(rule: Any, expected: list[bool]) -> None:
    documents = [{"a": a, "b": b} for a in (False, True) for b in (False, True)]

    assert [matches(rule, document) for document in documents] == expected


def test_a_presence_check_guards_what_follows_it() -> None:
    guarded = {"And": [{"Variable": "$.a", "IsPresent": True}, {"Variable": "$.a", "StringEquals": "x"}]}

    assert matches(guarded, {}) is False
    assert matches({"Variable": "$.a.b", "IsPresent": False}, {}) is True


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ({"Variable": "$.x", "IsNull": True}, "$.x"),
        ({"Variable": "$.x.y", "StringEquals": "a"}, "$.x.y"),
        ({"Variable": "$.a", "StringEqualsPath": "$.x"}, "$.x"),
    ],
)
def test_a_missing_variable_fails_the_state(rule: Any, path: str) -> None:
    with pytest.raises(StateError) as caught:
        matches(rule, {"a": 1})

    assert caught.value.error == "States.Runtime"
    assert caught.value.cause == (
        f"Invalid path '{path}': The choice state's condition path references an invalid value."
    )


def test_there_are_39_operators() -> None:
    assert len(choice_rules.OPERATORS) == 39


@pytest.mark.parametrize(
    ("rule", "pointer", "message"),
    [
        ({}, "", "A Choice rule must have exactly one of And, Or, Not or an operator"),
        (
            {"Variable": "$.a", "IsNull": True, "IsString": True},
            "",
            "A Choice rule must have exactly one of And, Or, Not or an operator, not IsNull, IsString",
        ),
        ({"IsNull": True}, "", "The field 'Variable' is required but was missing"),
        (
            {"Variable": "$.a", "Equals": 1},
            "/Equals",
            "The field 'Equals' is not supported by Step Functions",
        ),
        (
            {"Variable": "States.UUID()", "IsNull": True},
            "/Variable",
            "The value for the field 'Variable' must be a valid JSONPath",
        ),
        (
            {"Variable": "$.a", "NumericEqualsPath": 5},
            "/NumericEqualsPath",
            "The value for the field 'NumericEqualsPath' must be a valid JSONPath",
        ),
        (
            {"Variable": "$.a", "NumericEquals": "5"},
            "/NumericEquals",
            "The value for the field 'NumericEquals' must be a number",
        ),
        ({"Variable": "$.a", "IsNull": 1}, "/IsNull", "The value for the field 'IsNull' must be a boolean"),
        (
            {"Variable": "$.a", "StringEquals": 1},
            "/StringEquals",
            "The value for the field 'StringEquals' must be a string",
        ),
        (
            {"Variable": "$.a", "TimestampEquals": "today"},
            "/TimestampEquals",
            "String does not match RFC3339 timestamp",
        ),
        ({"And": []}, "/And", "The value for the field 'And' must be an array with at least one rule"),
        ({"Not": [A]}, "/Not", "A Choice rule must be an object"),
        (
            {"Or": [A, {**B, "Next": "X"}]},
            "/Or/1/Next",
            "The field 'Next' is only allowed in a top-level Choice rule",
        ),
    ],
)
def test_a_faulty_rule_is_refused(rule: Any, pointer: str, message: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        choice_rules.compile(rule, HERE)

    assert caught.value.problems == [(HERE + pointer, message)]


def test_every_problem_of_a_rule_is_told() -> None:
    with pytest.raises(InvalidRule) as caught:
        choice_rules.compile({"And": [{"Variable": "x", "IsNull": 1}, {"Or": 5}]}, HERE)

    assert [pointer.removeprefix(HERE) for pointer, _ in caught.value.problems] == [
        "/And/0/Variable",
        "/And/0/IsNull",
        "/And/1/Or",
    ]


@given(
    st.recursive(
        st.dictionaries(
            st.sampled_from([*choice_rules.OPERATORS, "Variable", "Next", "Comment"]),
            st.none()
            | st.booleans()
            | st.integers()
            | st.sampled_from(["$.a", "$", "x", "2020-01-01T00:00:00Z"]),
            max_size=3,
        ),
        lambda inner: st.dictionaries(
            st.sampled_from(["And", "Or", "Not"]), inner | st.lists(inner, max_size=2), max_size=1
        ),
        max_leaves=5,
    )
)
def test_any_object_is_a_rule_or_refused(rule: Any) -> None:
    with contextlib.suppress(InvalidRule, StateError):
        matches(rule, {"a": 1})


@given(st.text("ab*\\", max_size=12), st.text("ab*\\", max_size=12))
def test_a_pattern_with_its_specials_escaped_matches_only_itself(text: str, other: str) -> None:
    pattern = text.replace("\\", "\\\\").replace("*", "\\*")

    assert compare("StringMatches", other, pattern) == (other == text)


@pytest.mark.conformance
@pytest.mark.parametrize(
    "record",
    conformance.parameters(conformance.records("choice_operators"), lambda record: str(record["id"])),
)
def test_a_choice_goes_where_it_went_on_aws(record: dict[str, Any]) -> None:
    states = record["definition"]["States"]
    choice = states[record["definition"]["StartAt"]]
    chosen = next(
        (
            rule["Next"]
            for number, rule in enumerate(choice["Choices"])
            if choice_rules.compile(rule, Pointer(f"/Choices/{number}")).matches(Data(record["input"], {}))
        ),
        choice["Default"],
    )

    assert states[chosen]["Result"] == record["expected"]["output"]
