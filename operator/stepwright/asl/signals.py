"""What can happen to an execution. Time and randomness enter the language here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType, TypeAlias

from stepwright.asl.json_types import Json, JsonText

Millis = NewType("Millis", int)
"""A moment: milliseconds since 1970-01-01T00:00:00Z, the resolution of AWS's timestamps."""

TaskId = NewType("TaskId", int)
"""The id of the TaskScheduled event. With the execution's uid it is the task's token; it never repeats."""

TimerId = NewType("TimerId", str)
"""Names an open timer of an execution: its kind and what it belongs to (``wait:0``, ``timeout:17``)."""


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """The driver has handed the task to what runs it. Gives AWS's TaskStarted event."""

    task: TaskId
    worker: str | None = None
    """Who took it, where it is an activity."""


@dataclass(frozen=True, slots=True)
class TaskSubmitted:
    """What runs the task has accepted it (the Job exists); ``output`` says what is known of it ({jobName, jobUid}).

    Gives AWS's TaskSubmitted event and is remembered with the open task, so that a driver can tell after a restart
    whether it has been submitted before.
    """

    task: TaskId
    output: Json


@dataclass(frozen=True, slots=True)
class TaskSucceeded:
    task: TaskId
    output: Json
    text: JsonText | None = None  # the output as text where it is at hand, so that it is not written again


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """``error`` States.Timeout or States.HeartbeatTimeout gives TaskTimedOut, all others TaskFailed."""

    task: TaskId
    error: str | None
    cause: str | None


@dataclass(frozen=True, slots=True)
class TimerFired:
    timer: TimerId


@dataclass(frozen=True, slots=True)
class Stop:
    """StopExecution: the execution ends ABORTED."""

    error: str | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """The execution cannot go on for a reason outside its definition (its state is too large to be recorded).

    It ends FAILED with this error and cause; nothing can catch it.
    """

    error: str
    cause: str


@dataclass(frozen=True, slots=True)
class Continue:
    """Go on where the last step stopped at its bound (``Step.more``)."""


Signal: TypeAlias = (
    TaskStarted | TaskSubmitted | TaskSucceeded | TaskFailed | TimerFired | Stop | Break | Continue
)
"""A signal for something no longer open (a task cancelled meanwhile, a second result) gives an empty step."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a signal is taken in, and the seed of all randomness of that step (jitter, States.UUID, MathRandom)."""

    now: Millis
    seed: int
