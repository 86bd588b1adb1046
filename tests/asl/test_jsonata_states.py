"""States whose query language is JSONata: what goes in and out, how they fail, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

from stepwright.asl.definition import check, compile_definition
from stepwright.asl.json_types import Json
from stepwright.asl.signals import Signal, TaskFailed, TaskSucceeded
from stepwright.asl.step import StartTask
from stepwright.asl.text.jsontext import dump, parse
from tests.asl.virtual_time import Play, echo

QUERY_ERROR: Final = "States.QueryEvaluationError"


def machine(first: dict[str, Any], **others: dict[str, Any]) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": first, **others}}


def played(definition: dict[str, Any], given: Any = None, answer: Any = echo) -> Play:
    playing = Play(compile_definition(definition)[0])
    playing.start(dump({} if given is None else given))
    playing.go_on()
    playing.to_end(answer)
    return playing


def output(definition: dict[str, Any], given: Any = None, answer: Any = echo) -> Any:
    outcome = played(definition, given, answer).outcome
    assert outcome is not None
    assert outcome.output is not None, outcome
    return parse(outcome.output)


def failure(
    definition: dict[str, Any], given: Any = None, answer: Any = echo
) -> tuple[str | None, str | None]:
    outcome = played(definition, given, answer).outcome
    assert outcome is not None
    assert outcome.status == "FAILED", outcome
    return outcome.error, outcome.cause


def end(state_type: str, **fields: Any) -> dict[str, Any]:
    return {"Type": state_type, **fields, "End": True}


TASK: Final = end("Task", Resource="arn:aws:states:::lambda:invoke")
ITEMS: Final = {"StartAt": "I", "States": {"I": end("Pass")}}


# What goes in and out


def test_without_output_a_pass_state_hands_on_its_input() -> None:
    assert output(machine(end("Pass")), {"a": 1}) == {"a": 1}


def test_output_holds_expressions_at_any_depth_and_texts_as_they_are() -> None:
    template = {
        "sum": "{% $sum($states.input.n) %}",
        "list": [1, "{% $states.input.n[0] %}", {"deep": "{%$states.input.n[1]%}"}],
        "text": " {% 1 %} ",
        "key {% 1 %} x": None,
        "many": "{% (\n  $a := 1;\n  $a + 1\n) %}",
        "path": "$.n",
    }

    assert output(machine(end("Pass", Output=template)), {"n": [1, 2]}) == {
        "sum": 3,
        "list": [1, 1, {"deep": 2}],
        "text": " {% 1 %} ",
        "key {% 1 %} x": None,
        "many": 2,
        "path": "$.n",
    }


@pytest.mark.parametrize("value", [0, 1.0, "text", None, [], {}, True])
def test_output_may_be_any_value(value: Any) -> None:
    assert output(machine(end("Pass", Output=value))) == value


def test_states_has_input_and_context_and_after_a_task_its_result() -> None:
    definition = machine(TASK | {"Arguments": {"x": 1}, "Output": "{% $states %}"})

    seen = output(definition, {"a": 1})

    assert list(seen) == ["input", "context", "result"]
    assert seen["input"] == {"a": 1}
    assert seen["result"] == {"x": 1}
    assert seen["context"]["State"] == {
        "Name": "A",
        "EnteredTime": "2023-11-14T22:13:20.000Z",
        "RetryCount": 0,
    }


def test_a_task_gets_its_arguments_or_else_its_input_and_gives_its_result() -> None:
    arguments = {"FunctionName": "{% 'f' & $states.input.n %}", "Payload": None}

    assert output(machine(TASK | {"Arguments": arguments}), {"n": 1}) == {
        "FunctionName": "f1",
        "Payload": None,
    }
    assert output(machine(TASK), {"n": 1}) == {"n": 1}
    assert output(machine(TASK | {"Arguments": "{% $states.input.n %}"}), {"n": [1]}) == [1]


def test_output_and_assign_see_the_variables_as_they_were() -> None:
    first = {"Type": "Pass", "Assign": {"x": 1, "y": [2]}, "Next": "B"}
    second = {
        "Type": "Pass",
        "Assign": {"x": "{% $x + 1 %}", "z": "{% $x %}"},
        "Output": "{% [$x, $y] %}",
        "Next": "C",
    }
    third = end("Pass", Output="{% [$states.input, [$x, $y, $z]] %}")

    assert output(machine(first, B=second, C=third)) == [1, 2, [2, 2, 1]]


def test_variables_pass_between_the_languages() -> None:
    definition = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", "Assign": {"n.$": "$.n"}, "Next": "B"},
            "B": {"Type": "Pass", "QueryLanguage": "JSONata", "Assign": {"m": "{% $n * 2 %}"}, "Next": "C"},
            "C": end("Pass", Parameters={"m.$": "$m"}),
        },
    }

    assert output(definition, {"n": 4}) == {"m": 8}


def test_choice_takes_the_first_condition_that_is_true() -> None:
    choice = {
        "Type": "Choice",
        "Choices": [
            {"Condition": "{% $states.input.n > 5 %}", "Next": "B", "Output": "large"},
            {"Condition": "{% $states.input.n > 2 %}", "Next": "B", "Assign": {"x": "middle"}},
        ],
        "Default": "B",
        "Output": "{% 'small' %}",
        "Assign": {"x": "default"},
    }
    definition = machine(
        choice, B=end("Pass", Output="{% {'was': $states.input, 'x': $exists($x) ? $x : null} %}")
    )

    assert output(definition, {"n": 9}) == {"was": "large", "x": None}
    assert output(definition, {"n": 3}) == {"was": {"n": 3}, "x": "middle"}
    assert output(definition, {"n": 1}) == {"was": "small", "x": "default"}


def test_map_takes_its_items_from_an_expression_and_shapes_each() -> None:
    state = end(
        "Map",
        Items="{% $states.input.list %}",
        ItemSelector={
            "v": "{% $states.context.Map.Item.Value %}",
            "i": "{% $states.context.Map.Item.Index %}",
        },
        ItemProcessor=ITEMS,
        MaxConcurrency="{% 1 %}",
        Output="{% $states.result.(v + i) %}",
    )

    assert output(machine(state), {"list": [5, 6]}) == [5, 7]
    assert output(machine(end("Map", Items=[1, "{% 1 + 1 %}"], ItemProcessor=ITEMS))) == [1, 2]
    assert output(machine(end("Map", ItemProcessor=ITEMS)), [3]) == [3]


def test_iterations_and_branches_see_outer_variables() -> None:
    inner = {"StartAt": "I", "States": {"I": end("Pass", Output="{% $x + $states.input %}")}}
    first = {"Type": "Pass", "Assign": {"x": 10}, "Output": [1, 2], "Next": "M"}

    assert output(machine(first, M=end("Map", ItemProcessor=inner))) == [11, 12]
    parallel = end(
        "Parallel", Branches=[inner], Arguments="{% $states.input[1] %}", Output="{% $states.result %}"
    )
    assert output(machine(first | {"Next": "P"}, P=parallel)) == [12]


def test_wait_computes_how_long() -> None:
    assert (
        played(machine(end("Wait", Seconds="{% $states.input.s * 2 %}")), {"s": 5}).now == 1_700_000_010_000
    )
    until = "{% $fromMillis($millis() + 60000) %}"
    assert played(machine(end("Wait", Timestamp=until, Output="done"))).now == 1_700_000_060_000


def test_fail_computes_its_error_and_cause() -> None:
    fail = {"Type": "Fail", "Error": "{% 'E' & $states.input %}", "Cause": "plain"}

    assert failure(machine(fail), 7) == ("E7", "plain")


def test_succeed_has_an_output() -> None:
    assert output(machine({"Type": "Succeed", "Output": "{% $states.input + 1 %}"}), 1) == 2


def test_time_limits_of_a_task_may_be_computed() -> None:
    task = TASK | {"TimeoutSeconds": "{% $states.input %}", "HeartbeatSeconds": "{% $states.input - 1 %}"}

    def never(_task: StartTask) -> Signal | None:
        return None

    playing = played(machine(task), 3, never)

    assert playing.outcome is not None
    assert playing.outcome.error == "States.Timeout"
    assert playing.now == 1_700_000_002_000  # the heartbeat's


# How they fail


def test_catch_shapes_the_error_output() -> None:
    def refuse(task: StartTask) -> Signal:
        return TaskFailed(task.task, "E", "because")

    catcher = {
        "ErrorEquals": ["E"],
        "Output": {"why": "{% $states.errorOutput.Cause %}", "n": "{% $states.input %}"},
        "Assign": {"error": "{% $states.errorOutput.Error %}"},
        "Next": "B",
    }
    last = end("Pass", Output="{% [$states.input, $error] %}")

    assert output(machine(TASK | {"Catch": [catcher]}, B=last), 1, refuse) == [
        {"why": "because", "n": 1},
        "E",
    ]
    plain = {"ErrorEquals": ["States.ALL"], "Next": "B"}
    assert output(machine(TASK | {"Catch": [plain]}, B=end("Pass")), 1, refuse) == {
        "Error": "E",
        "Cause": "because",
    }


FAILURES: Final[dict[str, tuple[dict[str, Any], str | None, str]]] = {
    "an expression that gives nothing": (
        end("Pass", Output={"a": ["{% $states.input.missing %}"]}),
        "Output/a[0]",
        "The JSONata expression '$states.input.missing' specified for the field 'Output/a[0]' returned nothing (undefined).",
    ),
    "an error while it is evaluated": (
        end("Pass", Assign={"x": "{% 1 + 'a' %}"}),
        "Assign/x",
        (
            "The JSONata expression '1 + 'a'' specified for the field 'Assign/x' threw an error during evaluation."
            ' T2002: The right side of the "+" operator must evaluate to a number'
        ),
    ),
    "more than it may cost": (
        end("Pass", Output="{% [1..900000] ~> $count() %}"),
        "Output",
        (
            "The JSONata expression '[1..900000] ~> $count()' specified for the field 'Output' threw an error during"
            " evaluation: Expression evaluation memory limit exceeded: Check for excessive memory usage"
        ),
    ),
    "a function": (
        end("Pass", Output="{% $sum %}"),
        "Output",
        (
            "The JSONata expression '$sum' specified for the field 'Output' returned an unexpected result type."
            " Expected a JSON value, but was 'function'"
        ),
    ),
    "a condition that is not a boolean": (
        {"Type": "Choice", "Choices": [{"Condition": "{% 'yes' %}", "Next": "B"}], "Default": "B"},
        "Choices[0]/Condition",
        (
            "The JSONata expression ''yes'' specified for the field 'Choices[0]/Condition' returned an unexpected result"
            " type. Expected 'boolean', but was 'string' for value: \"yes\""
        ),
    ),
    "items that are not an array": (
        end("Map", Items="{% {'a': 1} %}", ItemProcessor=ITEMS),
        "Items",
        (
            "The JSONata expression '{'a': 1}' specified for the field 'Items' returned an unexpected result type."
            " Expected 'array', but was 'object' for value: {\"a\":1}"
        ),
    ),
    "an input that is not an array": (
        end("Map", ItemProcessor=ITEMS),
        None,
        "Map state input must be an array but was: {}",
    ),
    "a timestamp that is not valid": (
        end("Wait", Timestamp="{% 'soon' %}"),
        "Timestamp",
        "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: soon",
    ),
    "seconds that are not whole": (
        end("Wait", Seconds="{% 1.5 %}"),
        "Seconds",
        (
            "The JSONata expression '1.5' specified for the field 'Seconds' returned an unexpected result type."
            " Expected 'integer from 0 to 2147483647', but was 'number' for value: 1.5"
        ),
    ),
    "an error that is not a text": (
        {"Type": "Fail", "Error": "{% 1 %}"},
        "Error",
        (
            "The JSONata expression '1' specified for the field 'Error' returned an unexpected result type."
            " Expected 'string', but was 'number' for value: 1"
        ),
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_state_fails_with(name: str) -> None:
    state, location, cause = FAILURES[name]
    others = {"B": end("Pass")} if state["Type"] == "Choice" else {}

    playing = played(machine(state, **others))

    entered = playing.events[1]
    whole = f"An error occurred while executing the state 'A' (entered at the event id #2). {cause}"
    details: dict[str, Any] = {"error": QUERY_ERROR, "cause": whole, "state": "A"}
    if location is not None:
        details["location"] = location
    evaluation = playing.events[2]
    assert evaluation["type"] == "EvaluationFailed"
    assert evaluation["evaluationFailedEventDetails"] == details
    assert evaluation["previousEventId"] == (2 if state["Type"] == "Wait" else entered["previousEventId"])
    assert [event["type"] for event in playing.events[3:]] == (
        ["MapStateFailed", "ExecutionFailed"] if state["Type"] == "Map" else ["ExecutionFailed"]
    )
    assert playing.outcome is not None
    assert (playing.outcome.error, playing.outcome.cause) == (QUERY_ERROR, whole)


def test_an_expression_that_fails_can_be_caught() -> None:
    task = TASK | {
        "Output": "{% $states.result.missing %}",
        "Catch": [{"ErrorEquals": [QUERY_ERROR], "Output": "{% $states.errorOutput.Error %}", "Next": "B"}],
    }

    assert output(machine(task, B=end("Pass"))) == QUERY_ERROR


def test_an_expression_that_fails_can_be_tried_again() -> None:
    answers: Iterator[Json] = iter([{}, {"ready": True}])

    def answer(task: StartTask) -> Signal:
        return TaskSucceeded(task.task, next(answers))

    task = TASK | {
        "Output": "{% $states.result.ready %}",
        "Retry": [{"ErrorEquals": [QUERY_ERROR], "IntervalSeconds": 1}],
    }

    assert output(machine(task), None, answer) is True


def test_an_expression_of_a_catch_that_fails_names_the_catch() -> None:
    def refuse(task: StartTask) -> Signal:
        return TaskFailed(task.task, "E", None)

    catchers = [
        {"ErrorEquals": ["F"], "Next": "B"},
        {"ErrorEquals": ["E"], "Output": {"x": "{% $states.missing %}"}, "Next": "B"},
    ]

    error, cause = failure(machine(TASK | {"Catch": catchers}, B=end("Pass")), None, refuse)

    assert error == QUERY_ERROR
    assert cause is not None
    assert "specified for the field 'Catch[1]/Output/x' returned nothing" in cause


def test_no_condition_that_holds_and_no_default() -> None:
    choice = {"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "B"}]}

    assert failure(machine(choice, B=end("Pass")))[0] == "States.Runtime"


# What is refused

REFUSED: Final[dict[str, tuple[dict[str, Any], list[str]]]] = {
    "what does not parse": (
        end("Pass", Output={"v": "{% 1 + %}"}),
        ["ERROR INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/A/Output/v"],
    ),
    "an expression without an end": (
        end("Pass", Output="{% 1"),
        [
            (
                "ERROR INVALID_JSONATA_EXPRESSION: A JSONata expression must start with '{%' and end with '%}'"
                " at /States/A/Output"
            )
        ],
    ),
    "a document that is not there": (
        end("Pass", Output={"v": "{% phone.number & $ & $$ %}"}),
        [
            (
                "ERROR UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported."
                " at /States/A/Output/v"
            ),
            (
                "ERROR UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$' at the top level is not supported."
                " at /States/A/Output/v"
            ),
            "ERROR UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$$' is not supported. at /States/A/Output/v",
        ],
    ),
    "an error where there is none": (
        end("Pass", Output="{% $states.errorOutput %}"),
        [
            "ERROR UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.errorOutput' does not exist. at /States/A/Output"
        ],
    ),
    "a result before there is one": (
        TASK | {"Arguments": "{% $states.result %}"},
        [
            "ERROR UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.result' does not exist. at /States/A/Arguments"
        ],
    ),
    "a rule of JSONPath": (
        {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "A"}], "Default": "A"},
        [
            (
                "ERROR SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONata', but field 'Variable' is only"
                " supported for the 'JSONPath' QueryLanguage at /States/A/Choices/0"
            ),
            (
                "ERROR SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONata', but field 'IsNull' is only"
                " supported for the 'JSONPath' QueryLanguage at /States/A/Choices/0"
            ),
            "ERROR SCHEMA_VALIDATION_FAILED: The field 'Condition' is required but was missing at /States/A/Choices/0",
            "ERROR MISSING_END_STATE: Workflow has no terminal state at /",
        ],
    ),
    "a variable that the scope around has": (
        end(
            "Map",
            Assign={"x": 1},
            ItemProcessor={"StartAt": "I", "States": {"I": end("Pass", Assign={"x": 2, "y": 1})}},
        ),
        [
            (
                "ERROR DUPLICATE_VARIABLE_NAME: The variable name 'x' was already defined in a parent scope."
                " at /States/A/ItemProcessor/States/I/Assign"
            )
        ],
    ),
    "a variable with the name of the reserved one": (
        end("Pass", Assign={"states": 1}),
        [
            (
                "ERROR SCHEMA_VALIDATION_FAILED: 'states' cannot be the name of a variable; it needs 1 to 80 characters and"
                " 'states' is reserved at /States/A/Assign"
            )
        ],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_definition_is_refused_for(name: str) -> None:
    state, sentences = REFUSED[name]

    assert [str(found) for found in check(machine(state))] == sentences


def test_branches_side_by_side_may_have_variables_of_the_same_name() -> None:
    branches = [{"StartAt": n, "States": {n: end("Pass", Assign={"x": n})}} for n in ("B", "C")]

    assert check(machine(end("Parallel", Branches=branches))) == ()
