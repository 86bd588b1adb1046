"""Which variables the states of a definition read."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.definition.variable_references import variable_references


def read(state: dict[str, Any], **machine: Any) -> list[str]:
    return variable_references({"StartAt": "A", "States": {"A": state}, **machine}).get("A", [])


@pytest.mark.parametrize(
    ("state", "names"),
    [
        pytest.param({"InputPath": "$a.b[0]", "OutputPath": "$c"}, ["a", "c"], id="paths"),
        pytest.param(
            {"ResultPath": "$.x", "InputPath": "$.a", "OutputPath": "$$.Map"}, [], id="no variables"
        ),
        pytest.param({"Parameters": {"x.$": "$a", "y": "$b", "zPath": "$c"}}, ["a"], id="template"),
        pytest.param({"Parameters": {"l": [{"x.$": "States.Format('$b {}', $a)"}]}}, ["a"], id="intrinsic"),
        pytest.param({"Assign": {"a": 1, "b.$": "$c"}}, ["c"], id="assigned is not read"),
        pytest.param({"Result": {"x.$": "$a"}}, [], id="literal result"),
        pytest.param(
            {"Choices": [{"And": [{"Variable": "$a", "StringEqualsPath": "$b"}], "Next": "B"}]},
            ["a", "b"],
            id="choice",
        ),
        pytest.param(
            {"Catch": [{"ErrorEquals": ["x"], "Next": "B", "Assign": {"e.$": "$a"}}]}, ["a"], id="catch"
        ),
        pytest.param(
            {"InputPath": "$.x['$no']", "ItemsPath": "$größe"}, ["größe"], id="quoted, other letters"
        ),
    ],
)
def test_jsonpath(state: dict[str, Any], names: list[str]) -> None:
    assert read({"Type": "Pass", **state}) == names


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("{% $a + $states.input.b %}", ["a"]),
        ("{% ($x := $a; $x + $sum([$b])) %}", ["a", "b"]),
        ("{% function($y) { $y + $z } %}", ["z"]),
        ("$a", []),
        ("{% '$a' %}", []),
    ],
)
def test_jsonata(expression: str, names: list[str]) -> None:
    state = {"Type": "Pass", "Output": {"deep": [expression]}}

    assert read(state, QueryLanguage="JSONata") == names
    assert read({**state, "QueryLanguage": "JSONata"}) == names


def test_states_of_maps_and_parallels_stand_beside_the_others() -> None:
    inner = {"StartAt": "I", "States": {"I": {"Type": "Pass", "InputPath": "$i", "End": True}}}
    branch = {"StartAt": "P", "States": {"P": {"Type": "Map", "ItemsPath": "$p", "ItemProcessor": inner}}}
    definition: Any = {
        "StartAt": "A",
        "States": {"A": {"Type": "Parallel", "InputPath": "$a", "Branches": [branch]}},
    }

    assert variable_references(definition) == {"A": ["a"], "P": ["p"], "I": ["i"]}
