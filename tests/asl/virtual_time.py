"""Plays executions to their end without waiting: when nothing else is to come, time jumps to the next timer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from stepwright.asl import interpreter
from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import Checkpoint, EncodedPart, Identity, PartId
from stepwright.asl.definition import compile_definition
from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.limits import Limits
from stepwright.asl.machine import Machine
from stepwright.asl.signals import (
    Continue,
    Millis,
    Moment,
    RedriveFrom,
    Signal,
    TaskFailed,
    TaskSucceeded,
    TimerFired,
)
from stepwright.asl.step import (
    CancelTask,
    ChildExecution,
    Command,
    HistoryEvent,
    MapRunStatus,
    Outcome,
    StartTask,
    Step,
    Visit,
)
from stepwright.asl.task_token import TokenOf, unsealed
from stepwright.asl.text.jsontext import dump
from stepwright.asl.unusable import Unusable, known_later

START = Millis(1_700_000_000_000)  # 2023-11-14T22:13:20Z

IDENTITY = Identity(
    uid="0f0c2a36",
    execution_id="arn:aws:states:us-east-1:123456789012:execution:orders:order-7",
    name="order-7",
    role_arn="arn:aws:iam::123456789012:role/orders",
    state_machine_id="arn:aws:states:us-east-1:123456789012:stateMachine:orders",
    state_machine_name="orders",
)

Answer = Callable[[StartTask], Signal | None]
"""What a task comes to; None: nothing, it stays open."""


def reloaded(checkpoint: Checkpoint) -> Checkpoint:
    """As another process would read it from a journal, which may give the parts back in any order."""
    names = sorted(checkpoint.parts, reverse=True)
    return checkpoints.decode({name: checkpoints.encode(checkpoint.parts[name]) for name in names})


def echo(task: StartTask) -> Signal:
    return TaskSucceeded(task.task, task.parameters)


@dataclass
class Play:
    """An execution as it goes on, and everything its steps have said."""

    machine: Machine
    limits: Limits = field(default_factory=Limits)
    identity: Identity = IDENTITY
    token: TokenOf = unsealed
    unusable: Unusable = known_later
    reload: bool = True
    """Whether every step starts from what the journal holds, as after a restart."""
    journal: dict[PartId, EncodedPart] = field(default_factory=dict)
    """The parts that steps named as changed, and nothing else."""
    now: Millis = START
    events: list[HistoryEvent] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    visits: dict[int, Visit] = field(default_factory=dict)
    child_events: dict[str, list[HistoryEvent]] = field(default_factory=dict)
    children: dict[str, ChildExecution] = field(default_factory=dict)
    map_runs: dict[str, MapRunStatus] = field(default_factory=dict)
    steps: int = 0
    outcome: Outcome | None = None
    checkpoint: Checkpoint = field(default_factory=Checkpoint)
    more: bool = False
    redrivable: Checkpoint | None = None

    def start(self, given: JsonText) -> Step:
        return self._take(
            interpreter.start(
                self.machine,
                self.identity,
                given,
                self._moment(),
                self.limits,
                token=self.token,
                unusable=self.unusable,
            )
        )

    def send(self, signal: Signal) -> Step:
        checkpoint = checkpoints.decode(self.journal) if self.reload else self.checkpoint
        return self._take(
            interpreter.resume(
                self.machine,
                checkpoint,
                signal,
                self._moment(),
                self.limits,
                token=self.token,
                unusable=self.unusable,
            )
        )

    def redrive(self, at: RedriveFrom | None = None) -> Step:
        """Go on after an end without success, ``at`` a state or where that happened."""
        assert self.redrivable is not None
        # What a journal keeps of the end, in place of what was open.
        self.checkpoint = reloaded(self.redrivable)
        parts = self.checkpoint.parts
        self.journal = {name: checkpoints.encode(parts[name]) for name in parts}
        self.outcome = None
        return self._take(
            interpreter.redrive(
                self.machine,
                self.checkpoint,
                self._moment(),
                self.limits,
                at=at,
                token=self.token,
                unusable=self.unusable,
            )
        )

    def go_on(self) -> None:
        """Finish a step that stopped at its bound."""
        while self.more:
            self.send(Continue())

    def fire_next(self, until: Millis | None = None) -> bool:
        """Jump to the next timer, fire it and continue; False if there is none (until then)."""
        fired = self.only_fire_next(until)
        if fired:
            self.go_on()
        return fired

    def only_fire_next(self, until: Millis | None = None) -> bool:
        timers = checkpoints.open_timers(self.checkpoint)
        if not timers or (until is not None and timers[0].due > until):
            return False
        self.now = max(self.now, timers[0].due)
        self.send(TimerFired(timers[0].timer))
        return True

    def to_end(self, answer: Answer = echo, until: Millis | None = None) -> Play:
        """Answer tasks, oldest first, and fire timers until nothing is left to do."""
        self.go_on()
        while self.outcome is None:
            signals = self._answers(answer)
            signal = next(signals, None)
            if signal is not None:
                self.send(signal)
                self.go_on()
            elif not self.fire_next(until):
                break
        return self

    def _answers(self, answer: Answer) -> Iterator[Signal]:
        for task in self.open_tasks():
            signal = answer(task)
            if signal is not None:
                yield signal

    def open_tasks(self) -> list[StartTask]:
        return checkpoints.open_tasks(self.machine, self.checkpoint)

    def _moment(self) -> Moment:
        return Moment(self.now, seed=len(self.events))

    def _take(self, step: Step) -> Step:
        self.steps += 1
        self.checkpoint, self.more = step.checkpoint, step.more
        for name in step.changed:
            if name in step.checkpoint.parts:
                self.journal[name] = checkpoints.encode(step.checkpoint.parts[name])
            else:
                del self.journal[name]
        assert set(self.journal) == set(step.checkpoint.parts)
        self.outcome = self.outcome or step.outcome
        self.redrivable = step.redrivable
        self.events += step.events
        self.commands += step.commands
        self.visits.update((visit.id, visit) for visit in step.visits)
        for written in step.child_events:
            self.child_events.setdefault(written.child, []).append(written.event)
        self.children.update((child.name, child) for child in step.children)
        self.map_runs.update((run.arn, run) for run in step.map_runs)
        return step

    # What tests ask for.

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    @property
    def chain(self) -> list[tuple[int, int, str]]:
        return [(event["id"], event["previousEventId"], event["type"]) for event in self.events]

    @property
    def cancelled(self) -> list[int]:
        return [command.task for command in self.commands if isinstance(command, CancelTask)]

    @property
    def started(self) -> list[StartTask]:
        return [command for command in self.commands if isinstance(command, StartTask)]


def machine(definition: dict[str, Any]) -> Machine:
    return compile_definition(definition)[0]


def begin(definition: dict[str, Any] | Machine, given: Json = None, limits: Limits | None = None) -> Play:
    """Start an execution and leave it where its first step leaves it. Without an input it gets ``{}``."""
    compiled = definition if isinstance(definition, Machine) else machine(definition)
    play = Play(compiled, limits or Limits())
    play.start(dump({} if given is None else given))
    return play


def run(
    definition: dict[str, Any] | Machine,
    given: Json = None,
    answer: Answer = echo,
    limits: Limits | None = None,
) -> Play:
    return begin(definition, given, limits).to_end(answer)


def fails(error: str = "Job.Failed", cause: str | None = "exit code 1") -> Answer:
    return lambda task: TaskFailed(task.task, error, cause)


def states(start_at: str, **members: Any) -> dict[str, Any]:
    """A scope of these states; one without Next and End ends it."""
    return {"StartAt": start_at, "States": {name: _ended(state) for name, state in members.items()}}


def _ended(state: dict[str, Any]) -> dict[str, Any]:
    goes_on = "Next" in state or "End" in state or state["Type"] in ("Choice", "Succeed", "Fail")
    return state if goes_on else {**state, "End": True}
