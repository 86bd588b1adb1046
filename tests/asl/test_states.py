"""Pass, Succeed, Fail and Choice, and how data flows through a state."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.text.jsontext import parse
from tests.asl.virtual_time import run, states


def output_of(state: dict[str, Any], given: Any) -> Any:
    outcome = run(states("S", S=state), given).outcome
    assert outcome is not None
    assert outcome.output is not None, outcome
    return parse(outcome.output)


@pytest.mark.parametrize(
    ("state", "given", "expected"),
    [
        pytest.param({}, {"a": 1}, {"a": 1}, id="input goes on"),
        pytest.param({"Result": {"b": 2}}, {"a": 1}, {"b": 2}, id="result replaces input"),
        pytest.param({"Result": None}, {"a": 1}, None, id="null is a result"),
        pytest.param({"Result": 2, "ResultPath": "$.b"}, {"a": 1}, {"a": 1, "b": 2}, id="result into input"),
        pytest.param({"Result": 2, "ResultPath": None}, {"a": 1}, {"a": 1}, id="result dropped"),
        pytest.param({"InputPath": "$.a"}, {"a": [1]}, [1], id="InputPath"),
        pytest.param({"InputPath": None}, {"a": 1}, {}, id="InputPath null"),
        pytest.param({"OutputPath": None}, {"a": 1}, {}, id="OutputPath null"),
        pytest.param({"OutputPath": "$.a"}, {"a": 1}, 1, id="OutputPath"),
        pytest.param({"Parameters": {"x.$": "$.a", "y": 2}}, {"a": 1}, {"x": 1, "y": 2}, id="Parameters"),
        pytest.param(
            {"InputPath": "$.a", "Parameters": {"x.$": "$.b"}, "ResultPath": "$.r", "OutputPath": "$.r"},
            {"a": {"b": 7}},
            {"x": 7},
            id="InputPath, Parameters, ResultPath, OutputPath in this order",
        ),
        pytest.param(
            {"InputPath": "$.a", "ResultPath": "$.r"},
            {"a": 1, "b": 2},
            {"a": 1, "b": 2, "r": 1},
            id="ResultPath puts into the input as it came",
        ),
    ],
)
def test_pass(state: dict[str, Any], given: Any, expected: Any) -> None:
    assert output_of({"Type": "Pass", **state}, given) == expected


def test_succeed_ends_with_its_filtered_input() -> None:
    assert output_of({"Type": "Succeed", "InputPath": "$.a", "OutputPath": "$.b"}, {"a": {"b": 1}}) == 1


def test_the_events_of_two_pass_states() -> None:
    play = run(states("A", A={"Type": "Pass", "Next": "B"}, B={"Type": "Pass"}), {"a": 1})

    assert play.chain == [
        (1, 0, "ExecutionStarted"),
        (2, 0, "PassStateEntered"),
        (3, 2, "PassStateExited"),
        (4, 3, "PassStateEntered"),
        (5, 4, "PassStateExited"),
        (6, 5, "ExecutionSucceeded"),
    ]
    assert play.events[1] == {
        "timestamp": "2023-11-14T22:13:20.000Z",
        "type": "PassStateEntered",
        "id": 2,
        "previousEventId": 0,
        "stateEnteredEventDetails": {"name": "A", "input": '{"a":1}', "inputDetails": {"truncated": False}},
    }
    assert play.events[5]["executionSucceededEventDetails"] == {
        "output": '{"a":1}',
        "outputDetails": {"truncated": False},
    }


@pytest.mark.parametrize(
    ("state", "error", "cause"),
    [
        pytest.param({"Error": "E", "Cause": "C"}, "E", "C", id="literal"),
        pytest.param({}, None, None, id="nothing said"),
        pytest.param({"ErrorPath": "$.e", "CausePath": "$.c"}, "NotPaid", "no money", id="paths"),
        pytest.param({"ErrorPath": "$$.State.Name"}, "S", None, id="context object"),
        pytest.param(
            {"Error": "E", "CausePath": "States.Format('{}!', $.c)"}, "E", "no money!", id="intrinsic"
        ),
        pytest.param(
            {"ErrorPath": "$.nothing"},
            "States.Runtime",
            "An error occurred while executing the state 'S' (entered at the event id #2). The JSONPath "
            "'$.nothing' specified for the field 'ErrorPath' could not be found in the input "
            '\'{"e":"NotPaid","c":"no money"}\'',
            id="missing path",
        ),
    ],
)
def test_fail(state: dict[str, Any], error: str | None, cause: str | None) -> None:
    play = run(states("S", S={"Type": "Fail", **state}), {"e": "NotPaid", "c": "no money"})

    assert play.outcome is not None
    assert (play.outcome.status, play.outcome.error, play.outcome.cause) == ("FAILED", error, cause)
    details = {"error": error, "cause": cause}
    assert play.events[-1]["executionFailedEventDetails"] == {
        name: value for name, value in details.items() if value is not None
    }
    assert play.chain[-1] == (3, 2, "ExecutionFailed")


CHOICE = states(
    "Size",
    Size={
        "Type": "Choice",
        "Choices": [
            {"Variable": "$.n", "NumericGreaterThan": 100, "Next": "Large"},
            {"Variable": "$.n", "NumericGreaterThan": 10, "Next": "Medium"},
        ],
        "Default": "Small",
    },
    Large={"Type": "Pass", "Result": "large"},
    Medium={"Type": "Pass", "Result": "medium"},
    Small={"Type": "Pass", "Result": "small"},
)


@pytest.mark.parametrize(("n", "expected"), [(101, '"large"'), (11, '"medium"'), (1, '"small"')])
def test_choice_takes_the_first_rule_that_matches(n: int, expected: str) -> None:
    play = run(CHOICE, {"n": n})

    assert play.outcome is not None
    assert play.outcome.output == expected
    assert play.types[1:4] == ["ChoiceStateEntered", "ChoiceStateExited", "PassStateEntered"]
    assert play.events[2]["stateExitedEventDetails"]["output"] == f'{{"n":{n}}}'


@pytest.mark.parametrize(
    "field", [{"Parameters": {"x.$": "$"}}, {"Parameters": {"x": {"y.$": "$.a"}}}, {"InputPath": "$.a"}]
)
def test_no_path_is_applied_to_an_input_that_is_null(field: dict[str, Any]) -> None:
    nothing = {"Type": "Pass", "Result": None, "Next": "A"}
    play = run(states("Null", Null=nothing, A={"Type": "Pass", "End": True} | field))

    assert play.outcome is not None
    assert play.outcome.error == "States.Runtime"
    assert play.outcome.cause == (
        "An error occurred while executing the state 'A' (entered at the event id #4). "
        "Unable to apply Path transformation to null or empty input."
    )


def test_an_input_that_is_null_is_handed_on() -> None:
    nothing = {"Type": "Pass", "Result": None, "Next": "A"}
    play = run(
        states("Null", Null=nothing, A={"Type": "Pass", "InputPath": "$", "OutputPath": "$", "End": True})
    )

    assert play.outcome is not None
    assert play.outcome.output == "null"


def test_choice_without_a_match_fails() -> None:
    only = {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "One"}]}
    play = run(states("Is it", **{"Is it": only, "One": {"Type": "Succeed"}}), {"n": 2})

    assert play.outcome is not None
    assert play.outcome.error == "States.Runtime"
    assert play.outcome.cause == (
        "An error occurred while executing the state 'Is it' (entered at the event id #2). "
        "Failed to transition out of the state. The state does not point to a next state."
    )
    assert play.chain[-1] == (3, 2, "ExecutionFailed")


def test_the_text_of_a_value_stays_as_it_came() -> None:
    """1.0 is not 1, and nobody rewrites what nobody changed."""
    from tests.asl.virtual_time import Play, machine

    play = Play(machine(states("A", A={"Type": "Pass"})))
    play.start('{"a": 1.0,  "b": 123456789012345678901234567890}')  # type: ignore[arg-type]

    assert play.outcome is not None
    assert play.outcome.output == '{"a": 1.0,  "b": 123456789012345678901234567890}'


def test_the_context_object() -> None:
    play = run(states("S", S={"Type": "Pass", "Parameters": {"all.$": "$$"}}), {"a": 1})

    assert play.outcome is not None
    assert play.outcome.output is not None
    assert parse(play.outcome.output) == {
        "all": {
            "Execution": {
                "Id": "arn:aws:states:us-east-1:123456789012:execution:orders:order-7",
                "Input": {"a": 1},
                "StartTime": "2023-11-14T22:13:20.000Z",
                "Name": "order-7",
                "RoleArn": "arn:aws:iam::123456789012:role/orders",
                "RedriveCount": 0,
            },
            "StateMachine": {
                "Id": "arn:aws:states:us-east-1:123456789012:stateMachine:orders",
                "Name": "orders",
            },
            "State": {"Name": "S", "EnteredTime": "2023-11-14T22:13:20.000Z"},
        }
    }


def test_a_missing_path_fails_with_the_state_and_its_event() -> None:
    play = run(states("S", S={"Type": "Pass", "OutputPath": "$.nothing"}), {})

    assert play.outcome is not None
    assert play.outcome.error == "States.Runtime"
    assert play.outcome.cause == (
        "An error occurred while executing the state 'S' (entered at the event id #2). "
        "Invalid path '$.nothing' : No results for path: $['nothing']"
    )


def test_visits_tell_people_what_happened() -> None:
    play = run(states("A", A={"Type": "Pass", "Next": "B"}, B={"Type": "Fail", "Error": "Broken"}))

    visits = [(v.path, v.type, v.outcome, v.error, v.attempts) for v in play.visits.values()]
    assert visits == [("A", "Pass", "Succeeded", None, 1), ("B", "Fail", "Failed", "Broken", 1)]
