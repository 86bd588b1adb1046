"""Parallel: branches side by side, their results in order, their end when one fails."""

from __future__ import annotations

from typing import Any
from unittest.mock import ANY

import pytest

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.resource import parse as parse_resource
from stepwright.asl.signals import TaskFailed, TaskId, TaskStarted, TaskSucceeded
from stepwright.asl.step import CancelTask, CancelTimer
from stepwright.asl.text.jsontext import parse
from tests.asl.virtual_time import Play, begin, fails, run, states

JOB = {"Type": "Task", "Resource": "k8s:job"}


def both(first: dict[str, Any], second: dict[str, Any], name: str = "Both", **fields: Any) -> dict[str, Any]:
    """Names are unique in a whole definition, so a Parallel within another gets its own."""
    members = {name: {"Type": "Parallel", "Branches": [first, second], **fields}}
    members |= {catcher["Next"]: {"Type": "Pass"} for catcher in fields.get("Catch", ())}
    return states(name, **members)


def output_of(play: Play) -> Any:
    assert play.outcome is not None
    assert play.outcome.output is not None, play.outcome
    return parse(play.outcome.output)


def task(name: str) -> dict[str, Any]:
    return states(name, **{name: dict(JOB)})


def wait(name: str) -> dict[str, Any]:
    return states(name, **{name: {"Type": "Wait", "Seconds": 60}})


def pass_on(name: str) -> dict[str, Any]:
    return states(name, **{name: {"Type": "Pass"}})


FAIL = states("F", F={"Type": "Fail", "Error": "Broken", "Cause": "because"})


def test_events_of_two_branches() -> None:
    play = run(both(pass_on("P"), states("Q", Q={"Type": "Pass", "Result": 2})), {"a": 1})

    assert play.chain == [
        (1, 0, "ExecutionStarted"),
        (2, 0, "ParallelStateEntered"),
        (3, 2, "ParallelStateStarted"),
        (4, 3, "PassStateEntered"),
        (5, 4, "PassStateExited"),
        (6, 3, "PassStateEntered"),
        (7, 6, "PassStateExited"),
        (8, 7, "ParallelStateSucceeded"),
        (9, 7, "ParallelStateExited"),
        (10, 9, "ExecutionSucceeded"),
    ]
    assert output_of(play) == [{"a": 1}, 2]


def test_results_come_in_the_order_of_the_branches_not_of_their_ends() -> None:
    play = begin(both(task("T"), task("U")))
    first, second = play.started
    play.send(TaskSucceeded(second.task, "second"))
    play.send(TaskSucceeded(first.task, "first"))

    assert output_of(play) == ["first", "second"]
    # The state's end follows the branch that ended last.
    assert play.chain[-3:] == [
        (12, 11, "ParallelStateSucceeded"),
        (13, 11, "ParallelStateExited"),
        (14, 13, "ExecutionSucceeded"),
    ]


def test_data_flow() -> None:
    play = run(
        both(
            pass_on("P"),
            pass_on("Q"),
            InputPath="$.a",
            Parameters={"b.$": "$.b"},
            ResultSelector={"sum.$": "States.MathAdd($[0].b, $[1].b)"},
            ResultPath="$.r",
            OutputPath="$.r",
        ),
        {"a": {"b": 2}},
    )

    assert output_of(play) == {"sum": 4}


def test_paths_for_people() -> None:
    nested = both(task("T"), task("U"), name="Inner")
    play = begin(both(nested, wait("W")))

    assert [started.path for started in play.started] == ["Both[0]/Inner[0]/T", "Both[0]/Inner[1]/U"]
    assert checkpoints.current_states(play.checkpoint) == [
        "Both[0]/Inner[0]/T",
        "Both[0]/Inner[1]/U",
        "Both[1]/W",
    ]


def test_a_failing_branch_ends_the_others() -> None:
    play = begin(both(states("T", T={**JOB, "TimeoutSeconds": 30}), wait("W")))
    step = play.send(TaskFailed(TaskId(5), "E", "c"))

    assert play.chain[3:] == [
        (4, 3, "TaskStateEntered"),
        (5, 4, "TaskScheduled"),
        (6, 3, "WaitStateEntered"),
        (7, 5, "TaskFailed"),
        (8, 7, "TaskStateAborted"),
        (9, 7, "WaitStateAborted"),
        (10, 7, "ParallelStateFailed"),
        (11, 10, "ExecutionFailed"),
    ]
    assert [command.timer for command in step.commands if isinstance(command, CancelTimer)] == [
        "timeout:5",
        "wait:6",
    ]
    outcomes = {visit.path: visit.outcome for visit in play.visits.values()}
    assert outcomes == {"Both": "Failed", "Both[0]/T": "Failed", "Both[1]/W": "Aborted"}


def test_open_tasks_of_the_others_are_cancelled() -> None:
    play = begin(both(task("T"), both(task("U"), FAIL, name="Inner")))

    assert [command for command in play.commands if isinstance(command, CancelTask)] == [
        CancelTask(TaskId(9), parse_resource("k8s:job"), scheduled=ANY),
        CancelTask(TaskId(5), parse_resource("k8s:job"), scheduled=ANY),
    ]
    assert play.open_tasks() == []
    assert play.types[-4:] == [
        "ParallelStateFailed",
        "TaskStateAborted",
        "ParallelStateFailed",
        "ExecutionFailed",
    ]


def test_states_within_an_ended_branch_end_from_within() -> None:
    play = begin(both(both(task("T"), wait("W"), name="Inner"), task("U")))
    outer = next(started for started in play.started if started.state == "U")
    play.send(TaskFailed(outer.task, "E", None))
    failed = play.types.index("TaskFailed") + 1

    assert play.chain[failed:] == [
        (failed + 1, failed, "TaskStateAborted"),
        (failed + 2, failed, "TaskStateAborted"),
        (failed + 3, failed, "WaitStateAborted"),
        (failed + 4, failed, "ParallelStateAborted"),
        (failed + 5, failed, "ParallelStateFailed"),
        (failed + 6, failed + 5, "ExecutionFailed"),
    ]


def test_catch_of_a_parallel() -> None:
    catcher = {"ErrorEquals": ["Broken"], "Next": "Caught", "ResultPath": "$.e"}
    play = run(both(pass_on("P"), FAIL, Catch=[catcher]), {"a": 1})

    assert output_of(play) == {"a": 1, "e": {"Error": "Broken", "Cause": "because"}}
    failed = play.types.index("ParallelStateFailed") + 1
    assert play.chain[failed - 1 : failed + 2] == [
        (failed, failed - 1, "ParallelStateFailed"),
        (failed + 1, failed, "ParallelStateExited"),
        (failed + 2, failed + 1, "PassStateEntered"),
    ]


def test_retry_of_a_parallel_starts_all_branches_anew() -> None:
    retrier = {"ErrorEquals": ["Broken"], "MaxAttempts": 1, "IntervalSeconds": 3}
    play = run(both(pass_on("P"), FAIL, Retry=[retrier]))

    assert play.types[2:] == [
        *(2 * ["ParallelStateStarted", "PassStateEntered", "PassStateExited", "FailStateEntered"]),
        "ParallelStateFailed",
        "ExecutionFailed",
    ]
    assert play.events[6]["previousEventId"] == 6
    assert play.visits[2].attempts == 2


def test_a_signal_for_an_ended_branch_is_late() -> None:
    catcher = {"ErrorEquals": ["E"], "Next": "Then"}
    definition = both(task("T"), task("U"), Catch=[catcher])
    definition["States"]["Then"] = {"Type": "Wait", "Seconds": 5, "End": True}
    play = begin(definition)
    first, second = play.started
    play.send(TaskFailed(first.task, "E", None))

    assert play.cancelled == [second.task]
    assert play.send(TaskSucceeded(second.task, 1)).events == []
    assert play.send(TaskStarted(second.task)).events == []


def test_an_output_too_large() -> None:
    play = run(both(pass_on("P"), pass_on("Q")), "x" * 200_000)

    assert play.outcome is not None
    assert play.outcome.error == "States.DataLimitExceeded"
    assert play.outcome.cause == (
        "The state/task 'Both' returned a result with a size exceeding the maximum number of bytes service limit."
    )
    assert play.types[-2:] == ["ParallelStateSucceeded", "ExecutionFailed"]


@pytest.mark.parametrize("answer", [fails("E"), fails("States.Timeout", None)])
def test_nothing_stays_open(answer: Any) -> None:
    first, second = both(task("T"), wait("W"), name="First"), both(wait("V"), task("U"), name="Second")
    play = run(both(first, second), answer=answer)

    assert play.outcome is not None
    assert play.open_tasks() == []
    assert checkpoints.open_timers(play.checkpoint) == []
    assert set(play.checkpoint.parts) == {"start", "head"}
