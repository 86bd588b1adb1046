"""What holds of every execution, whatever the definition and whatever becomes of its tasks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stepwright.asl import interpreter
from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.limits import Limits
from stepwright.asl.signals import (
    Moment,
    Signal,
    Stop,
    TaskFailed,
    TaskId,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
    TimerId,
)
from stepwright.asl.step import CancelTask, CancelTimer, SetTimer, StartTask, Step
from stepwright.asl.text.jsontext import dump, parse
from tests.asl.random_machines import definitions, inputs
from tests.asl.virtual_time import IDENTITY, Play, machine, reloaded

LIMITS = Limits(payload_bytes=2_000, events_per_step=20, bytes_per_step=4_000)
MAX_STEPS = 3_000


@dataclass
class Watched(Play):
    """Checks every step as it is taken."""

    replay: bool = True

    def send(self, signal: Signal) -> Step:
        before = self.checkpoint
        moment = Moment(self.now, seed=len(self.events))
        step = super().send(signal)
        if self.replay:
            again = interpreter.resume(self.machine, reloaded(before), signal, moment, self.limits)
            assert written(again) == written(step)
        names = set(before.parts) | set(step.checkpoint.parts)
        differing = {name for name in names if before.parts.get(name) != step.checkpoint.parts.get(name)}
        assert differing == step.changed
        return step


def written(step: Step) -> Any:
    parts = {name: checkpoints.encode(part) for name, part in step.checkpoint.parts.items()}
    return (
        json.dumps(parts, sort_keys=True),
        sorted(step.changed),
        step.events,
        step.commands,
        step.visits,
        step.child_events,
        step.children,
        step.map_runs,
        step.more,
        step.outcome,
    )


def choose(play: Play, random: Random) -> Signal | None:
    """Something that could happen now, or could happen too late. None: jump to the next timer."""
    tasks = play.open_tasks()
    stray = TaskId(random.randrange(1, 60))
    choices: list[Signal | None] = [
        TaskSucceeded(stray, 1),
        TimerFired(TimerId(random.choice(["wait:", "retry:", "timeout:", "heartbeat:"]) + str(stray))),
        None,
        None,
    ]
    if random.random() < 0.01:
        choices.append(Stop("E", "c"))
    for task in tasks:
        results: list[Any] = [task.parameters, task.input, [1, 2], {"a": [1], "b": 0}, "x" * 1_500]
        result = random.choice(results)
        choices += [
            TaskStarted(task.task),
            TaskSubmitted(task.task, {"jobName": "j"}),
            *[TaskSucceeded(task.task, result)] * 4,
            TaskFailed(
                task.task, random.choice(["E", "F", "States.Timeout", "States.HeartbeatTimeout"]), "c"
            ),
            TaskFailed(task.task, random.choice(["States.Runtime", None]), None),
        ]
    return random.choice(choices)


def played(definition: dict[str, Any], document: Any, seed: int, replay: bool = True) -> Watched:
    play = Watched(machine(definition), LIMITS, replay=replay)
    play.start(dump(document))
    go_to_end(play, Random(seed))
    return play


def go_to_end(play: Watched, random: Random) -> None:
    while play.outcome is None:
        assert play.steps < MAX_STEPS, "it does not end"
        play.go_on()
        if play.outcome is not None:
            break
        signal = choose(play, random)
        if signal is not None:
            play.send(signal)
        elif not play.fire_next() and not play.open_tasks():
            raise AssertionError("nothing is left to happen, and it has not ended")


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(definitions(), inputs, st.integers(0, 2**32))
def test_every_execution_ends_and_its_history_is_whole(
    definition: dict[str, Any], document: Any, seed: int
) -> None:
    play = played(definition, document, seed)

    ids = [event["id"] for event in play.events]
    assert ids == list(range(1, len(ids) + 1))
    assert all(event["previousEventId"] < event["id"] for event in play.events)
    assert play.types[0] == "ExecutionStarted"
    assert play.types[-1].startswith("Execution")
    assert sum(kind.startswith("Execution") for kind in play.types) == 2
    assert_texts_are_json(play)
    assert_nothing_is_open(play)
    assert_visits_are_told(play)
    assert_child_executions_are_told(play)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(definitions(), inputs, st.integers(0, 2**32))
def test_an_execution_that_is_redriven_again_and_again_keeps_one_whole_history(
    definition: dict[str, Any], document: Any, seed: int
) -> None:
    play = played(definition, document, seed)
    redrives = 0
    while play.redrivable is not None and redrives < 3:
        ended = play.outcome
        assert ended is not None
        assert ended.status != "SUCCEEDED"
        play.redrive()
        redrives += 1
        go_to_end(play, Random(seed + redrives))

    ids = [event["id"] for event in play.events]
    assert ids == list(range(1, len(ids) + 1))
    assert play.types.count("ExecutionRedriven") == redrives
    assert play.types.count("ExecutionStarted") == 1
    assert play.types[-1].startswith("Execution")
    assert_texts_are_json(play)
    assert_nothing_is_open(play)
    assert_visits_are_told(play)


def assert_texts_are_json(play: Play) -> None:
    for event in play.events:
        details: dict[str, Any] = next((v for v in event.values() if isinstance(v, dict)), {})
        for field in ("input", "output", "parameters"):
            if field in details:
                parse(details[field])


def assert_nothing_is_open(play: Play) -> None:
    assert set(play.checkpoint.parts) == {"start", "head"}
    assert play.open_tasks() == []
    assert checkpoints.open_timers(play.checkpoint) == []
    timers: set[str] = set()
    tasks: set[int] = set()
    redriven = "ExecutionRedriven" in play.types
    for command in play.commands:
        match command:
            case SetTimer(timer):
                # A redrive sets timers anew that have fired.
                assert redriven or timer not in timers, "a timer was set twice"
                timers.add(timer)
            case CancelTimer(timer):
                timers.discard(timer)
            case StartTask(task):
                assert task not in tasks, "a task was started twice"
                tasks.add(task)
            case CancelTask(task):
                assert task in tasks, "a task was cancelled that never began"


def assert_visits_are_told(play: Play) -> None:
    histories = [play.events, *play.child_events.values()]
    entered = [event for events in histories for event in events if event["type"].endswith("StateEntered")]
    assert len(play.visits) == len(entered)
    if not play.child_events:
        assert set(play.visits) == {event["id"] for event in entered}
    assert all(visit.outcome is not None for visit in play.visits.values())


def assert_child_executions_are_told(play: Play) -> None:
    assert set(play.child_events) == set(play.children)
    for name, events in play.child_events.items():
        assert [event["id"] for event in events] == list(range(1, len(events) + 1))
        assert events[0]["type"] == "ExecutionStarted"
        assert events[-1]["type"] == f"Execution{play.children[name].status.capitalize()}"
    for run in play.map_runs.values():
        assert run.status != "RUNNING"
        assert run.items.running == run.executions.running == 0
        children = [child for child in play.children.values() if child.map_run_arn == run.arn]
        for status in ("succeeded", "failed", "aborted"):
            of_status = [child for child in children if child.status == status.upper()]
            assert getattr(run.executions, status) == len(of_status)
            assert getattr(run.items, status) == sum(child.items for child in of_status)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(definitions(), inputs)
def test_the_bound_of_a_step_does_not_change_what_is_recorded_of_one_branch(
    definition: dict[str, Any], document: Any
) -> None:
    """Without branches side by side, where a step stops leaves no trace."""
    if any(kind in str(definition) for kind in ("'Parallel'", "'Map'", "UUID", "FULL")):
        return
    histories = []
    for bound in (1, 7, 1_000):
        play = Play(machine(definition), Limits(events_per_step=bound))
        play.start(dump(document))
        histories.append(play.to_end().events)

    assert histories[0] == histories[1] == histories[2]


def test_identity_is_kept() -> None:
    play = Play(machine({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}))
    play.start(dump(1))

    assert reloaded(play.checkpoint).identity == IDENTITY
