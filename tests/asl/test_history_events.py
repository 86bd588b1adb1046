"""The types of history events: which there are, where each comes from, and what its details hold."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from stepwright.asl.interpreter import history
from stepwright.asl.limits import Limits
from stepwright.asl.signals import Signal, Stop, TaskFailed, TaskStarted, TaskSubmitted
from stepwright.asl.step import StartTask
from stepwright.asl.text.jsontext import dump
from tests.asl.virtual_time import IDENTITY, Play, begin, echo, fails, machine, run, states
from tests.data import history_shapes

TASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage",
    "Credentials": {"RoleArn": "arn:aws:iam::1:role/r"},
}
LAMBDA = {**TASK, "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}
ACTIVITY = {**TASK, "Resource": "arn:aws:states:us-east-1:123456789012:activity:a"}
WAIT = {"Type": "Wait", "Seconds": 9}
PATIENT = {"TimeoutSeconds": 60, "HeartbeatSeconds": 20}

_numbers = itertools.count()

LATER = {
    "ActivityScheduleFailed",
    "LambdaFunctionScheduleFailed",
    "LambdaFunctionStartFailed",
    "TaskStartFailed",
    "TaskSubmitFailed",
}
"""What nothing here records yet: calls of AWS services that are refused before they begin."""


def begun(state: dict[str, Any], **more: Any) -> Play:
    """A task that was started and submitted, and is still open."""
    play = begin(states("A", A={**state, **more}))
    (task,) = play.open_tasks()
    play.send(TaskStarted(task.task, "worker-1"))
    play.send(TaskSubmitted(task.task, {"id": 1}))
    return play


def ended(play: Play, answer: Callable[[StartTask], Signal | None]) -> Play:
    return play.to_end(answer)


def parallel(*branches: dict[str, Any]) -> dict[str, Any]:
    names = [f"B{next(_numbers)}" for _ in branches]
    return {
        "Type": "Parallel",
        "Branches": [states(name, **{name: branch}) for name, branch in zip(names, branches, strict=True)],
    }


def stopped(play: Play) -> Play:
    play.send(Stop("Why", "because"))
    return play


def redriven(play: Play) -> Play:
    play.redrive()
    return play.to_end()


def second_fails(task: StartTask) -> Signal | None:
    """The second branch or item fails, the others never answer."""
    return TaskFailed(task.task, "E", "c") if task.path.startswith("A[1]") else None


MAP = {"Type": "Map", "ItemProcessor": states("I", I=TASK), "ItemsPath": "$.items"}
DISTRIBUTED = {
    **MAP,
    "ItemProcessor": {
        **states("D", D=TASK),
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
    },
}
ITEMS: Any = {"items": [1, 2]}
LOOP = {"Type": "Choice", "Choices": [{"Variable": "$.no", "IsPresent": True, "Next": "E"}], "Default": "A"}

PLAYS: dict[str, Callable[[], Play]] = {
    "every plain state": lambda: run(
        states(
            "P",
            P={"Type": "Pass", "Assign": {"x": 1}, "Next": "C"},
            C={
                "Type": "Choice",
                "Choices": [{"Variable": "$.no", "IsPresent": True, "Next": "F"}],
                "Default": "W",
            },
            W={**WAIT, "Next": "S"},
            S={"Type": "Succeed"},
            F={"Type": "Fail"},
        )
    ),
    "a Fail state": lambda: run(states("F", F={"Type": "Fail", "Error": "E", "Cause": "c"})),
    "a Fail state that says nothing": lambda: run(states("F", F={"Type": "Fail"})),
    "a machine that times out": lambda: run({**states("W", W=WAIT), "TimeoutSeconds": 1}),
    "a redrive": lambda: redriven(ended(begun(TASK), fails())),
    "a stop": lambda: stopped(begin(states("W", W=WAIT))),
    "a task that succeeds": lambda: ended(begun(TASK, **PATIENT), echo),
    "a task that fails": lambda: ended(begun(TASK), fails()),
    "a task that fails without words": lambda: ended(
        begun(TASK), lambda task: TaskFailed(task.task, None, None)
    ),
    "a task that times out": lambda: ended(begun(TASK, TimeoutSeconds=5), lambda _task: None),
    "a task without a heartbeat": lambda: ended(begun(TASK, **PATIENT), lambda _task: None),
    "a function that succeeds": lambda: ended(begun(LAMBDA, **PATIENT), echo),
    "a function that fails": lambda: ended(begun(LAMBDA), fails()),
    "a task in other letters, as nobody else": lambda: run(
        states("Ж", Ж={"Type": "Task", "Resource": "acme:übergeben"}), {"größe": "ü"}, echo
    ),
    "a state in other letters that assigns": lambda: run(
        states("Ж", Ж={"Type": "Pass", "Assign": {"größe": "ü"}}), {"größe": "ü"}
    ),
    "a function that times out": lambda: ended(begun(LAMBDA, TimeoutSeconds=5), lambda _task: None),
    "an activity that succeeds": lambda: ended(begun(ACTIVITY, **PATIENT), echo),
    "an activity that fails": lambda: ended(begun(ACTIVITY), fails()),
    "an activity that times out": lambda: ended(begun(ACTIVITY, TimeoutSeconds=5), lambda _task: None),
    "a Parallel state": lambda: run(states("A", A=parallel(TASK, WAIT))),
    "a Parallel state with a branch that fails": lambda: run(
        states("A", A=parallel(parallel(TASK, WAIT), TASK, MAP)), ITEMS, second_fails
    ),
    "a Map state": lambda: run(states("A", A=MAP), ITEMS),
    "a Map state with an item that fails": lambda: run(states("A", A=MAP), ITEMS, second_fails),
    "a redrive of a distributed Map": lambda: redriven(stopped(begin(states("A", A=DISTRIBUTED), ITEMS))),
    "a distributed Map": lambda: run(states("A", A=DISTRIBUTED), ITEMS),
    "a distributed Map with an item that fails": lambda: run(states("A", A=DISTRIBUTED), ITEMS, second_fails),
    "a distributed Map beside a branch that fails": lambda: run(
        states("A", A=parallel(DISTRIBUTED, TASK)),
        ITEMS,
        lambda task: TaskFailed(task.task, "E", "c") if task.path.startswith("A[1]") else None,
    ),
    "an expression that fails": lambda: run(
        states("A", A={"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.no %}"})
    ),
    "a history that is full": lambda: run(
        states("A", A={"Type": "Pass", "Next": "C"}, C=LOOP, E={"Type": "Succeed"}),
        limits=Limits(history_events=50),
    ),
}


@pytest.mark.parametrize("name", PLAYS)
def test_events_hold_what_awss_model_of_them_has(name: str) -> None:
    play = PLAYS[name]()

    assert play.outcome is not None
    history_shapes.check(play.events)
    for events in play.child_events.values():
        history_shapes.check(events)


@pytest.mark.parametrize("name", PLAYS)
def test_every_text_that_an_event_holds_counts_in_the_size_of_the_history(name: str) -> None:
    play = PLAYS[name]()

    details = [event[member] for event in play.events if (member := history_shapes.details_of(event["type"]))]
    in_events = sum(len(text.encode()) for held in details for text in history_shapes.texts(held))
    assert play.checkpoint.head.history_bytes == 200 * len(play.events) + in_events


def test_a_text_in_the_history_counts_as_many_bytes_as_its_utf_8_has() -> None:
    play = run(states("F", F={"Type": "Fail", "Cause": "ä€😀"}))

    plain = run(states("F", F={"Type": "Fail", "Cause": "aaa"}))
    assert play.checkpoint.head.history_bytes == plain.checkpoint.head.history_bytes + 2 + 3 + 4 - 3


@pytest.mark.parametrize("kind", sorted(history_shapes.TYPES))
def test_no_text_that_awss_model_lets_an_event_hold_is_left_out_of_its_size(kind: str) -> None:
    event = history_shapes.filled(kind, "x" * 100)
    member = history_shapes.details_of(kind)
    details = {} if member is None else event[member]

    assert history.size_bytes(details) == 100 * len(history_shapes.texts(details))


def test_every_type_is_recorded_somewhere_or_belongs_to_what_is_not_there_yet() -> None:
    recorded = {kind for play in PLAYS.values() for kind in play().types}

    assert len(history_shapes.TYPES) == 62
    assert recorded | LATER == history_shapes.TYPES
    assert not recorded & LATER


def test_the_page_names_every_type_and_those_that_are_not_there_yet() -> None:
    page = (Path(__file__).parents[2] / "docs" / "history.md").read_text(encoding="utf-8")
    there, missing = (
        set(re.findall(r"`([A-Z][A-Za-z]+)`", "".join(re.findall(r"^\|([^|]+)\|", part, re.MULTILINE))))
        for part in page.split("Not recorded yet:")
    )

    assert missing == LATER
    assert there == history_shapes.TYPES - LATER


def test_the_first_event_names_the_version_and_the_alias_that_were_started() -> None:
    identity = replace(IDENTITY, version_arn="arn:m:1", alias_arn="arn:m:live")
    play = Play(machine(states("A", A={"Type": "Succeed"})), identity=identity)

    play.start(dump({}))

    assert play.events[0]["executionStartedEventDetails"] == {
        "input": "{}",
        "inputDetails": {"truncated": False},
        "roleArn": IDENTITY.role_arn,
        "stateMachineVersionArn": "arn:m:1",
        "stateMachineAliasArn": "arn:m:live",
    }
