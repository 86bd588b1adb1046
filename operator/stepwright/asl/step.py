"""The result of a step: what changed, what is recorded, what has to be done."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from stepwright.asl.checkpoint.parts import CameFrom, Checkpoint, PartId
from stepwright.asl.json_types import Json, JsonText, Pointer
from stepwright.asl.resource import Resource
from stepwright.asl.signals import Millis, TaskId, TimerId

HistoryEvent: TypeAlias = dict[str, Any]
"""One of AWS's history events exactly as GetExecutionHistory shapes it (``id``, ``previousEventId``, ``type``,
``timestamp`` and its ``...EventDetails``), except that ``timestamp`` is RFC 3339 text in UTC with milliseconds.
``input``, ``output`` and ``parameters`` are JSON texts, as AWS records them."""

Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]


class StartTask(Struct, frozen=True):
    """Run a task. Everything a driver needs; also what ``open_tasks`` gives for a task found in a checkpoint."""

    task: TaskId
    resource: Resource
    parameters: Json
    """Parameters or Arguments evaluated; without them the state's effective input."""
    has_parameters: bool
    input: Json
    """The state's input after InputPath."""
    state: str
    pointer: str
    """JSON pointer of the state in the definition."""
    path: str
    """Where in the execution, for people: ``Ship``, ``Orders[3]/Ship``, ``Both[0]/Check``."""
    attempt: int
    """0 for the first run of this visit of the state, 1 for the first retry."""
    scheduled: Millis
    timeout_seconds: int | None
    heartbeat_seconds: int | None
    credentials: Json = None
    submitted: Json = None
    """The output of TaskSubmitted, once there is one."""
    runs: bool = False
    """It was started before: only its parameters have changed."""


class CancelTask(Struct, frozen=True):
    """Stop a task that is no longer wanted. Everything a driver needs; also what ``kept_stops`` gives for one that a
    journal has kept."""

    task: TaskId
    resource: Resource
    submitted: Json = None
    """The output of TaskSubmitted, if there was one."""
    scheduled: Millis | None = None
    """When it was; None in what an earlier version has kept."""
    parameters: Json = None
    """What a task that waits for the end of what it begins was started with, as long as nobody knows what that is."""
    credentials: Json = None
    """As whom a task has begun what it waits for, if its state says so."""


class SetTimer(Struct, frozen=True):
    timer: TimerId
    due: Millis


class CancelTimer(Struct, frozen=True):
    timer: TimerId


Command: TypeAlias = StartTask | CancelTask | SetTimer | CancelTimer


class Outcome(Struct, frozen=True):
    """How an execution ended."""

    status: Literal["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
    output: JsonText | None = None
    error: str | None = None
    cause: str | None = None


VisitOutcome: TypeAlias = Literal["Succeeded", "Failed", "Caught", "Aborted", "TimedOut"]


class Try(Struct, frozen=True, gc=False, array_like=True):
    """Work of a Task, Map or Parallel state that has failed."""

    number: int
    """0 for the first of the visit; a redrive goes on counting."""
    begun: Millis
    ended: Millis
    error: str | None


class Visit(Struct, frozen=True, gc=False, array_like=True):
    """One visit of a state as people read it in ``status.transitions``; a projection of the events. Stores keep it as JSON, an
    array of its fields: new ones come last.

    A visit appears in a step when the state was entered (``outcome`` None), and again, with the same ``id``, when
    something about it changed: it ended, it is being retried (``attempts``), or a redrive goes on with it.
    """

    id: int
    """Id of the state-entered event; once there were child executions, whose events have ids of their own, the number
    of that event among all."""
    path: str
    state: str
    type: str
    started: Millis
    attempts: int = 1
    outcome: VisitOutcome | None = None
    ended: Millis | None = None
    error: str | None = None
    task: TaskId | None = None
    """The newest task of the visit, if it is one of a Task state."""
    pointer: Pointer = Pointer("")
    """JSON pointer of the state in the definition."""
    came_from: CameFrom | None = None
    """None: nobody knows any more."""
    within: int | None = None
    index: int | None = None
    """The visit of the Map or Parallel state that it is in, and in which of its iterations or branches."""
    begun: Millis | None = None
    """When the newest try began; None: it is among ``tries``."""
    tries: tuple[Try, ...] = ()
    """In a step, those that have failed in it; wherever visits are kept, all that are kept."""
    child: str | None = None
    """The name of the child execution whose visit it is."""

    def after(self, earlier: Visit) -> Visit:
        """This report with the tries of an earlier one, which are not reported again."""
        return replace(self, tries=(*earlier.tries, *self.tries)) if earlier.tries else self


class ChildEvent(Struct, frozen=True):
    """An event of the history of a child execution; ids begin with 1 in each."""

    child: str
    event: HistoryEvent


class ChildExecution(Struct, frozen=True):
    """The state of a child execution of a distributed Map: reported when it begins, and again when it has
    ended."""

    name: str
    """A UUID: no two child executions share one. Its ARN follows from that of the Map Run."""
    map_run_arn: str
    status: Status
    started: Millis
    input: JsonText
    items: int
    stopped: Millis | None = None
    output: JsonText | None = None
    error: str | None = None
    cause: str | None = None
    redrives: int = 0
    redriven: Millis | None = None


class Counts(Struct, frozen=True):
    """Of items or of child executions. Those that wait and those not listed make up the rest of ``total``."""

    total: int
    running: int
    succeeded: int
    failed: int
    aborted: int = 0
    not_redrivable: int = 0
    """Of those that failed: how many a redrive does not begin again."""


class MapRunStatus(Struct, frozen=True):
    """The state of a Map Run; reported with every step that changes it."""

    arn: str
    execution_arn: str
    """Of the execution whose Map it is: this one, or a child execution of it."""
    state_machine_arn: str
    status: Literal["RUNNING", "SUCCEEDED", "FAILED", "ABORTED"]
    started: Millis
    stopped: Millis | None
    max_concurrency: int
    tolerated_failure_count: int | None
    tolerated_failure_percentage: float | None
    items: Counts
    executions: Counts
    path: str = ""
    """Where in the execution its Map state is, for people; empty if it is in a child execution."""
    redrives: int = 0
    redriven: Millis | None = None


class Step(Struct, frozen=True):
    """What one signal did.

    ``changed`` names the parts of the checkpoint that differ from the one given (written, or gone when no longer in
    ``checkpoint.parts``), so a journal writes only those. ``more``: the step stopped at its bound; resume with
    ``Continue`` after what it says has been committed. With an ``outcome`` the checkpoint has no open task or
    timer. ``redrivable``: if the execution has ended without success, what ``interpreter.redrive`` continues
    from.
    """

    checkpoint: Checkpoint
    changed: frozenset[PartId] = frozenset()
    events: list[HistoryEvent] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    child_events: list[ChildEvent] = field(default_factory=list)
    children: list[ChildExecution] = field(default_factory=list)
    map_runs: list[MapRunStatus] = field(default_factory=list)
    more: bool = False
    outcome: Outcome | None = None
    redrivable: Checkpoint | None = None
    work: int = 0
    """What it cost, in units of ``meter``: about microseconds."""
