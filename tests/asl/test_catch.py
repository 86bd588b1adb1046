"""Catch: who takes over, and with which input."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.signals import TaskFailed, TaskId, TimerFired, TimerId
from stepwright.asl.text.jsontext import parse
from tests.asl.virtual_time import begin, fails, run, states

JOB = {"Type": "Task", "Resource": "k8s:job"}


def caught(*catchers: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return states(
        "Ship",
        Ship={**JOB, **fields, "Catch": list(catchers)},
        **{catcher["Next"]: {"Type": "Pass"} for catcher in catchers},
    )


def catcher(*names: str, next_state: str = "First", **fields: Any) -> dict[str, Any]:
    return {"ErrorEquals": list(names), "Next": next_state, **fields}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, {"Error": "E", "Cause": "c"}, id="replaces the input"),
        pytest.param({"ResultPath": "$.e"}, {"a": 1, "e": {"Error": "E", "Cause": "c"}}, id="into the input"),
        pytest.param({"ResultPath": None}, {"a": 1}, id="dropped"),
    ],
)
def test_what_the_fallback_state_gets(fields: dict[str, Any], expected: Any) -> None:
    play = run(caught(catcher("E", **fields)), {"a": 1}, fails("E", "c"))

    assert play.outcome is not None
    assert play.outcome.output is not None
    assert parse(play.outcome.output) == expected


def test_events_of_a_caught_failure() -> None:
    play = run(caught(catcher("States.ALL")), answer=fails("E", "c"))

    assert play.chain[3:6] == [(4, 3, "TaskFailed"), (5, 4, "TaskStateExited"), (6, 5, "PassStateEntered")]
    assert play.events[4]["stateExitedEventDetails"]["output"] == '{"Error":"E","Cause":"c"}'
    assert play.visits[2].outcome == "Caught"
    assert play.visits[2].error == "E"


def test_the_first_catcher_that_matches_takes_over() -> None:
    definition = caught(catcher("F"), catcher("E", next_state="Second"), catcher("States.ALL"))
    play = run(definition, answer=fails("E"))

    assert [visit.state for visit in play.visits.values()] == ["Ship", "Second"]


def test_catch_comes_after_retry() -> None:
    definition = caught(catcher("E"), Retry=[{"ErrorEquals": ["E"], "MaxAttempts": 2}])
    play = run(definition, answer=fails("E"))

    assert play.types.count("TaskFailed") == 3
    assert play.outcome is not None
    assert play.outcome.status == "SUCCEEDED"


def test_a_time_out_has_an_empty_cause() -> None:
    play = begin(caught(catcher("States.Timeout"), TimeoutSeconds=5))
    play.send(TimerFired(TimerId("timeout:3")))

    assert play.outcome is not None
    assert play.outcome.output == '{"Error":"States.Timeout","Cause":""}'


def test_a_failure_without_name_and_cause() -> None:
    play = begin(caught(catcher("States.ALL")))
    play.send(TaskFailed(TaskId(3), None, None))

    assert play.outcome is not None
    assert play.outcome.output == '{"Error":null,"Cause":null}'


def test_runtime_errors_are_not_caught() -> None:
    definition = caught(catcher("States.Runtime"), catcher("States.ALL"), OutputPath="$.no.such")
    play = run(definition, {})

    assert play.outcome is not None
    assert play.outcome.error == "States.Runtime"
    assert play.types[-2:] == ["TaskSucceeded", "ExecutionFailed"]


def test_an_output_too_large_is_caught_by_its_name_only() -> None:
    big = "x" * 200_000
    fields = {"ResultPath": "$.r"}
    for name, status in (("States.ALL", "FAILED"), ("States.DataLimitExceeded", "SUCCEEDED")):
        play = run(caught(catcher(name), **fields), {"a": big})  # the task returns its input
        assert play.outcome is not None
        assert play.outcome.status == status


def test_when_catching_fails_itself() -> None:
    """ResultPath cannot be put into an input that is not an object."""
    play = run(caught(catcher("E", ResultPath="$.e")), [1], fails("E"))

    assert play.outcome is not None
    assert play.outcome.status == "FAILED"
    assert play.outcome.error == "States.ResultPathMatchFailure"
