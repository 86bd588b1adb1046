"""State transitions per second of the language core alone, in one thread, by type of state.

    uv run python -m bench.interpreter [--seconds 1.0]

Nothing is written anywhere: what is measured is the step itself, with its events, visits, commands and checkpoint.
"Encoded" also turns the parts that changed into what a journal would store.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from stepwright.asl import checkpoint as checkpoints
from stepwright.asl import interpreter
from stepwright.asl.checkpoint import Identity
from stepwright.asl.definition import compile_definition
from stepwright.asl.json_types import JsonText
from stepwright.asl.machine import Machine
from stepwright.asl.signals import Continue, Millis, Moment, TaskStarted, TaskSucceeded, TimerFired
from stepwright.asl.step import Step

IDENTITY = Identity(
    uid="0f0c2a36-51c6-4b0c-9d0f-2b9f5f1f7d11",
    execution_id="arn:aws:states:us-east-1:123456789012:execution:bench:one",
    name="one",
    role_arn="arn:aws:iam::123456789012:role/bench",
    state_machine_id="arn:aws:states:us-east-1:123456789012:stateMachine:bench",
    state_machine_name="bench",
)
INPUT = JsonText(
    '{"order":{"id":7,"items":["a","b","c"],"customer":"someone"},"n":1,"items":[' + "1," * 99 + "1]}"
)
NOW = Millis(1_700_000_000_000)


def machine(start_at: str, states: dict[str, Any]) -> Machine:
    return compile_definition({"StartAt": start_at, "States": states})[0]


def never(default: str) -> dict[str, Any]:
    """A Choice that keeps a loop going, with the end that a definition needs."""
    rule = {"Variable": "$.never", "IsPresent": True, "Next": "End"}
    return {
        "Again": {"Type": "Choice", "Choices": [rule], "Default": default},
        "End": {"Type": "Succeed"},
    }


@dataclass
class Subject:
    """``steps`` plays on and on, giving each step; ``counted`` is the event that makes a transition."""

    name: str
    counted: str
    steps: Callable[[], Iterator[Step]]


def endless(compiled: Machine, next_signal: Callable[[Machine, Step], Any]) -> Iterator[Step]:
    """Executions one after the other, each answered until it ends."""
    seed = 0
    while True:
        step = interpreter.start(compiled, IDENTITY, INPUT, Moment(NOW, seed))
        yield step
        while step.outcome is None:
            seed += 1
            signal = Continue() if step.more else next_signal(compiled, step)
            step = interpreter.resume(compiled, step.checkpoint, signal, Moment(NOW, seed))
            yield step


def fire(_compiled: Machine, step: Step) -> TimerFired:
    return TimerFired(checkpoints.open_timers(step.checkpoint)[0].timer)


def answer(compiled: Machine, step: Step) -> TaskStarted | TaskSucceeded:
    task = checkpoints.open_tasks(compiled, step.checkpoint)[0]
    started = any(event["type"] == "TaskStarted" for event in step.events)
    return TaskSucceeded(task.task, {"ok": True}) if started else TaskStarted(task.task)


def subjects() -> list[Subject]:
    shaping = {
        "Type": "Pass",
        "Parameters": {"id.$": "$.order.id", "who.$": "States.Format('{}!', $.order.customer)"},
        "ResultPath": "$.r",
        "Next": "Again",
    }
    plain = machine(
        "A", {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "Again"}, **never("A")}
    )
    shaped = machine("A", {"A": shaping, **never("A")})
    choice = machine("Again", never("Again"))
    waiting = machine("W", {"W": {"Type": "Wait", "Seconds": 1, "Next": "Again"}, **never("W")})
    task = {"Type": "Task", "Resource": "k8s:job", "TimeoutSeconds": 60, "ResultPath": "$.r", "Next": "Again"}
    working = machine("T", {"T": task, **never("T")})
    inner = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    each = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemProcessor": inner,
        "ResultPath": None,
        "Next": "Again",
    }
    mapping = machine("M", {"M": each, **never("M")})
    branches = [
        {"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}}
        for name in ("P1", "P2", "P3", "P4")
    ]
    side_by_side = {"Type": "Parallel", "Branches": branches, "ResultPath": None, "Next": "Again"}
    parallel = machine("P", {"P": side_by_side, **never("P")})

    def of(name: str, counted: str, compiled: Machine, signal: Any = fire) -> Subject:
        return Subject(name, counted, lambda: endless(compiled, signal))

    return [
        of("Pass", "PassStateExited", plain),
        of("Pass with Parameters", "PassStateExited", shaped),
        of("Choice", "ChoiceStateExited", choice),
        of("Wait fired", "WaitStateExited", waiting),
        of("Task answered", "TaskStateExited", working, answer),
        of("Map iteration (Pass)", "MapIterationSucceeded", mapping),
        of("Parallel of four (Pass)", "ParallelStateExited", parallel),
    ]


def measure(subject: Subject, seconds: float, encode: bool) -> tuple[float, float, float]:
    """Counted transitions, all events and steps, per second."""
    counted = events = steps = 0
    begin = perf_counter()
    for step in subject.steps():
        steps += 1
        events += len(step.events)
        counted += sum(event["type"] == subject.counted for event in step.events)
        if encode:
            parts = step.checkpoint.parts
            for name in step.changed & parts.keys():
                checkpoints.encode(parts[name])
        if perf_counter() - begin > seconds:
            break
    spent = perf_counter() - begin
    return counted / spent, events / spent, steps / spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each line of the table")
    seconds = parser.parse_args().seconds
    print(f"{'per second':<26}{'transitions':>12}{'events':>12}{'steps':>10}{'encoded':>12}")
    for subject in subjects():
        counted, events, steps = measure(subject, seconds, encode=False)
        encoded = measure(subject, seconds, encode=True)[0]
        print(f"{subject.name:<26}{counted:>12,.0f}{events:>12,.0f}{steps:>10,.0f}{encoded:>12,.0f}")


if __name__ == "__main__":
    main()
