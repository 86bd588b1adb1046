"""Half of a surrogate pair is not a character: wherever an expression makes one, the state fails plainly."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stepwright.asl.definition import compile_definition
from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Stop, TaskFailed, TaskId
from tests.asl.virtual_time import Play

HALF = "{% '\\uD800' %}"


def _ended(state: dict[str, Any], **machine: Any) -> Play:
    compiled, _ = compile_definition({"StartAt": "A", "States": {"A": state}, **machine})
    play = Play(compiled)
    play.start(JsonText("{}"))
    play.go_on()
    msgspec.json.encode(play.events)  # every event can be written
    return play


@pytest.mark.parametrize("field", ["Error", "Cause"])
def test_a_fail_state_whose_words_are_no_text_fails_with_that(field: str) -> None:
    play = _ended({"Type": "Fail", field: HALF}, QueryLanguage="JSONata")

    assert play.outcome is not None
    assert play.outcome.error == "States.QueryEvaluationError"
    assert "half of a surrogate pair" in (play.outcome.cause or "")


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Pass", "Output": HALF, "End": True},
        {"Type": "Pass", "Output": {"a": [HALF]}, "End": True},
        {"Type": "Pass", "Output": "{% {'\\uD800': 1} %}", "End": True},
        {"Type": "Pass", "Assign": {"a": HALF}, "End": True},
        {"Type": "Pass", "Output": "{% $error('\\uD800') %}", "End": True},
        {"Type": "Pass", "Output": "{% $split('\\uD83D\\uDE00', '')[0] %}", "End": True},
        {"Type": "Wait", "Timestamp": HALF, "End": True},
        {"Type": "Wait", "Seconds": HALF, "End": True},
        {"Type": "Task", "Resource": "k8s:job", "Arguments": {"a": HALF}, "End": True},
        {"Type": "Task", "Resource": "k8s:job", "Credentials": {"RoleArn": HALF}, "End": True},
        {"Type": "Task", "Resource": "k8s:job", "TimeoutSeconds": HALF, "End": True},
        {
            "Type": "Map",
            "Items": f"{{% [{HALF[2:-2]}] %}}",
            "End": True,
            "ItemProcessor": {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}},
        },
        {
            "Type": "Parallel",
            "Arguments": HALF,
            "End": True,
            "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}],
        },
    ],
    ids=str,
)
def test_an_expression_that_gives_half_a_character_fails_its_state(state: dict[str, Any]) -> None:
    play = _ended(state, QueryLanguage="JSONata")

    assert play.outcome is not None
    assert play.outcome.error in ("States.Runtime", "States.QueryEvaluationError")


def test_what_a_task_says_is_written_with_a_mark_for_half_a_character() -> None:
    play = _ended({"Type": "Task", "Resource": "k8s:job", "End": True})
    play.send(TaskFailed(TaskId(3), "E\ud800", "C\udfff"))
    msgspec.json.encode(play.events)

    assert play.outcome is not None
    assert (play.outcome.error, play.outcome.cause) == ("E\ufffd", "C\ufffd")


def test_what_somebody_says_who_stops_an_execution_is_cut_to_what_the_api_can_answer() -> None:
    play = _ended({"Type": "Wait", "Seconds": 5, "End": True})
    play.send(Stop("E\ud800", "x" * 40_000))

    assert play.outcome is not None
    assert (play.outcome.error, play.outcome.cause) == ("E\ufffd", "x" * 32_768)
