"""What the engine needs from the world, as protocols. Adapters implement them, and so do simulations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NewType, Protocol, TypeAlias, runtime_checkable

from stepwright.asl.checkpoint.checkpoint import Checkpoint, EncodedPart, Identity, PartId
from stepwright.asl.json_types import JsonText
from stepwright.asl.machine import Machine
from stepwright.asl.resource import Resource
from stepwright.asl.signals import MapBounds, Millis, RedriveFrom, ShardCounts, Signal, TaskId, TimerId
from stepwright.asl.step import (
    CancelTask,
    ChildExecution,
    HistoryEvent,
    MapRunStatus,
    Outcome,
    StartTask,
    Visit,
)
from stepwright.engine.child_histories import ChildHistories

_EPOCH: Final = Millis(0)

Uid = NewType("Uid", str)
"""An execution's uid: the key of everything the engine knows about it."""

TokenIn: TypeAlias = Callable[[str, str, TaskId, Millis], str]
"""``asl.task_token.TokenOf`` for any namespace, which is the first argument."""


@dataclass(frozen=True, slots=True)
class ExecutionRef:
    """An execution as drivers and journals see it. ``settings`` is what the state machine's revision says in
    addition to its definition (service accounts, task defaults); the engine passes it on without reading it.
    ``arn``, ``role_arn``: what tasks are called for and as whom; empty if an execution is only named, for a
    journal to load it."""

    uid: Uid
    namespace: str
    name: str
    state_machine: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    arn: str = ""
    role_arn: str = ""

    @classmethod
    def of(
        cls, identity: Identity, namespace: str, settings: Mapping[str, Any] = MappingProxyType({})
    ) -> ExecutionRef:
        return cls(
            Uid(identity.uid),
            namespace,
            identity.name,
            identity.state_machine_name,
            settings,
            identity.execution_id,
            identity.role_arn,
        )

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class StopRequest:
    error: str | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a journal knows about an execution.

    ``parts`` is empty if nothing was committed yet; then ``input`` starts it. ``ended``: the outcome is
    committed; then only the stops in ``parts`` count. ``settled``: nothing is left to stop. ``stop``: a stop
    was requested. ``latest``: when something was last recorded, as far as the journal knows. ``redriven``:
    when it was requested that an ended execution continue from ``parts``, which are those of
    ``Commit.redrivable`` until the first write afterwards; ``redrive_from``: and where, if not where it
    failed. ``bounds``: those that somebody has asked for, for
    Map Runs under way or for the shard that this is; harmless to hear of again.
    """

    ref: ExecutionRef
    identity: Identity
    machine: Machine
    input: JsonText
    seq: int
    parts: Mapping[PartId, EncodedPart]
    ended: bool = False
    settled: bool = False
    stop: StopRequest | None = None
    latest: Millis = _EPOCH
    redriven: Millis | None = None
    redrive_from: RedriveFrom | None = None
    bounds: Sequence[MapBounds] = ()


@dataclass(frozen=True, slots=True)
class Commit:
    """One conditional write: all of it lands, or nothing. ``expected_seq`` is the seq before it, which
    increases by 1.

    ``commit_id`` never repeats, so that after a time-out the journal can find out whether this very write has
    landed. ``parts``: None = the part is gone; those whose names begin with ``parts.STOPS`` outlive the
    execution until it has settled. ``events`` are appended; ``visits`` update the visits of the same id,
    ``shown`` names what runs their newest task. ``settled`` comes only with an outcome. ``started``: when the
    execution began. ``waiting_until``: only timers are open, and this is when the earliest is due. ``whole``:
    ``parts`` are complete and replace what is stored, which somebody has edited. ``redrivable``: for an
    execution that ends without success, what a redrive continues from; a journal that redrives keeps it in
    place of all parts. ``shard``: of a shard of a distributed Map that goes on, how far it has come
    (``asl.checkpoint.shards``). ``map_runs``, ``children`` and ``child_histories`` report on distributed Maps; a
    journal that has no place for them may drop them, as the checkpoint has everything needed to continue.
    """

    commit_id: str
    expected_seq: int
    now: Millis
    started: Millis
    parts: Mapping[PartId, EncodedPart | None]
    events: Sequence[HistoryEvent] = ()
    visits: Sequence[Visit] = ()
    map_runs: Sequence[MapRunStatus] = ()
    children: Sequence[ChildExecution] = ()
    child_histories: ChildHistories = field(default_factory=ChildHistories)
    shown: Mapping[TaskId, str] = field(default_factory=dict)
    current_states: Sequence[str] = ()
    waiting_until: Millis | None = None
    outcome: Outcome | None = None
    redrivable: Checkpoint | None = None
    shard: ShardCounts | None = None
    settled: bool = False
    whole: bool = False


class JournalError(Exception):
    """A commit or load that did not happen. The subclasses say what to do about it."""


class Unavailable(JournalError):  # noqa: N818 - the subclasses name a condition
    """The store did not answer, or asked to retry later: try the same again."""


class Denied(Unavailable):
    """The store answers but rejects the write, for a reason that somebody can remove: a right that is
    missing, or a quota that is used up (``quota``)."""

    def __init__(self, reason: str, *, quota: bool = False) -> None:
        super().__init__(reason)
        self.quota = quota


class Fenced(JournalError):  # noqa: N818
    """Another writer has advanced the execution: reload, and continue only while holding the lease."""


class Gone(JournalError):  # noqa: N818
    """The execution is deleted (or its namespace is): stop what runs for it and forget it."""


class Elsewhere(JournalError):  # noqa: N818
    """The execution is run by others who do not know of this engine: leave it, and everything that runs for
    it, alone."""


class Refused(JournalError):  # noqa: N818
    """The store will never accept this write (too large, against its schema): fail the execution plainly."""


class Journal(Protocol):
    keeps_children: bool
    """Whether it has a place for what commits say of child executions."""

    async def load(self, ref: ExecutionRef, at_least: int | None = None) -> Loaded:
        """What is stored now; with ``at_least``, any copy with this ``seq`` or a later one will do. Raises
        Unavailable, Gone, Elsewhere, or Refused if what is stored cannot be read."""

    async def is_gone(self, ref: ExecutionRef) -> bool:
        """Whether it is not stored, or no longer. Nothing is taken up by that. Raises Unavailable."""

    async def append(self, ref: ExecutionRef, commit: Commit) -> None:
        """Write on condition of ``expected_seq``; returns once it is durable. A write that timed out is read back
        and counts as done when its own commit id is found. Raises Unavailable, Fenced, Gone, Refused."""

    async def explain(self, ref: ExecutionRef, reason: str, now: Millis) -> None:
        """Tell people why the execution cannot be written, if the journal has a place for that; the next
        commit withdraws it. Raises what ``append`` does."""

    async def settle(self, ref: ExecutionRef, expected_seq: int, commit_id: str) -> None:
        """Record that an ended execution has nothing left to stop; a commit like any other (seq + 1)."""

    def forget(self, ref: ExecutionRef) -> None:
        """The engine is done with this execution: memory kept for it may be freed."""


class TaskDriver(Protocol):
    """Runs tasks of the resources it serves. Results come back through the ``report`` it was made with.

    Drivers are level-triggered: ``start`` is called for every open task whenever it may be missing (after its
    commit, and again after a restart), and does nothing if the task runs already, unless its parameters have
    changed (``StartTask.runs``). The task's own failure is reported as TaskFailed, never raised.
    """

    def serves(self, resource: Resource) -> bool: ...

    async def start(self, ref: ExecutionRef, task: StartTask, *, again: bool) -> None:
        """Make sure that the task runs, once. Raises Unavailable if that could not be determined or done: the
        engine calls again later.

        ``again``: an earlier call may have begun the task, here or in a process that is gone. False only in
        the first call by the engine that has just committed the task's start; nobody else can have begun
        it."""

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        """Stop a task that is no longer wanted. Returns once that is durable; having nothing to do is not an
        error. Raises Unavailable."""

    def keeps_stops(self, resource: Resource) -> bool:
        """Whether only the checkpoint knows about such a task once this process has ended, because ``sweep``
        cannot find what runs it. Then a stop is kept with the checkpoint until it is done, and ``stop`` is
        called again after a crash. Makes no call."""

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        """The task's result is committed: its resources may be released in due course. Raises Unavailable."""

    async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
        """Stop or release everything that runs or ran for this execution beyond ``wanted``. Raises
        Unavailable."""

    def holds(self, uid: Uid) -> bool:
        """Whether anything is known that a sweep of this execution would have to check. Makes no call."""

    def let_go(self, uid: Uid) -> None:
        """Another engine continues the execution: forget its tasks, and leave them as they are. Makes no
        call."""

    def runs_on(self, ref: ExecutionRef, task: TaskId) -> bool:
        """Whether the task was abandoned: its failure is reported, but it may still be running. Then it must
        be stopped, not released. Makes no call."""

    def shown_as(self, ref: ExecutionRef, task: TaskId) -> str | None:
        """The name under which people find what runs the task, if it has one: a Job's name, an execution's ARN."""


@runtime_checkable
class Expires(Protocol):
    """A ``TaskDriver`` whose tasks are answered by other processes, in a place that they share with it: an answer that was
    accepted there counts, even if the task's time is over before it is known here."""

    def is_answered_elsewhere(self, ref: ExecutionRef, task: TaskId) -> bool:
        """Whether it is one of these tasks; True while that is not known. Once it was started, whatever happens to it is reported,
        also while nobody has its execution in memory. Makes no call."""

    async def expire(self, ref: ExecutionRef, task: TaskId, timer: TimerId) -> bool:
        """The task's time is over, or that for its next sign of life. Called after ``start`` and before anything is
        written. True: from now on no answer to it is accepted. False: there is one already, or a sign of life; it is
        reported. Raises Unavailable."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A task is alive. Its heartbeat timer restarts, and nothing is written: a restart of the engine grants a
    whole interval."""

    task: TaskId


Reported: TypeAlias = Signal | Heartbeat

Report = Callable[[Uid, Reported], None]
"""Passes a signal, or a sign of life, from a driver to the engine: never blocks, may be called for executions
that the engine has forgotten. Must be called in the engine's event loop."""


class Clock(Protocol):
    longest_sleep_seconds: float
    """Longer waits are cut into pieces of this length, so that a clock set forward is noticed within it."""

    def now(self) -> Millis: ...

    async def sleep(self, seconds: float) -> None: ...


class Lease(Protocol):
    """The right to advance an execution. Checked before every dispatch."""

    def held(self, uid: Uid) -> bool: ...
