"""Ends from outside (stop, time-out, break), and the bounds of an execution and of a step."""

from __future__ import annotations

import re
from typing import Any
from unittest.mock import ANY

import pytest

from stepwright.asl import interpreter
from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.limits import Limits
from stepwright.asl.resource import parse as parse_resource
from stepwright.asl.signals import (
    Break,
    Continue,
    Moment,
    Signal,
    Stop,
    TaskFailed,
    TaskId,
    TaskStarted,
    TaskSucceeded,
    TimerFired,
    TimerId,
)
from stepwright.asl.step import CancelTask, CancelTimer, Outcome, SetTimer, Step
from tests.asl.virtual_time import START, begin, run, states

JOB = {"Type": "Task", "Resource": "k8s:job", "TimeoutSeconds": 30}
OPEN = states(
    "P",
    P={
        "Type": "Parallel",
        "Branches": [states("T", T=JOB), states("W", W={"Type": "Wait", "Seconds": 9})],
    },
)


@pytest.mark.parametrize(
    ("stop", "details"),
    [
        (Stop(), {}),
        (Stop("Mistaken", "not this one"), {"error": "Mistaken", "cause": "not this one"}),
    ],
)
def test_stop(stop: Stop, details: dict[str, str]) -> None:
    play = begin(OPEN)
    step = play.send(stop)

    assert step.events == [
        {
            "timestamp": "2023-11-14T22:13:20.000Z",
            "type": "ExecutionAborted",
            "id": 7,
            "previousEventId": 0,
            "executionAbortedEventDetails": details,
        }
    ]
    assert step.outcome == Outcome("ABORTED", error=stop.error, cause=stop.cause)
    assert step.commands == [
        CancelTimer(TimerId("timeout:5")),
        CancelTask(TaskId(5), parse_resource("k8s:job"), scheduled=ANY),
        CancelTimer(TimerId("wait:6")),
    ]
    assert {visit.outcome for visit in step.visits} == {"Aborted"}
    assert set(step.checkpoint.parts) == {"start", "head"}


def test_the_machine_times_out() -> None:
    play = begin(OPEN | {"TimeoutSeconds": 5})

    assert play.commands[0] == SetTimer(TimerId("execution"), START + 5_000)  # type: ignore[arg-type]
    assert checkpoints.open_timers(play.checkpoint)[0].timer == "execution"
    play.fire_next()
    assert play.outcome == Outcome("TIMED_OUT")
    assert play.events[-1]["type"] == "ExecutionTimedOut"
    assert play.events[-1]["executionTimedOutEventDetails"] == {"error": "States.Timeout"}
    assert play.events[-1]["previousEventId"] == 0
    assert checkpoints.open_timers(play.checkpoint) == []
    assert CancelTask(TaskId(5), parse_resource("k8s:job"), scheduled=ANY) in play.commands


def test_the_machines_timer_goes_with_its_end() -> None:
    play = run(states("A", A={"Type": "Pass"}) | {"TimeoutSeconds": 5})

    assert play.commands[-1] == CancelTimer(TimerId("execution"))


def test_break_ends_an_execution_that_cannot_be_recorded() -> None:
    play = begin(OPEN)
    play.send(Break("States.Runtime", "too large"))

    assert play.outcome == Outcome("FAILED", error="States.Runtime", cause="too large")
    assert play.chain[-1] == (7, 6, "ExecutionFailed")
    assert CancelTask(TaskId(5), parse_resource("k8s:job"), scheduled=ANY) in play.commands


@pytest.mark.parametrize(
    "signal",
    [Stop(), Break("E", "c"), Continue(), TimerFired(TimerId("execution")), TaskSucceeded(TaskId(3), 1)],
)
def test_an_ended_execution_stays_as_it_is(signal: Signal) -> None:
    play = run(states("T", T=JOB) | {"TimeoutSeconds": 5})
    step = play.send(signal)

    assert (step.events, step.commands, step.changed, step.outcome) == ([], [], frozenset(), None)
    assert step.checkpoint.ended


def loop() -> dict[str, Any]:
    """Without an end: no definition may hold the engine."""
    rule = {"Variable": "$.never", "IsPresent": True, "Next": "End"}
    return states(
        "A",
        A={"Type": "Pass", "Next": "B"},
        B={"Type": "Choice", "Choices": [rule], "Default": "A"},
        End={"Type": "Succeed"},
    )


def test_a_step_is_bounded_by_events() -> None:
    play = begin(loop(), {}, Limits(events_per_step=100))

    assert play.more
    assert 100 <= len(play.events) <= 102
    assert play.checkpoint.unfinished_step
    play.send(Continue())
    assert 200 <= len(play.events) <= 204
    assert [event["id"] for event in play.events] == list(range(1, len(play.events) + 1))


def test_a_step_is_bounded_by_bytes() -> None:
    play = begin(loop(), "x" * 1_000, Limits(bytes_per_step=10_000))

    assert play.more
    assert 10 <= len(play.events) <= 14


def test_a_signal_may_come_between_the_parts_of_a_long_step() -> None:
    task = states("T", T={"Type": "Task", "Resource": "k8s:job"})
    definition = states("P", P={"Type": "Parallel", "Branches": [loop(), task]})
    play = begin(definition, {}, Limits(events_per_step=50))
    while not play.open_tasks():
        play.send(Continue())
        assert play.more
    play.send(TaskSucceeded(play.open_tasks()[0].task, 1))
    assert play.open_tasks() == []
    assert play.more


def test_the_checkpoint_of_a_loop_does_not_grow() -> None:
    play = begin(loop(), {"a": 1})
    sizes = set()
    for _ in range(20):
        play.send(Continue())
        text = str([checkpoints.encode(part) for part in play.checkpoint.parts.values()])
        sizes.add(len(re.sub(r"\d+", "0", text)))

    assert len(sizes) <= 2  # a step ends before one of two states
    assert len(play.checkpoint.parts) == 3


def test_a_full_history_fails_the_execution() -> None:
    play = begin(loop(), {}, Limits(history_events=25)).to_end()

    assert play.outcome == Outcome(
        "FAILED",
        error="States.Runtime",
        cause="The execution reached the maximum number of history events (25).",
    )
    assert play.chain[-1] == (25, 24, "ExecutionFailed")


@pytest.mark.parametrize(("limit", "status"), [(6, "SUCCEEDED"), (5, "FAILED")])
def test_the_last_event_may_be_the_success(limit: int, status: str) -> None:
    definition = states("A", A={"Type": "Pass", "Next": "B"}, B={"Type": "Pass"})
    play = run(definition, limits=Limits(history_events=limit))

    assert play.outcome is not None
    assert play.outcome.status == status
    assert len(play.events) == limit


def test_a_full_history_within_a_map_leaves_nothing_open() -> None:
    iteration = states("T", T={"Type": "Task", "Resource": "k8s:job"})
    definition = states("M", M={"Type": "Map", "ItemProcessor": iteration})
    for limit in range(3, 30):
        play = run(definition, [1, 2, 3], limits=Limits(history_events=limit))
        assert play.outcome is not None
        assert play.open_tasks() == []
        assert len(play.events) <= limit


@pytest.mark.parametrize(("length", "status"), [(262_142, "SUCCEEDED"), (262_143, "FAILED")])
def test_the_size_of_an_output(length: int, status: str) -> None:
    """262,144 bytes of JSON text, quotes included."""
    play = run(states("A", A={"Type": "Pass", "OutputPath": "$.x"}), {"x": "x" * length})

    assert play.outcome is not None
    assert play.outcome.status == status


def test_the_size_counts_bytes_not_characters() -> None:
    play = run(states("A", A={"Type": "Pass"}), "ä" * 131_072)

    assert play.outcome is not None
    assert play.outcome.error == "States.DataLimitExceeded"


@pytest.mark.parametrize(
    "signal",
    [TaskSucceeded(TaskId(5), 1), TaskFailed(TaskId(5), "Busy", None), TimerFired(TimerId("wait:6"))],
)
def test_an_execution_with_another_end_before_it_fails_at_its_next_transition(signal: Signal) -> None:
    play = begin(OPEN)
    before, instead = play.checkpoint, Break("States.Runtime", "gone")

    def resume(signal: Signal) -> Step:
        return interpreter.resume(play.machine, before, signal, Moment(START, 0), instead=instead)

    for nothing in (TimerFired(TimerId("wait:99")), TaskSucceeded(TaskId(99), 1), Continue()):
        assert resume(nothing).checkpoint is before
    assert [event["type"] for event in resume(TaskStarted(TaskId(5))).events] == ["TaskStarted"]
    step = resume(signal)
    assert [(event["type"], event["previousEventId"]) for event in step.events] == [("ExecutionFailed", 6)]
    assert step.outcome == Outcome("FAILED", error="States.Runtime", cause="gone")
    assert resume(Stop()).outcome == Outcome("ABORTED")
