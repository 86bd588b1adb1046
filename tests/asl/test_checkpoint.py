"""Checkpoints: written and read exactly, never changed, shared where a step did not touch them."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint import parts
from stepwright.asl.checkpoint.checkpoint import EncodedPart, PartId
from stepwright.asl.checkpoint.parts import HEAD, Branch, Fork, Head, branch_id
from stepwright.asl.signals import TaskFailed, TaskStarted, TaskSubmitted, TaskSucceeded
from stepwright.asl.step import SetTimer
from stepwright.asl.text.jsontext import dump
from tests.asl.virtual_time import IDENTITY, START, Play, begin, machine, reloaded, states

JOB = {"Type": "Task", "Resource": "k8s:job"}


def everything() -> Play:
    """One of every part, and every field of them in use."""
    iteration = states(
        "T",
        T={
            **JOB,
            "InputPath": "$.in",
            "Parameters": {"x.$": "$", "v.$": "$outer"},
            "Credentials": {"role": "r"},
            "TimeoutSeconds": 60,
            "HeartbeatSeconds": 10,
            "Retry": [{"ErrorEquals": ["E"]}],
            "Assign": {"inner": 1},
            "Next": "U",
        },
        U={"Type": "Wait", "Seconds": 5},
    )
    each = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "MaxConcurrency": 3,
        "ItemProcessor": iteration,
        "ToleratedFailurePercentage": 12.5,
        "ToleratedFailureCount": 9,
    }
    play = begin(
        states("A", A={"Type": "Pass", "Assign": {"outer": 1.0}, "Next": "M"}, M=each)
        | {"TimeoutSeconds": 999},
        {"items": [{"in": float(n)} for n in range(6)]},
    )
    first, second, third = play.started
    play.send(TaskStarted(first.task))
    play.send(TaskSubmitted(first.task, {"jobName": "ä"}))
    play.send(TaskFailed(second.task, "E", None))
    play.send(TaskSucceeded(third.task, {"big": 2**70, "float": 1e300}))
    play.fire_next()
    play.fire_next()
    return play


def stored(parts: dict[PartId, EncodedPart]) -> dict[PartId, EncodedPart]:
    """As a store gives them back that sorts keys."""
    return json.loads(json.dumps(parts, sort_keys=True))  # type: ignore[no-any-return]


def encoded(play: Play) -> dict[PartId, EncodedPart]:
    return {name: checkpoints.encode(part) for name, part in play.checkpoint.parts.items()}


def numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers(item)]
    if isinstance(value, list):
        return [number for item in value for number in numbers(item)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def test_every_part_comes_back_as_it_was() -> None:
    play = everything()
    kinds = {part["kind"] for part in encoded(play).values()}
    again = checkpoints.decode(stored(encoded(play)))

    assert kinds == {"start", "head", "branch", "fork", "items", "results"}
    assert again == play.checkpoint
    assert {name: checkpoints.encode(part) for name, part in again.parts.items()} == encoded(play)


def test_no_number_suffers_in_a_store() -> None:
    """Integers below 2^53 only; everything a user wrote is text."""
    found = [number for part in encoded(everything()).values() for number in numbers(part)]

    assert all(isinstance(number, int) and abs(number) < 2**53 for number in found)


def test_parts_are_named_by_what_they_are() -> None:
    play = everything()

    assert all(parts.part_id(part) == name for name, part in play.checkpoint.parts.items())


def test_what_a_checkpoint_tells() -> None:
    play = everything()

    assert play.checkpoint.identity == IDENTITY
    assert play.checkpoint.last_event_id == len(play.events)
    assert not play.checkpoint.ended
    assert play.checkpoint.version == 1
    assert play.checkpoint.flags == ()


def test_open_tasks_are_those_that_were_started() -> None:
    play = everything()
    started = {task.task: task for task in play.started}

    assert play.open_tasks()
    for task in play.open_tasks():
        was = started[task.task]
        assert (task.parameters, task.input, task.path) == (was.parameters, was.input, was.path)
        assert (task.scheduled, task.attempt, task.credentials) == (was.scheduled, was.attempt, {"role": "r"})
        assert (task.timeout_seconds, task.heartbeat_seconds) == (60, 10)
    assert play.open_tasks()[0].submitted == {"jobName": "ä"}


def test_open_timers_are_those_that_were_set() -> None:
    play = everything()
    was_set = {command.timer: command.due for command in play.commands if isinstance(command, SetTimer)}
    timers = checkpoints.open_timers(play.checkpoint)

    assert {timer.timer.partition(":")[0] for timer in timers} >= {"timeout", "heartbeat", "execution"}
    assert all(was_set[timer.timer] == timer.due for timer in timers)
    assert [timer.due for timer in timers] == sorted(timer.due for timer in timers)


def test_timers_of_one_moment_go_off_in_the_order_in_which_they_were_set() -> None:
    """After a restart those of events 9 and 10 had changed places: their names were compared as texts."""
    waits = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 7, "End": True}}}
    play = begin(states("M", M={"Type": "Map", "ItemProcessor": waits, "End": True}), list(range(5)))
    play.go_on()

    was_set = [command.timer for command in play.commands if isinstance(command, SetTimer)]
    assert was_set == [f"wait:{number}" for number in range(9, 14)]
    assert [timer.timer for timer in checkpoints.open_timers(play.checkpoint)] == was_set


def test_a_step_leaves_its_checkpoint_alone() -> None:
    play = everything()
    before, text = play.checkpoint, json.dumps(encoded(play))
    play.reload = False
    play.send(TaskSucceeded(play.open_tasks()[0].task, 1))

    assert json.dumps({name: checkpoints.encode(part) for name, part in before.parts.items()}) == text


def test_untouched_parts_are_shared_and_not_named() -> None:
    play = everything()
    play.reload = False
    before = play.checkpoint
    step = play.send(TaskSucceeded(play.open_tasks()[0].task, 1))

    for name, part in step.checkpoint.parts.items():
        if name not in step.changed:
            assert part is before.parts[name]
    for name in step.changed:
        assert step.checkpoint.parts.get(name) != before.parts.get(name)


def test_copies_are_whole() -> None:
    play = everything()
    copied = [part for part in play.checkpoint.parts.values() if isinstance(part, Branch | Fork | Head)]

    assert {type(part) for part in copied} == {Branch, Fork, Head}
    for part in copied:
        names = [field.name for field in fields(part)]
        again = part.copy()
        assert again is not part
        assert [getattr(again, name) for name in names] == [getattr(part, name) for name in names]


def test_a_start_writes_start_head_and_the_root() -> None:
    step = Play(machine(states("T", T=JOB))).start(dump({}))

    assert set(step.checkpoint.parts) == {"start", HEAD, branch_id(0)}
    assert step.changed == set(step.checkpoint.parts)


def test_an_ended_execution_keeps_only_who_it_was() -> None:
    play = everything().to_end()
    assert play.outcome is not None

    assert set(play.checkpoint.parts) == {"start", "head"}
    assert reloaded(play.checkpoint).ended
    assert reloaded(play.checkpoint).identity == IDENTITY


def test_where_an_execution_is() -> None:
    play = everything()

    assert checkpoints.current_states(play.checkpoint) == ["M[0]/T", "M[1]/T", "M[3]/T"]
    assert play.now > START


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"kind": "thought"}, "a checkpoint part of kind 'thought' is not known to this version"),
        (
            {"kind": "head", "version": 9, "lastEventId": 1, "nextBranch": 1},
            "the checkpoint has version 9, this engine knows versions up to 8",
        ),
    ],
)
def test_what_a_newer_engine_wrote_is_refused(part: EncodedPart, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        checkpoints.decode({PartId("x"): part})

    assert str(caught.value) == message
