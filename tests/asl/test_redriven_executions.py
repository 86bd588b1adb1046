"""Executions that ended without success go on where they failed. The chains of events are those that AWS records
(https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html says what is done again)."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl import interpreter
from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Break, Moment, Signal, Stop, TaskFailed, TaskStarted, TaskSucceeded
from stepwright.asl.step import Outcome, StartTask
from tests.asl.virtual_time import Play, begin, echo, fails, run, states

ACTIVITY: dict[str, Any] = {
    "Type": "Task",
    "Resource": "arn:aws:states:us-east-1:123456789012:activity:work",
}
RETRY = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 1}]


def take(play: Play, name: str) -> StartTask:
    """A worker takes the task of a state, given by name or by path."""
    task = next(task for task in play.open_tasks() if name in (task.state, task.path))
    play.send(TaskStarted(task.task, "worker"))
    play.go_on()
    return task


def succeed(play: Play, name: str, output: Any = None) -> None:
    play.send(TaskSucceeded(take(play, name).task, output))
    play.go_on()


def fail(play: Play, name: str, error: str = "Busy") -> None:
    play.send(TaskFailed(take(play, name).task, error, "for a reason"))
    play.go_on()


def succeeded(output: str) -> Outcome:
    return Outcome("SUCCEEDED", output=JsonText(output))


def redrive(play: Play, after_seconds: int = 60) -> None:
    play.now += after_seconds * 1000  # type: ignore[assignment]
    play.redrive()
    play.go_on()


def chain(play: Play, since: int = 1) -> list[str]:
    return [
        f"{event['id']} {event['type']} < {event['previousEventId']}"
        for event in play.events
        if event["id"] >= since
    ]


def test_a_failed_task_is_scheduled_again_with_all_its_retries_and_what_came_before_is_kept() -> None:
    play = begin(
        states(
            "First",
            First=ACTIVITY | {"ResultPath": "$.first", "Next": "Work"},
            Work=ACTIVITY | {"Retry": RETRY, "ResultPath": "$.work"},
        )
    )
    succeed(play, "First", 1)
    for _ in range(2):
        fail(play, "Work")
        play.fire_next()
        fail(play, "Work")
        assert play.outcome == Outcome("FAILED", error="Busy", cause="for a reason")
        redrive(play)
    succeed(play, "Work", 2)

    assert play.outcome is not None
    assert play.outcome.output == '{"first":1,"work":2}'
    assert chain(play, since=7) == [
        "7 TaskStateEntered < 6",
        "8 ActivityScheduled < 7",
        "9 ActivityStarted < 8",
        "10 ActivityFailed < 9",
        "11 ActivityScheduled < 10",
        "12 ActivityStarted < 11",
        "13 ActivityFailed < 12",
        "14 ExecutionFailed < 13",
        "15 ExecutionRedriven < 14",
        "16 ActivityScheduled < 7",
        "17 ActivityStarted < 16",
        "18 ActivityFailed < 17",
        "19 ActivityScheduled < 18",
        "20 ActivityStarted < 19",
        "21 ActivityFailed < 20",
        "22 ExecutionFailed < 21",
        "23 ExecutionRedriven < 22",
        "24 ActivityScheduled < 7",
        "25 ActivityStarted < 24",
        "26 ActivitySucceeded < 25",
        "27 TaskStateExited < 26",
        "28 ExecutionSucceeded < 27",
    ]
    redriven = [event for event in play.events if event["type"] == "ExecutionRedriven"]
    assert [event["executionRedrivenEventDetails"] for event in redriven] == [
        {"redriveCount": 1},
        {"redriveCount": 2},
    ]


def test_the_context_object_counts_redrives_and_the_state_was_entered_when_it_was() -> None:
    context = {
        "of.$": "$$.Execution",
        "entered.$": "$$.State.EnteredTime",
        "retries.$": "$$.State.RetryCount",
    }
    play = begin(states("Work", Work=ACTIVITY | {"Parameters": context, "Retry": RETRY}))
    before: Any = play.open_tasks()[0].parameters
    fail(play, "Work", "Other")
    redrive(play)
    after: Any = play.open_tasks()[0].parameters

    assert before["of"]["RedriveCount"] == 0
    assert "RedriveTime" not in before["of"]
    assert after["of"] == before["of"] | {"RedriveCount": 1, "RedriveTime": "2023-11-14T22:14:20.000Z"}
    assert (after["entered"], after["retries"]) == (before["entered"], 0)


def test_of_a_parallel_only_the_branches_go_on_that_had_not_succeeded() -> None:
    branches = [states(name, **{name: ACTIVITY}) for name in ("Kept", "Failed", "Cut")]
    play = begin(states("Both", Both={"Type": "Parallel", "Branches": branches}))
    succeed(play, "Kept", "kept")
    take(play, "Cut")
    fail(play, "Failed")
    ended = len(play.events)
    redrive(play)
    assert chain(play, since=ended + 1) == [
        f"{ended + 1} ExecutionRedriven < {ended}",
        f"{ended + 2} ActivityScheduled < 6",
        f"{ended + 3} ActivityScheduled < 8",
    ]
    succeed(play, "Cut", "cut")
    succeed(play, "Failed", "failed")

    assert play.outcome is not None
    assert play.outcome.output == '["kept","failed","cut"]'
    assert play.types.count("ParallelStateStarted") == 1


def test_of_a_map_iterations_that_succeeded_are_kept_and_those_still_to_come_begin_as_usual() -> None:
    each = {"ItemProcessor": states("Item", Item=ACTIVITY), "MaxConcurrency": 1, "ItemsPath": "$.items"}
    play = begin(states("Each", Each={"Type": "Map", **each}), {"items": [1, 2, 3]})
    succeed(play, "Each[0]/Item", "a")
    fail(play, "Each[1]/Item")
    ended = len(play.events)
    redrive(play)
    succeed(play, "Each[1]/Item", "b")
    succeed(play, "Each[2]/Item", "c")

    assert play.outcome is not None
    assert play.outcome.output == '["a","b","c"]'
    assert play.types[ended:].count("MapIterationStarted") == 1
    assert "MapStateStarted" not in play.types[ended:]


def test_a_stopped_execution_begins_its_open_task_again() -> None:
    play = begin(states("Work", Work=ACTIVITY))
    take(play, "Work")
    play.send(Stop("Mistaken", "not this one"))
    redrive(play)

    assert chain(play, since=4) == [
        "4 ActivityStarted < 3",
        "5 ExecutionAborted < 0",
        "6 ExecutionRedriven < 5",
        "7 ActivityScheduled < 2",
    ]
    succeed(play, "Work", "done")
    assert play.outcome == succeeded('"done"')


def test_the_time_of_the_whole_execution_begins_anew() -> None:
    play = begin(states("Work", Work=ACTIVITY) | {"TimeoutSeconds": 8})
    play.fire_next()
    assert play.outcome == Outcome("TIMED_OUT")
    redrive(play, after_seconds=100)
    assert play.outcome is None
    now = play.now
    play.fire_next()
    assert (play.outcome, play.now - now) == (Outcome("TIMED_OUT"), 8_000)


@pytest.mark.parametrize(("waited_seconds", "waits_on"), [(3, True), (60, False)])
def test_a_wait_goes_on_to_the_time_that_it_had(waited_seconds: int, waits_on: bool) -> None:
    play = begin(states("Hold", Hold={"Type": "Wait", "Seconds": 9}))
    began = play.now
    play.send(Stop())
    redrive(play, after_seconds=waited_seconds)
    assert play.outcome is None
    play.to_end()
    assert play.outcome == succeeded("{}")
    assert play.now == began + (9_000 if waits_on else 60_000)
    assert play.types.count("WaitStateEntered") == 1


def test_a_wait_that_could_not_be_left_does_not_wait_again() -> None:
    play = begin(states("Hold", Hold={"Type": "Wait", "Seconds": 9, "OutputPath": "$.nothing"}))
    play.fire_next()
    assert play.outcome is not None
    assert play.outcome.status == "FAILED"
    redrive(play)
    began = play.now
    play.to_end()
    assert (play.outcome.status, play.now) == ("FAILED", began)


def test_a_fail_state_fails_again() -> None:
    play = run(states("No", No={"Type": "Fail", "Error": "Never"}))
    redrive(play)
    assert chain(play) == [
        "1 ExecutionStarted < 0",
        "2 FailStateEntered < 0",
        "3 ExecutionFailed < 2",
        "4 ExecutionRedriven < 3",
        "5 ExecutionFailed < 4",
    ]


def test_a_choice_that_found_no_rule_is_evaluated_again() -> None:
    rule = {"Variable": "$.x", "NumericEquals": 1, "Next": "Done"}
    play = run(
        states("Which", Which={"Type": "Choice", "Choices": [rule]}, Done={"Type": "Succeed"}), {"x": 2}
    )
    assert play.outcome is not None
    assert play.outcome.status == "FAILED"
    redrive(play)
    assert play.outcome.status == "FAILED"
    assert play.types[-2:] == ["ExecutionRedriven", "ExecutionFailed"]


def test_what_was_broken_off_goes_on() -> None:
    play = begin(states("Work", Work=ACTIVITY))
    play.send(Break("States.Runtime", "could not be recorded"))
    redrive(play)
    succeed(play, "Work", "done")
    assert play.outcome == succeeded('"done"')


def test_one_that_is_stopped_before_it_goes_on_ends_again() -> None:
    """Where the first write of a redrive is kept out, and somebody stops it."""
    play = begin(states("Work", Work=ACTIVITY))
    fail(play, "Work")
    assert play.redrivable is not None
    stop = Stop("Enough", "of it", at_once=True)
    step = interpreter.resume(play.machine, play.redrivable, stop, Moment(play.now, 1))

    assert [event["type"] for event in step.events] == ["ExecutionRedriven", "ExecutionAborted"]
    assert step.outcome == Outcome("ABORTED", error="Enough", cause="of it")
    assert step.redrivable is not None


def test_nothing_is_kept_of_what_succeeded_or_was_caught_or_tolerated() -> None:
    caught = ACTIVITY | {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}]}
    play = run(states("Work", Work=caught, Done={"Type": "Succeed"}), answer=fails())
    assert play.outcome is not None
    assert play.outcome.status == "SUCCEEDED"
    assert play.redrivable is None


def test_a_failure_that_was_caught_before_is_not_where_a_redrive_begins() -> None:
    caught = ACTIVITY | {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Then"}]}
    play = begin(states("Work", Work=caught, Then=ACTIVITY))
    fail(play, "Work")
    fail(play, "Then")
    redrive(play)
    assert [task.state for task in play.open_tasks()] == ["Then"]


def each(processor: dict[str, Any], **fields: Any) -> dict[str, Any]:
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    return {"Type": "Map", "ItemProcessor": processor | config, **fields}


def numbered(play: Play) -> None:
    """Every history's ids count on, whatever was redriven."""
    for events in (play.events, *play.child_events.values()):
        assert [event["id"] for event in events] == list(range(1, len(events) + 1))


def test_a_distributed_map_within_another_goes_on_in_both() -> None:
    inner = each(states("Item", Item=ACTIVITY), ItemsPath="$")
    play = begin(states("Each", Each=each(states("Inner", Inner=inner))), [[1, 2], [3]])
    succeed(play, "Each[0]/Inner[0]/Item", 10)
    play.send(Stop())
    assert {run.status for run in play.map_runs.values()} == {"ABORTED"}

    redrive(play)
    assert {run.status for run in play.map_runs.values()} == {"RUNNING"}
    fail(play, "Each[1]/Inner[0]/Item", "Other")
    assert play.outcome is not None
    redrive(play)
    for path, output in (("Each[0]/Inner[1]/Item", 20), ("Each[1]/Inner[0]/Item", 30)):
        succeed(play, path, output)

    assert play.outcome == succeeded("[[10,20],[30]]")
    numbered(play)
    assert {run.redrives for run in play.map_runs.values()} == {2}
    assert sorted(child.redrives for child in play.children.values()) == [0, 2, 2, 2, 2]
    kinds = [event["type"] for event in play.events]
    assert kinds.count("MapRunRedriven") == 2
    inner_events = next(events for events in play.child_events.values() if "MapRunRedriven" in str(events))
    told = [(event["type"], event["previousEventId"]) for event in inner_events]
    assert told[:4] == [
        ("ExecutionStarted", 0),
        ("MapStateEntered", 0),
        ("MapStateStarted", 2),
        ("MapRunStarted", 3),
    ]
    assert ("MapRunRedriven", 3) in told


def test_a_wait_of_a_child_execution_begins_anew() -> None:
    """AWS was recorded so: stopped after 11 of 30 seconds and redriven after 36, it ended 30 seconds later."""
    processor = states("Pause", Pause={"Type": "Wait", "Seconds": 30})
    play = begin(states("Each", Each=each(processor)), [1])
    play.send(Stop())
    redrive(play, after_seconds=36)
    began = play.now
    play.to_end()
    assert play.now == began + 30_000
    numbered(play)


@pytest.mark.parametrize("express", [False, True])
def test_child_executions_of_type_express_start_again_and_others_go_on(express: bool) -> None:
    job = {"Type": "Task", "Resource": "k8s:job"}
    both = {"Type": "Parallel", "Branches": [states("B", B=job), states("C", C=job)], "ResultPath": "$.both"}
    set_ = {"Type": "Pass", "Parameters": {"n.$": "$"}, "Next": "A"}
    processor = states("S", S=set_, A={**job, "ResultPath": None, "Next": "Both"}, Both=both)
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS" if express else "STANDARD"}
    each = {"Type": "Map", "ItemProcessor": {**processor, "ProcessorConfig": config}}
    play = begin(states("Each", Each=each), [1, 2])
    seen: list[str] = []
    failing = {"Each[1]/Both[1]/C"}

    def answer(task: StartTask) -> Signal:
        seen.append(task.path)
        return TaskFailed(task.task, "E", "c") if task.path in failing else echo(task)

    play.to_end(answer)
    assert play.types[-1] == "ExecutionFailed"
    assert "Each[1]/Both[0]/B" in seen
    play.redrive()
    seen.clear()
    failing.clear()
    play.to_end(answer)

    assert play.types[-1] == "ExecutionSucceeded"
    again = [path for path in seen if path.startswith("Each[1]")]
    assert again == (
        ["Each[1]/A", "Each[1]/Both[0]/B", "Each[1]/Both[1]/C"] if express else ["Each[1]/Both[1]/C"]
    )
    [second] = [child for child in play.children.values() if child.input == "2"]
    assert (second.status, second.redrives) == ("SUCCEEDED", 1)
    history = play.child_events[second.name]
    assert [event["id"] for event in history] == list(range(1, len(history) + 1))


def test_a_map_run_that_was_between_two_items_goes_on_with_the_next() -> None:
    selector = {"n.$": "States.MathAdd($$.Map.Item.Value, 1)"}
    one_by_one = each(states("Item", Item={"Type": "Pass"}), ItemSelector=selector, MaxConcurrency=1)
    play = begin(states("Each", Each=one_by_one), [1, "two", 3])
    play.to_end()
    assert play.outcome is not None
    assert play.outcome.status == "FAILED"
    [failed] = play.map_runs.values()

    redrive(play)

    [run] = play.map_runs.values()
    assert (run.arn, run.redrives, run.items.succeeded) == (failed.arn, 1, 1)
    assert [event["type"] for event in play.events].count("MapRunStarted") == 1
    numbered(play)


def test_a_redrive_that_cannot_even_begin_fails_plainly() -> None:
    """The engine breaks off what fails twice; what it then has is what was kept of the end."""
    play = begin(states("Work", Work=ACTIVITY))
    fail(play, "Work", "Other")
    assert play.redrivable is not None
    step = interpreter.resume(
        play.machine, play.redrivable, Break("States.Runtime", "an internal error"), Moment(play.now, 1)
    )
    assert step.outcome == Outcome("FAILED", error="States.Runtime", cause="an internal error")
    assert [event["type"] for event in step.events] == ["ExecutionRedriven", "ExecutionFailed"]
