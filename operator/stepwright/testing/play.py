"""Plays an execution to its end in virtual time, directly on the language core: no loop, no threads, no
waiting.

Answers of tasks and timers are in one heap, ordered by when they are due. After each step time jumps to the
next of them, so thirty days take as long as a second. The same arguments give the same execution, event for
event, on every machine.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from stepwright.asl import interpreter
from stepwright.asl.checkpoint.checkpoint import Checkpoint, Identity
from stepwright.asl.checkpoint.open_work import heartbeat_timer
from stepwright.asl.json_types import JsonText
from stepwright.asl.limits import Limits
from stepwright.asl.machine import Machine
from stepwright.asl.signals import (
    Continue,
    Millis,
    Moment,
    Signal,
    TaskFailed,
    TaskId,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
    TimerId,
)
from stepwright.asl.step import (
    CancelTask,
    CancelTimer,
    HistoryEvent,
    Outcome,
    SetTimer,
    StartTask,
    Step,
    Visit,
)
from stepwright.mocks.answers import Answer, is_submitted

# AWS's own: it also ends what would loop forever.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
LIMITS: Final = Limits(history_events=25_000)

Work = Callable[[StartTask], Answer]
"""Gives a task's answer. An exception ends the play."""


@dataclass(slots=True)
class Play:
    """An execution under way, and all that has happened. ``outcome`` None at the end: it waits for something that
    never comes."""

    machine: Machine
    identity: Identity
    work: Work
    now: Millis
    seed: int
    events: list[HistoryEvent] = field(default_factory=list)
    visits: dict[int, Visit] = field(default_factory=dict)
    outcome: Outcome | None = None
    _checkpoint: Checkpoint = field(default_factory=Checkpoint)
    _agenda: list[tuple[Millis, bool, int, Signal]] = field(default_factory=list)
    _timers: dict[TimerId, Millis] = field(default_factory=dict)
    _open: set[TaskId] = field(default_factory=set)
    _order: int = 0
    _steps: int = 0

    def to_end(self, input: JsonText) -> None:
        self._take(interpreter.start(self.machine, self.identity, input, self._moment(), LIMITS))
        agenda = self._agenda
        while agenda and self.outcome is None:
            due, _, _, signal = heapq.heappop(agenda)
            if self._stands(signal, due):
                self.now = due
                self._send(signal)

    def _stands(self, signal: Signal, due: Millis) -> bool:
        """Whether the signal is still expected: timers may be cancelled or set again, tasks cancelled."""
        match signal:
            case TimerFired(timer):
                return self._timers.get(timer) == due
            case TaskStarted(task) | TaskSubmitted(task) | TaskSucceeded(task) | TaskFailed(task):
                return task in self._open
        return True

    def _send(self, signal: Signal) -> None:
        if isinstance(signal, TaskSucceeded | TaskFailed):
            self._open.discard(signal.task)
        elif isinstance(signal, TimerFired):
            del self._timers[signal.timer]
        self._take(interpreter.resume(self.machine, self._checkpoint, signal, self._moment(), LIMITS))

    def _take(self, step: Step) -> None:
        while True:
            self._checkpoint = step.checkpoint
            self.events += step.events
            self.outcome = step.outcome
            for visit in step.visits:
                self.visits[visit.id] = visit
            if step.commands:
                self._obey(step)
            if not step.more:
                return
            step = interpreter.resume(self.machine, self._checkpoint, Continue(), self._moment(), LIMITS)

    def _obey(self, step: Step) -> None:
        started: list[StartTask] = []
        for command in step.commands:
            match command:
                case StartTask():
                    started.append(command)
                case CancelTask():
                    self._open.discard(command.task)
                    started = [task for task in started if task.task != command.task]
                case SetTimer():
                    self._timers[command.timer] = command.due
                    self._plan(command.due, TimerFired(command.timer))
                case CancelTimer():
                    self._timers.pop(command.timer, None)
        for task in started:  # all of them begin before one of them ends
            self._open.add(task.task)
            self._plan(self.now, TaskStarted(task.task))
            if is_submitted(task.resource):
                self._plan(self.now, TaskSubmitted(task.task, {}))
        for task in started:
            self._begin(task, self.work(task))

    def _begin(self, task: StartTask, answer: Answer) -> None:
        beats, limit = answer.heartbeat_seconds, task.heartbeat_seconds
        if limit is not None and beats is not None and beats <= limit:
            self._timers.pop(heartbeat_timer(task.task), None)  # every heartbeat comes in time
        if not answer.never:
            self._plan(Millis(self.now + round(answer.after_seconds * 1000)), answer.signal(task.task))

    def _plan(self, due: Millis, signal: Signal) -> None:
        """Of signals due in the same millisecond timers come last: an answer at the last moment is in
        time."""
        self._order += 1
        heapq.heappush(self._agenda, (due, isinstance(signal, TimerFired), self._order, signal))

    def _moment(self) -> Moment:
        self._steps += 1
        return Moment(self.now, self.seed * 1_000_003 + self._steps)
