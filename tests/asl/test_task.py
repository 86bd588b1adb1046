"""Task: what is asked for, what is recorded, what becomes of results, timers and late answers."""

from __future__ import annotations

from typing import Any
from unittest.mock import ANY

import pytest

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.parts import PartId
from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.resource import parse as parse_resource
from stepwright.asl.signals import (
    Millis,
    Signal,
    TaskFailed,
    TaskId,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
    TimerId,
)
from stepwright.asl.step import CancelTask, CancelTimer, SetTimer
from stepwright.asl.text.jsontext import dump, parse
from tests.asl.virtual_time import START, Play, begin, machine, states

JOB = {"Type": "Task", "Resource": "k8s:job"}


def one_task(**fields: Any) -> dict[str, Any]:
    return states("Ship", Ship={**JOB, **fields})


def test_everything_a_driver_needs() -> None:
    definition = one_task(InputPath="$.order", Parameters={"image.$": "$.image"})
    play = begin(definition, {"order": {"image": "ship:1"}})

    (task,) = play.started
    assert task.task == 3
    assert (task.resource.text, task.state, task.pointer, task.path) == (
        "k8s:job",
        "Ship",
        "/States/Ship",
        "Ship",
    )
    assert (task.parameters, task.has_parameters) == ({"image": "ship:1"}, True)
    assert task.input == {"image": "ship:1"}
    assert (task.attempt, task.scheduled) == (0, START)
    assert play.open_tasks() == [task]


def no_image(resource: Resource, parameters: Json) -> str | None:
    return None if isinstance(parameters, dict) and "image" in parameters else f"{resource} needs an image"


def test_a_task_with_parameters_that_cannot_be_used_is_not_scheduled() -> None:
    first = {**JOB, "Parameters": {"image": "pack:1"}, "Next": "Ship"}
    second = {
        **JOB,
        "Parameters": {"count.$": "$.count"},
        "Retry": [{"ErrorEquals": ["States.ALL"]}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Pack"}],
        "End": True,
    }
    play = Play(machine(states("Pack", Pack=first, Ship=second)), unusable=no_image)
    play.start(dump({}))
    (task,) = play.started
    play.send(TaskSucceeded(task.task, {"count": 2}))

    assert play.started == [task]
    assert [event["type"] for event in play.events][-3:] == [
        "TaskStateExited",
        "TaskStateEntered",
        "ExecutionFailed",
    ]
    assert play.outcome is not None
    assert play.outcome.error == "States.Runtime"
    assert play.outcome.cause == (
        f"An error occurred while executing the state 'Ship' (entered at the event id #{play.events[-2]['id']}). "
        "The Parameters '{\"count\":2}' could not be used to start the Task: [k8s:job needs an image]"
    )


def test_what_is_given_without_parameters_is_no_matter_before_a_task_is_scheduled() -> None:
    play = Play(machine(one_task()), unusable=no_image)
    play.start(dump({"count": 2}))

    assert len(play.started) == 1


def test_without_parameters_a_task_gets_its_input() -> None:
    (task,) = begin(one_task(InputPath="$.order"), {"order": 1}).started

    assert (task.parameters, task.has_parameters, task.input) == (1, False, 1)


@pytest.mark.parametrize(
    "resource",
    ["k8s:job", "k8s:job.waitForTaskToken", "arn:aws:states:::states:startExecution.sync:2"],
)
def test_the_task_token_is_uid_and_event(resource: str) -> None:
    (task,) = begin(one_task(Resource=resource, Parameters={"token.$": "$$.Task.Token"})).started

    assert task.parameters == {"token": "0f0c2a36-3"}


def test_a_token_is_what_the_given_function_says_of_the_task_and_when_it_was_scheduled() -> None:
    definition = one_task(Parameters={"token.$": "$$.Task.Token"}, Retry=[{"ErrorEquals": ["States.ALL"]}])
    play = Play(machine(definition), token=lambda uid, task, scheduled: f"{uid} {task} {scheduled - START}")
    play.start(dump({}))
    play.send(TaskFailed(play.started[0].task, "Busy", None))
    play.fire_next()

    assert [task.parameters for task in play.started] == [
        {"token": f"0f0c2a36 {task.task} {task.scheduled - START}"} for task in play.started
    ]
    assert len({str(task.parameters) for task in play.started}) == 2


@pytest.mark.parametrize(
    ("fields", "made"),
    [
        ({}, 0),
        ({"Parameters": {"constant": 1}}, 0),
        ({"Parameters": {"token.$": "$$.Task.Token"}}, 1),
        ({"Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"name.$": "$$.State.Name"}}, 0),
        ({"QueryLanguage": "JSONata", "Arguments": {"a": "{% 1 %}"}}, 0),
        ({"QueryLanguage": "JSONata", "Arguments": {"a": "{% $states.context.Task.Token %}"}}, 1),
    ],
)
def test_a_token_is_made_only_where_the_context_object_is_looked_at(
    fields: dict[str, Any], made: int
) -> None:
    asked: list[TaskId] = []

    def token(uid: str, task: TaskId, scheduled: Millis) -> str:  # noqa: ARG001
        asked.append(task)
        return ""

    Play(machine(one_task(**fields)), token=token).start(dump({}))

    assert len(asked) == made


def test_a_plain_call_of_a_service_has_no_token() -> None:
    definition = one_task(Resource="arn:aws:states:::sqs:sendMessage", Parameters={"context.$": "$$"})
    (task,) = begin(definition).started

    assert isinstance(task.parameters, dict)
    assert isinstance(task.parameters["context"], dict)
    assert list(task.parameters["context"]) == ["Execution", "StateMachine", "State"]


def test_events_from_scheduled_to_exited() -> None:
    play = begin(one_task(Parameters={"a": 1}, TimeoutSeconds=60, HeartbeatSeconds=10))
    play.send(TaskStarted(TaskId(3)))
    play.send(TaskSubmitted(TaskId(3), {"jobName": "j"}))
    play.send(TaskSucceeded(TaskId(3), {"ok": True}))

    assert play.chain[1:] == [
        (2, 0, "TaskStateEntered"),
        (3, 2, "TaskScheduled"),
        (4, 3, "TaskStarted"),
        (5, 4, "TaskSubmitted"),
        (6, 5, "TaskSucceeded"),
        (7, 6, "TaskStateExited"),
        (8, 7, "ExecutionSucceeded"),
    ]
    called = {"resourceType": "k8s", "resource": "job"}
    assert play.events[2]["taskScheduledEventDetails"] == {
        **called,
        "region": "us-east-1",
        "parameters": '{"a":1}',
        "timeoutInSeconds": 60,
        "heartbeatInSeconds": 10,
    }
    assert play.events[3]["taskStartedEventDetails"] == called
    assert play.events[4]["taskSubmittedEventDetails"] == {
        **called,
        "output": '{"jobName":"j"}',
        "outputDetails": {"truncated": False},
    }
    assert play.events[5]["taskSucceededEventDetails"]["output"] == '{"ok":true}'


@pytest.mark.parametrize(
    ("resource", "types"),
    [
        (
            "arn:aws:lambda:us-east-1:123456789012:function:f",
            ["LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionSucceeded"],
        ),
        (
            "arn:aws:states:us-east-1:123456789012:activity:a",
            ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"],
        ),
        ("arn:aws:states:::sqs:sendMessage", ["TaskScheduled", "TaskStarted", "TaskSucceeded"]),
    ],
)
def test_each_kind_of_resource_has_its_events(resource: str, types: list[str]) -> None:
    play = begin(states("Ship", Ship={"Type": "Task", "Resource": resource}), {"a": 1})
    play.send(TaskStarted(TaskId(3)))
    play.send(TaskSucceeded(TaskId(3), 1))

    assert play.types[2:5] == types


def test_a_function_is_scheduled_by_its_arn() -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
    play = begin(states("Ship", Ship={"Type": "Task", "Resource": arn}), {"a": 1})
    play.send(TaskStarted(TaskId(3)))

    assert play.events[2]["lambdaFunctionScheduledEventDetails"] == {
        "resource": arn,
        "input": '{"a":1}',
        "inputDetails": {"truncated": False},
    }
    assert set(play.events[3]) == {"timestamp", "type", "id", "previousEventId"}


def test_result_selector_then_result_path_then_output_path() -> None:
    play = begin(
        one_task(ResultSelector={"code.$": "$.exitCode"}, ResultPath="$.ship", OutputPath="$.ship"),
        {"a": 1},
    )
    play.send(TaskSucceeded(TaskId(3), {"exitCode": 0, "log": "..."}))

    assert play.outcome is not None
    assert play.outcome.output is not None
    assert parse(play.outcome.output) == {"code": 0}


def test_a_failure_nothing_catches_ends_the_execution() -> None:
    play = begin(one_task())
    play.send(TaskFailed(TaskId(3), "Job.Failed", "exit code 1"))

    assert play.events[3]["taskFailedEventDetails"] == {
        "resourceType": "k8s",
        "resource": "job",
        "error": "Job.Failed",
        "cause": "exit code 1",
    }
    assert play.chain[-1] == (5, 4, "ExecutionFailed")
    assert play.outcome is not None
    assert (play.outcome.error, play.outcome.cause) == ("Job.Failed", "exit code 1")


def test_a_failure_without_a_name() -> None:
    play = begin(one_task())
    play.send(TaskFailed(TaskId(3), None, None))

    assert play.events[-1]["executionFailedEventDetails"] == {}


def test_timers_are_set_with_the_task_and_go_with_it() -> None:
    play = begin(one_task(TimeoutSeconds=60, HeartbeatSeconds=10))
    timeout, heartbeat = TimerId("timeout:3"), TimerId("heartbeat:3")

    assert play.commands[1:] == [
        SetTimer(timeout, START + 60_000),  # type: ignore[arg-type]
        SetTimer(heartbeat, START + 10_000),  # type: ignore[arg-type]
    ]
    play.send(TaskSucceeded(TaskId(3), 1))
    assert play.commands[3:] == [CancelTimer(timeout), CancelTimer(heartbeat)]


@pytest.mark.parametrize("timer", ["timeout:3", "heartbeat:3"])
def test_a_task_that_takes_too_long_is_cancelled(timer: str) -> None:
    play = begin(one_task(TimeoutSeconds=60, HeartbeatSeconds=10))
    step = play.send(TimerFired(TimerId(timer)))

    other = {"timeout:3": "heartbeat:3", "heartbeat:3": "timeout:3"}[timer]
    assert step.commands == [
        CancelTimer(TimerId(other)),
        CancelTask(TaskId(3), parse_resource("k8s:job"), scheduled=ANY),
    ]
    assert play.events[3]["type"] == "TaskTimedOut"
    assert play.events[3]["taskTimedOutEventDetails"] == {
        "resourceType": "k8s",
        "resource": "job",
        "error": "States.Timeout",
    }
    assert play.events[4]["executionFailedEventDetails"] == {"error": "States.Timeout"}


@pytest.mark.parametrize("error", ["States.Timeout", "States.HeartbeatTimeout"])
def test_a_driver_may_report_a_time_out_itself(error: str) -> None:
    play = begin(one_task())
    play.send(TaskFailed(TaskId(3), error, None))

    assert play.events[3]["type"] == "TaskTimedOut"
    assert play.events[3]["taskTimedOutEventDetails"]["error"] == "States.Timeout"


def test_seconds_from_paths() -> None:
    definition = one_task(TimeoutSecondsPath="$.t", HeartbeatSecondsPath="$.h")
    (task,) = begin(definition, {"t": 9, "h": 3}).started

    assert (task.timeout_seconds, task.heartbeat_seconds) == (9, 3)


@pytest.mark.parametrize("value", [0, -1, 1.5, "9", None, True])
def test_seconds_that_are_none(value: Any) -> None:
    play = begin(one_task(TimeoutSecondsPath="$.t"), {"t": value})

    assert play.outcome is not None
    assert play.outcome.error == "States.Runtime"
    assert play.types[1:] == ["TaskStateEntered", "ExecutionFailed"]


def test_late_and_doubled_signals_change_nothing() -> None:
    play = begin(states("A", A={**JOB, "TimeoutSeconds": 5, "Next": "B"}, B=JOB))
    play.send(TaskStarted(TaskId(3)))
    strays: list[Signal] = [
        TaskStarted(TaskId(3)),
        TaskSucceeded(TaskId(99), 1),
        TimerFired(TimerId("heartbeat:3")),
        TimerFired(TimerId("wait:2")),
        TimerFired(TimerId("execution")),
    ]
    for signal in strays:
        before = play.checkpoint
        step = play.send(signal)
        assert (step.events, step.commands, step.visits, step.more) == ([], [], [], False), signal
        assert step.checkpoint.last_event_id == before.last_event_id
    play.send(TaskSucceeded(TaskId(3), 1))
    too_late: list[Signal] = [
        TaskSucceeded(TaskId(3), 2),
        TaskFailed(TaskId(3), "E", None),
        TimerFired(TimerId("timeout:3")),
    ]
    for late in too_late:
        assert play.send(late).events == []
    play.to_end()
    assert play.send(TaskSucceeded(TaskId(7), 3)).changed == frozenset()


def test_a_result_that_is_too_large() -> None:
    play = begin(one_task())
    play.send(TaskSucceeded(TaskId(3), "x" * 262_144))

    assert play.outcome is not None
    assert play.outcome.error == "States.DataLimitExceeded"
    assert play.types[3:] == ["TaskFailed", "ExecutionFailed"]


def test_what_was_submitted_is_kept_for_the_driver() -> None:
    play = begin(one_task())
    play.send(TaskSubmitted(TaskId(3), {"jobName": "j"}))

    assert play.open_tasks()[0].submitted == {"jobName": "j"}


def test_credentials_are_evaluated() -> None:
    (task,) = begin(one_task(Credentials={"RoleArn.$": "$.role"}), {"role": "r"}).started

    assert task.credentials == {"RoleArn": "r"}


def test_what_a_driver_says_that_is_no_json_fails_the_state_and_leaves_nothing_open() -> None:
    play = begin(one_task(TimeoutSeconds=5))
    step = play.send(TaskSubmitted(TaskId(3), "\ud800"))

    assert play.outcome is not None
    assert play.outcome.error == "States.Runtime"
    assert step.commands == [
        CancelTimer(TimerId("timeout:3")),
        CancelTask(TaskId(3), parse_resource("k8s:job"), scheduled=ANY),
    ]


# --- Activities: somebody has to come for them ------------------------------------------------------------------------

ACTIVITY = {"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a"}


def taken(play: Play, after_millis: int, worker: str = "me") -> list[SetTimer]:
    """The timers that are set when the activity's task is taken."""
    play.now = Millis(START + after_millis)
    begun = len(play.commands)
    play.send(TaskStarted(TaskId(3), worker))
    return [command for command in play.commands[begun:] if isinstance(command, SetTimer)]


def test_the_times_of_an_activity_count_from_when_it_is_taken() -> None:
    play = begin(states("A", A={**ACTIVITY, "TimeoutSeconds": 60, "HeartbeatSeconds": 10}))
    assert checkpoints.open_timers(play.checkpoint) == []

    timers = taken(play, after_millis=1_000_000)

    heartbeat = SetTimer(TimerId("heartbeat:3"), Millis(START + 1_010_000))
    timeout = SetTimer(TimerId("timeout:3"), Millis(START + 1_060_000))
    assert timers == [timeout, heartbeat]
    assert checkpoints.open_timers(play.checkpoint) == [heartbeat, timeout]
    assert play.fire_next()
    assert play.types[-3:] == ["ActivityStarted", "ActivityTimedOut", "ExecutionFailed"]


def test_an_activity_is_taken_once() -> None:
    play = begin(states("A", A={**ACTIVITY, "TimeoutSeconds": 60}))
    taken(play, after_millis=1_000)

    assert taken(play, after_millis=30_000, worker="another") == []

    assert play.types.count("ActivityStarted") == 1
    assert checkpoints.open_timers(play.checkpoint) == [
        SetTimer(TimerId("timeout:3"), Millis(START + 61_000))
    ]


def test_an_open_activity_of_an_earlier_version_keeps_its_times() -> None:
    play = begin(states("A", A={**ACTIVITY, "TimeoutSeconds": 60}))
    task = play.journal[PartId("branch/0")]["task"]
    assert task.pop("fetched")

    assert taken(play, after_millis=1_000) == []

    assert checkpoints.open_timers(play.checkpoint) == [
        SetTimer(TimerId("timeout:3"), Millis(START + 60_000))
    ]


def test_the_times_of_all_other_tasks_count_from_when_they_are_scheduled() -> None:
    play = begin(one_task(TimeoutSeconds=60))

    assert taken(play, after_millis=1_000) == []
    assert checkpoints.open_timers(play.checkpoint) == [
        SetTimer(TimerId("timeout:3"), Millis(START + 60_000))
    ]
