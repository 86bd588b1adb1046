"""State transitions per second of the language core alone, in one thread, by type of state, beside moto's interpreter.

Moto has no JSONata: a state in JSONata is shown beside one in JSONPath that does the same.

    uv run --group bench python -m bench interpreter   (make bench-interpreter)

Both run the same definitions to their ends, in turns, in this process, and must record the same types of events. A
transition is a state entered. Nothing is written anywhere: what is measured is the step itself, with its events,
visits, commands and checkpoint. "Encoded" also turns the parts that changed and the events into what a journal would
store, which moto has no counterpart of.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from time import process_time
from typing import Any

import msgspec

from bench import ratios, table
from bench.chains import chain
from stepwright.asl import interpreter
from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import Identity
from stepwright.asl.definition import compile_definition
from stepwright.asl.json_types import JsonText
from stepwright.asl.machine import Machine
from stepwright.asl.signals import (
    Continue,
    Millis,
    Moment,
    Signal,
    TaskStarted,
    TaskSucceeded,
    TimerFired,
)
from stepwright.asl.step import HistoryEvent, SetTimer, StartTask, Step

IDENTITY = Identity(
    uid="0f0c2a36-51c6-4b0c-9d0f-2b9f5f1f7d11",
    execution_id="arn:aws:states:us-east-1:123456789012:execution:bench:one",
    name="one",
    role_arn="arn:aws:iam::123456789012:role/bench",
    state_machine_id="arn:aws:states:us-east-1:123456789012:stateMachine:bench",
    state_machine_name="bench",
)
INPUT = JsonText(
    '{"order":{"id":7,"items":["a","b","c"],"customer":"someone"},"n":1,"items":[' + "1," * 39 + "1]}"
)
NOW = Millis(1_700_000_000_000)
ROUNDS = 25
SECONDS = 0.03
"""For each round of each: short turns, so that what else runs on the machine slows all of them alike."""

LENGTH = 40
"""States in a chain."""

Run = Callable[[], list[HistoryEvent]]
"""One execution to its end; its history."""


@dataclass(frozen=True)
class Line:
    """A line of the table, and the definition that both run."""

    name: str
    what: str
    definition: dict[str, Any]
    in_jsonpath: dict[str, Any] | None = None
    """For one in JSONata: what to run beside it."""

    @property
    def ratio(self) -> str:
        beside = "moto" if self.in_jsonpath is None else "in JSONPath"
        return f"interpreter, {self.name} / {beside}"


def lines() -> list[Line]:
    shaping = {"id.$": "$.order.id", "who.$": "States.Format('{}!', $.order.customer)"}
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}}
    inner = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    branches = [
        {"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}} for name in ("A", "B", "C", "D")
    ]
    side_by_side = {"Type": "Parallel", "Branches": branches, "ResultPath": None}
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner, "ResultPath": None}
    shaped = chain({"Type": "Pass", "Parameters": shaping, "ResultPath": "$.r"}, LENGTH)
    sending = {"FunctionName": "f", "Payload.$": "$.order"}
    sent = chain(
        task | {"Parameters": sending, "ResultSelector": {"done.$": "$.ok"}, "ResultPath": "$.r"},
        LENGTH,
    )
    for_each = chain(each, 1)
    return [
        Line("Pass", "", chain({"Type": "Pass"}, LENGTH)),
        Line("Pass with Parameters", "a path, a function", shaped),
        Line("Choice", "by its second rule", choices()),
        Line("Wait", "of 0 s", chain(wait(0), LENGTH)),
        Line("Task", "answered at once", chain(task | {"ResultPath": "$.r"}, LENGTH)),
        Line("Task with Parameters", "a path, ResultSelector", sent),
        Line("Parallel", "of four Pass", chain(side_by_side, 1)),
        Line("Map", "of 40 Pass", for_each),
        Line("Succeed", "an execution each", {"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}),
        Line(
            "Fail",
            "an execution each",
            {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Some.Error", "Cause": "some cause"}}},
        ),
        Line(
            "Pass in JSONata",
            "two paths, a text made",
            jsonata(
                chain(
                    {"Type": "Pass", "Output": merged("{'id': $order.id, 'who': $order.customer & '!'}")},
                    LENGTH,
                )
            ),
            shaped,
        ),
        Line("Choice in JSONata", "by its second rule", jsonata_choices(), choices()),
        Line(
            "Task in JSONata",
            "a path, Output",
            jsonata(
                chain(
                    {
                        "Type": "Task",
                        "Resource": task["Resource"],
                        "Arguments": {"FunctionName": "f", "Payload": "{% $states.input.order %}"},
                        "Output": merged("{'done': $states.result.ok}"),
                    },
                    LENGTH,
                )
            ),
            sent,
        ),
        Line(
            "Map in JSONata",
            "of 40 Pass",
            jsonata(
                chain(
                    {
                        "Type": "Map",
                        "Items": "{% $states.input.items %}",
                        "ItemProcessor": inner,
                        "Output": "{% $states.input %}",
                    },
                    1,
                )
            ),
            for_each,
        ),
    ]


def jsonata(definition: dict[str, Any]) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", **definition}


def merged(result: str) -> str:
    """What ResultPath does, as people write it in JSONata."""
    return f"{{% ($order := $states.input.order; $merge([$states.input, {{'r': {result}}}])) %}}"


def wait(seconds: int) -> dict[str, Any]:
    return {"Type": "Wait", "Seconds": seconds}


def choices() -> dict[str, Any]:
    """Each has a rule that does not hold, and goes on by its second one."""
    no = {"Variable": "$.order.customer", "StringEquals": "nobody", "Next": "End"}

    def choice(then: str) -> dict[str, Any]:
        yes = {"Variable": "$.n", "NumericGreaterThan": 0, "Next": then}
        return {"Type": "Choice", "Choices": [no, yes]}

    return chosen(choice)


def jsonata_choices() -> dict[str, Any]:
    no = {"Condition": "{% $states.input.order.customer = 'nobody' %}", "Next": "End"}

    def choice(then: str) -> dict[str, Any]:
        return {"Type": "Choice", "Choices": [no, {"Condition": "{% $states.input.n > 0 %}", "Next": then}]}

    return jsonata(chosen(choice))


def chosen(choice: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    states = {f"S{n}": choice(f"S{n + 1}") for n in range(LENGTH - 1)}
    last = {f"S{LENGTH - 1}": choice("End"), "End": {"Type": "Succeed"}}
    return {"StartAt": "S0", "States": states | last}


def execution_of(definition: dict[str, Any], *, encode: bool) -> Run:
    machine, _warnings = compile_definition(definition)

    def run() -> list[HistoryEvent]:
        events: list[HistoryEvent] = []
        for step in steps(machine):
            if encode:
                parts = step.checkpoint.parts
                for name in step.changed & parts.keys():
                    checkpoints.encode(parts[name])
                for event in step.events:
                    msgspec.json.encode(event)
            events += step.events
        return events

    return run


def steps(machine: Machine) -> Iterator[Step]:
    """One execution, each of its timers fired and each of its tasks answered."""
    seed = 0
    step = interpreter.start(machine, IDENTITY, INPUT, Moment(NOW, seed))
    yield step
    while step.outcome is None:
        for signal in [Continue()] if step.more else answers(step):
            seed += 1
            step = interpreter.resume(machine, step.checkpoint, signal, Moment(NOW, seed))
            yield step


def answers(step: Step) -> list[Signal]:
    """Plain loops: the time they take counts as ours."""
    signals: list[Signal] = []
    for command in step.commands:
        if isinstance(command, StartTask):
            signals.append(TaskStarted(command.task))
            signals.append(TaskSucceeded(command.task, {"ok": True}))
        elif isinstance(command, SetTimer):
            signals.append(TimerFired(command.timer))
    return signals


def per_second(transitions: int, runs: list[Run]) -> list[float]:
    """Transitions of each, in turns, per second of processor time. ``transitions``: how many one run makes."""
    done, spent = [0] * len(runs), [0.0] * len(runs)
    for _ in range(ROUNDS):
        for index, run in enumerate(runs):
            began = process_time()
            while process_time() - began < SECONDS:
                run()
                done[index] += transitions
            spent[index] += process_time() - began
    return [count / seconds for count, seconds in zip(done, spent, strict=True)]


def run() -> None:
    from bench import moto_interpreter  # noqa: PLC0415 - installed for benchmarks only

    rows: list[list[object]] = []
    for line in lines():
        ours = execution_of(line.definition, encode=False)
        encoded = execution_of(line.definition, encode=True)
        if line.in_jsonpath is None:
            theirs = moto_interpreter.execution_of(line.definition, INPUT, IDENTITY)
        else:
            theirs = execution_of(line.in_jsonpath, encode=False)
        transitions = check_same(line.name, types(ours()), types(theirs()))
        # What is alive by now, moto's modules above all, is not garbage of what is measured.
        gc.collect()
        gc.freeze()
        us, us_encoded, them = per_second(transitions, [ours, encoded, theirs])
        beside = [round(them), ""] if line.in_jsonpath is None else ["", round(them)]
        rows.append([line.name, line.what, round(us), round(us_encoded), *beside, us / them])
        ratios.note(line.ratio, us / them)
    table.show(
        f"Transitions per second of processor time, one thread, beside moto {metadata.version('moto')}",
        ["state", "", "Stepwright", "with encoding", "moto", "in JSONPath", "ratio"],
        rows,
    )
    (timed,) = per_second(LENGTH, [execution_of(chain(wait(1), LENGTH), encode=False)])
    print(f"\nWait with a timer that is fired: {timed:,.0f} per second; moto sleeps, so there is no ratio.")


def types(history: list[HistoryEvent]) -> Counter[str]:

    return Counter(event["type"].split(".")[-1] for event in history)


def check_same(name: str, ours: Counter[str], theirs: Counter[str]) -> int:
    """How many transitions an execution has, the same in both."""
    if ours != theirs:
        raise SystemExit(f"{name}: the histories differ: {ours}, {theirs}")
    return sum(count for type, count in ours.items() if type.endswith("StateEntered"))
