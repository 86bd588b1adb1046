"""What can happen to an execution. Time and randomness enter the language here and nowhere else."""

from __future__ import annotations

from typing import NewType, TypeAlias

from msgspec import Struct

from stepwright.asl.json_types import Json, JsonText

Millis = NewType("Millis", int)
"""A moment: milliseconds since 1970-01-01T00:00:00Z, the resolution of AWS's timestamps."""

TaskId = NewType("TaskId", int)
"""The id of the TaskScheduled event. With the execution's uid it is the task's name; it never repeats."""

TimerId = NewType("TimerId", str)
"""Names an open timer of an execution: its kind and what it belongs to (``wait:0``, ``timeout:17``)."""


class TaskStarted(Struct, frozen=True):
    """The driver has handed the task to what runs it. Gives AWS's TaskStarted event."""

    task: TaskId
    worker: str | None = None
    """Who took it, where it is an activity."""
    counts: bool = False
    """Time-outs count from now: it is recorded at once."""


class TaskSubmitted(Struct, frozen=True):
    """What runs the task has accepted it (the Job exists); ``output`` says what is known about it ({jobName,
    jobUid}).

    Gives AWS's TaskSubmitted event and is remembered with the open task, so that a driver can tell after a restart
    whether it has been submitted before.
    """

    task: TaskId
    output: Json
    at_once: bool = False
    """Nothing else shows that the work was asked for, or where it is: it is recorded at once, so that it is not asked for twice."""


class TaskSucceeded(Struct, frozen=True):
    task: TaskId
    output: Json
    text: JsonText | None = None  # the output as text where it is at hand, so that it is not written again


class TaskFailed(Struct, frozen=True):
    """``error`` States.Timeout or States.HeartbeatTimeout gives TaskTimedOut, all others TaskFailed."""

    task: TaskId
    error: str | None
    cause: str | None


class TimerFired(Struct, frozen=True):
    timer: TimerId


class Stop(Struct, frozen=True):
    """StopExecution: the execution ends ABORTED, as soon as its Map Runs have left what they have, or ``at_once``."""

    error: str | None = None
    cause: str | None = None
    at_once: bool = False


class Break(Struct, frozen=True):
    """The execution cannot continue for a reason outside its definition (its state is too large to be
    recorded).

    It ends FAILED with this error and cause; nothing can catch it.
    """

    error: str
    cause: str


class ShardCounts(Struct, frozen=True):
    """How far a shard of a distributed Map has come."""

    started: int = 0
    """Items in child executions that have been started; those that have ended, and those that failed, are among them."""
    finished: int = 0
    failed: int = 0
    children: int = 0
    """Child executions that have been started, that have ended, and that failed."""
    children_ended: int = 0
    children_failed: int = 0


class ShardProgress(Struct, frozen=True):
    """A shard that goes on reports how far it has come. Its end is reported as any task's: TaskSucceeded or TaskFailed."""

    task: TaskId
    counts: ShardCounts
    at_once: bool = False
    """More has failed in it than its Map knows of: it is recorded at once."""


class ShardBounds(Struct, frozen=True):
    """A shard hears from its Map of other bounds: how many child executions it may run at once, and how many of its items may
    fail. With a limit of 0 it begins none until it is given another."""

    limit: int
    tolerated: int


class UpdateMapRun(Struct, frozen=True):
    """UpdateMapRun: other bounds for a Map Run that is under way; None: as they are."""

    arn: str
    max_concurrency: int | None = None
    tolerated_failure_count: int | None = None
    tolerated_failure_percentage: float | None = None


MapBounds: TypeAlias = UpdateMapRun | ShardBounds


class RedriveFrom(Struct, frozen=True):
    """Where a redriven execution goes on, if not where it failed: on entering a state that is not in a branch or an iteration.
    AWS has no such redrive."""

    state: str
    input: JsonText | None = None
    """None: what the state had as its input in which the execution ended."""


class Continue(Struct, frozen=True):
    """Continue where the last step stopped at its bound (``Step.more``)."""


Signal: TypeAlias = (
    TaskStarted
    | TaskSubmitted
    | TaskSucceeded
    | TaskFailed
    | TimerFired
    | Stop
    | Break
    | ShardProgress
    | ShardBounds
    | UpdateMapRun
    | Continue
)
"""A signal for something no longer open (a task cancelled meanwhile, a second result) gives an empty step."""


class Moment(Struct, frozen=True):
    """When a signal is processed, and the seed of all randomness of that step (jitter, States.UUID,
    MathRandom)."""

    now: Millis
    seed: int
