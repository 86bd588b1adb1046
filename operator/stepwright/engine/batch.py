"""The steps that share one write.

Steps are folded together: a task started and cancelled before anything was written never starts, only the
last report of a state's visit is kept, and a part of the checkpoint is written once however often it changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import Checkpoint, Part, PartId
from stepwright.asl.interpreter import history
from stepwright.asl.signals import Millis, Signal, TaskFailed, TaskId, TaskSucceeded, TimerId
from stepwright.asl.step import (
    CancelTask,
    CancelTimer,
    ChildExecution,
    HistoryEvent,
    MapRunStatus,
    Outcome,
    SetTimer,
    StartTask,
    Step,
    Visit,
)
from stepwright.engine.child_histories import ChildHistories
from stepwright.engine.effects import Cancel, End, Release

# Enough for thousands of small transitions in a write, and with one step on top (``Limits.bytes_per_step``)
# still far from the 1.5 MiB that etcd accepts in one request.
LARGEST_EVENTS_BYTES = 448 * 1024
LARGEST_EVENTS_COUNT = 2_000
# What a write says of child executions is kept, if at all, where a write may have many times as much.
MOST_OF_CHILDREN = 8
# In units of ``asl.meter``: half a second of computing. This much, plus the step under way, is lost if an
# engine ends; after each write the execution shows its progress. A write costs a hundredth of that.
MOST_WORK = 500_000

# A batch with only this many events stays small, whatever they contain: measuring would cost more than it is
# worth.
_SHORT = 64


@dataclass(slots=True)
class Batch:
    """Made with the checkpoint as it is written, None before the first write."""

    checkpoint: Checkpoint | None
    changed: set[PartId] = field(default_factory=set)
    """Without parts that came and went since: these were never stored, and a Map may have thousands of them."""
    events: list[HistoryEvent] = field(default_factory=list)
    visits: dict[int, Visit] = field(default_factory=dict)
    map_runs: dict[str, MapRunStatus] = field(default_factory=dict)
    children: dict[str, ChildExecution] = field(default_factory=dict)
    child_histories: ChildHistories = field(default_factory=ChildHistories)
    starts: dict[TaskId, StartTask] = field(default_factory=dict)
    ends: dict[TaskId, End] = field(default_factory=dict)
    timers: dict[TimerId, Millis | None] = field(default_factory=dict)
    outcome: Outcome | None = None
    redrivable: Checkpoint | None = None
    size_bytes: int = 0
    work: int = 0
    begun: dict[TaskId, StartTask] = field(default_factory=dict)
    """Tasks that were started although these steps are not written (``unwritten``)."""
    _written: Mapping[PartId, Part] = field(init=False)

    def __post_init__(self) -> None:
        self._written = {} if self.checkpoint is None else self.checkpoint.parts

    @property
    def more(self) -> bool:
        """Whether the last step, perhaps one of an earlier write, stopped at its bound."""
        return self.checkpoint is not None and self.checkpoint.unfinished_step

    @property
    def empty(self) -> bool:
        return not (self.changed or self.events or self.visits or self.outcome)

    @property
    def full(self) -> bool:
        return (
            self.size_bytes >= LARGEST_EVENTS_BYTES
            or len(self.events) >= LARGEST_EVENTS_COUNT
            or self.child_histories.size_bytes >= LARGEST_EVENTS_BYTES * MOST_OF_CHILDREN
            or len(self.child_histories) >= LARGEST_EVENTS_COUNT * MOST_OF_CHILDREN
            or self.work >= MOST_WORK
        )

    def add(self, step: Step, signal: Signal | None, *, children: bool = True) -> None:
        """Fold in a step; ``signal`` is what it responded to, None for the start. ``children``: whether the journal keeps what it
        says of child executions."""
        self.checkpoint, parts = step.checkpoint, step.checkpoint.parts
        self.changed |= step.changed
        self.changed -= {part for part in step.changed if part not in parts and part not in self._written}
        self.events += step.events
        self.size_bytes += sum(map(_size, step.events))
        self.work += step.work
        for visit in step.visits:
            known = self.visits.get(visit.id)
            self.visits[visit.id] = visit if known is None else visit.after(known)
        if children and step.child_events:
            self._add_children(step)
        if isinstance(signal, TaskSucceeded | TaskFailed) and not _is_empty(step):
            self.ends[signal.task] = Release(signal.task)
        for command in step.commands:
            if isinstance(command, StartTask):
                self.starts[command.task] = command
            elif isinstance(command, CancelTask):
                started = self.starts.pop(command.task, None)
                if started is None or started.runs:
                    self.ends[command.task] = Cancel(command)
            elif isinstance(command, SetTimer):
                self.timers[command.timer] = command.due
            elif isinstance(command, CancelTimer):
                self.timers[command.timer] = None
        for run in step.map_runs:
            self.map_runs[run.arn] = run
        self.outcome, self.redrivable = step.outcome, step.redrivable

    def _add_children(self, step: Step) -> None:
        self.child_histories.add(step.child_events)
        self.children.update((child.name, child) for child in step.children)

    def acted(self) -> None:
        """What follows from these steps is under way; they are written with later ones."""
        self.begun |= self.starts
        self.starts, self.ends, self.timers = {}, {}, {}

    @property
    def stops(self) -> list[CancelTask]:
        """Tasks that may be running and must be stopped."""
        return [end.task for end in self.ends.values() if isinstance(end, Cancel)]

    def encoded_parts(self, *, whole: bool = False) -> dict[PartId, checkpoints.EncodedPart | None]:
        """The parts that changed; ``whole``: all parts."""
        assert self.checkpoint is not None
        parts = self.checkpoint.parts
        wanted = sorted(parts if whole else self.changed)
        return {part: checkpoints.encode(parts[part]) if part in parts else None for part in wanted}


def _is_empty(step: Step) -> bool:
    return not (step.events or step.changed or step.commands or step.outcome)


def _size(event: HistoryEvent) -> int:
    """The approximate size of an event when written."""
    size = history.EVENT_BYTES
    for details in event.values():
        if type(details) is dict:
            for text in history.texts(details):
                size += _stored_bytes(text)
    return size


def _stored_bytes(text: str) -> int:
    """The size of a payload in the store: it is a text within the text of its event, so a quote becomes four
    bytes; and the API server writes each of ``<``, ``>`` and ``&`` as six."""
    if len(text) <= _SHORT:
        return len(text)
    size = len(text) if text.isascii() else len(text.encode())
    return size + 3 * (text.count('"') + text.count("\\")) + 5 * sum(map(text.count, "<>&"))
