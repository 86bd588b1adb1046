"""The parts of a checkpoint, and the checkpoint as a whole: plain data, of which each part is written separately.

A part is never changed once it belongs to a checkpoint: a step copies what it touches (``stepwright.asl.interpreter.draft``).
What changes often is kept apart from what is large: the progress of a Map is not in the part that holds its input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, Literal, NewType, TypeAlias

from msgspec import Struct
from msgspec import field as struct_field

from stepwright.asl.checkpoint import versions
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.signals import Millis, ShardCounts, TaskId, TimerId
from stepwright.asl.text.payload import Payload

PartId = NewType("PartId", str)

EncodedPart: TypeAlias = dict[str, Any]

_EPOCH: Final = Millis(0)

CHUNK_CHARACTERS: Final = 8 * 1024
"""Up to this size the newest results of a Map are written again with each result that is added. Then they become one text,
long enough for a journal to keep it elsewhere, so that a checkpoint does not grow with the items that are done."""

ITEMS_CHARACTERS: Final = 256 * 1024
"""Longer items of a Map are several texts, so that a journal can keep each of them elsewhere."""

OWN_TASKS: Final = 2 * 10**12
"""Tasks of the engine's own, which no event of a history records, are numbered from here on."""

NO_VARIABLES: Final[Mapping[str, Payload]] = MappingProxyType({})


class Identity(Struct, frozen=True):
    """Who an execution is; the context object's ``Execution`` and ``StateMachine`` are made from it."""

    uid: str
    """Never repeats, even if a deleted execution is created again under the same name."""
    execution_id: str
    name: str
    role_arn: str
    state_machine_id: str
    state_machine_name: str
    synchronous: bool = False
    """Started by StartSyncExecution, which cannot be redriven: its context object says nothing about
    redrives."""
    version_arn: str | None = None
    alias_arn: str | None = None
    """The version of the state machine that was started and the alias that chose it, if there were any."""


class Start(Struct, frozen=True):
    """What the execution began with. It is written once."""

    identity: Identity
    input: Payload
    started: Millis


class Ending(Struct, frozen=True):
    """How an execution is to end as soon as its Map Runs have left what they have."""

    status: Literal["ABORTED", "TIMED_OUT"]
    error: str | None = None
    cause: str | None = None


@dataclass(slots=True)
class Head:
    """What concerns the whole execution. It changes with nearly every step, and is small for that reason."""

    last_event_id: int = 0
    next_branch: int = 0
    ready: tuple[int, ...] = ()
    """Branches that can go on at once, in order. There are any only if a step stopped at its bound."""
    deadline: Millis | None = None
    """When the whole execution times out."""
    ended: str | None = None
    """SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""
    version: int = versions.FIRST
    flags: tuple[str, ...] = ()
    """Changes in the meaning of definitions that this execution was started with (there are none yet)."""
    child_events: int = 0
    """How many events the histories of child executions have. They do not count in ``last_event_id``."""
    history_bytes: int = 0
    """Roughly how many bytes are in the execution's own history, and what else of the execution stays in the store
    (``Limits.history_bytes``)."""
    redrives: int = 0
    redriven: Millis | None = None
    """How often the execution was redriven, and when it was redriven last."""
    own_tasks: int = 0
    """How many tasks of the engine's own its Maps have started: shards, readers and writers."""
    ending: Ending | None = None

    def needs(self, version: int) -> None:
        """Raise the version to this one (``checkpoint.versions``), unless it is higher already."""
        self.version = max(self.version, version)

    @property
    def ordinal(self) -> int:
        """The number of the newest event in all histories together: it only grows, and never repeats."""
        return self.last_event_id + self.child_events

    def copy(self) -> Head:  # spelled out in all three: copy.copy takes five times as long
        return Head(
            self.last_event_id,
            self.next_branch,
            self.ready,
            self.deadline,
            self.ended,
            self.version,
            self.flags,
            self.child_events,
            self.history_bytes,
            self.redrives,
            self.redriven,
            self.own_tasks,
            self.ending,
        )


Phase = Literal["enter", "begin", "open", "done"]
"""Where a branch stands in its current state. ``enter``: the state is to be entered. ``begin``: it was entered, and its work
is to begin again (Retry). ``open``: its work goes on, which may be a task, a timer or branches of its own. ``done``: the
branch has ended and its part is gone."""


class OpenTask(Struct, frozen=True):
    """A task that was started and has no result yet. If ``parameters`` or ``input`` is None, it is the state's input.

    ``fetched``: somebody has to fetch it, and its time-outs count from that moment (``taken``), not from ``scheduled``.
    """

    id: TaskId
    scheduled: Millis
    parameters: Payload | None = None
    input: Payload | None = None
    timeout_seconds: int | None = None
    heartbeat_seconds: int | None = None
    credentials: Payload | None = None
    started: bool = False
    submitted: Payload | None = None
    fetched: bool = False
    taken: Millis | None = None
    resource: str | None = None
    """What serves it, if that is the engine's own Resource and not the one that its state names."""


class CameFrom(Struct, frozen=True, gc=False, array_like=True):
    """The edge by which a branch has come into its state."""

    visit: int
    """The visit of the state at its beginning: the one before, or that of the Map or Parallel whose branch this is. 0: the
    execution began here."""
    edge: str
    """Where that state says so, as a JSON pointer within it: ``Next``, ``Default``, ``Choices/2/Next``, ``Catch/0/Next``,
    ``Branches/1/StartAt``, ``ItemProcessor/StartAt``; ``StartAt`` of the whole definition."""


BEGINNING: Final = CameFrom(0, "StartAt")

NOTHING_BEGUN: Final = Millis(-1)
"""``Branch.begun_at`` while nothing is being tried."""


class OpenTimer(Struct, frozen=True):
    """What a waiting branch waits for: the end of a Wait state, or of a Retry's delay."""

    id: TimerId
    due: Millis


@dataclass(slots=True)
class Branch:
    """One thread of an execution: the root, a branch of a Parallel, an iteration of a Map."""

    number: int
    scope: Pointer
    state: str
    input: Payload
    previous: int
    """The id of the event that the branch's next event follows (``previousEventId``)."""
    prefix: str = ""
    """What people read before the state's name: ``Orders[3]/``."""
    parent: int | None = None
    index: int = 0
    """Which branch of the Parallel or which item of the Map it is."""
    phase: Phase = "enter"
    entered: int = 0
    """The id of the state-entered event, and its time, both for the current visit."""
    entered_at: Millis = _EPOCH
    retries: tuple[int, ...] = ()
    """How often each entry of Retry has been used in this visit."""
    variables: Mapping[str, Payload] = field(default_factory=lambda: NO_VARIABLES)
    """Those assigned in this scope. Those of outer scopes are in the parents, which cannot change them meanwhile."""
    task: OpenTask | None = None
    timer: OpenTimer | None = None
    last_task: TaskId | None = None
    """The newest task of this visit, open or not."""
    visit: int = 0
    """What identifies the current visit: ``Head.ordinal`` when the state was entered."""
    child: int | None = None
    """The number of the branch at the root of the child execution that this branch belongs to."""
    events: int = 0
    """In such a root, how many events the child execution's history has."""
    came_from: CameFrom | None = None
    """None: an earlier version had it come there."""
    tries: int = 0
    """How often the work of the state has failed in this visit; unlike ``retries``, a redrive leaves it."""
    begun_at: Millis = _EPOCH
    """When the try under way began; 0: with the visit."""
    seen: Mapping[str, Json] | None = field(default=None, compare=False, repr=False)
    """All variables in sight, put together once. This field is not written."""

    @property
    def attempt(self) -> int:
        return sum(self.retries) if self.retries else 0

    @property
    def is_child(self) -> bool:
        """Whether a child execution begins and ends with this branch."""
        return self.child == self.number

    def copy(self) -> Branch:
        return Branch(
            self.number,
            self.scope,
            self.state,
            self.input,
            self.previous,
            self.prefix,
            self.parent,
            self.index,
            self.phase,
            self.entered,
            self.entered_at,
            self.retries,
            self.variables,
            self.task,
            self.timer,
            self.last_task,
            self.visit,
            self.child,
            self.events,
            self.came_from,
            self.tries,
            self.begun_at,
            self.seen,
        )


class Source(Struct, frozen=True):
    """Where a Map that runs in shards reads its items from, piece by piece, and how far it has come."""

    branch: int
    wanted: Payload
    """What is to be read: ``map_data.requests.Reading``."""
    after: Payload | None
    """From where the reader goes on; None: it has come to the end."""
    pieces: tuple[tuple[int, Payload], ...] = ()
    """Those that no shard has yet: of each how many items it has, and what its reader knows it by."""
    is_kept: bool = False
    """For a redrive, while the Map Run is ``Leaving``."""


class Leaving(Struct, frozen=True):
    """A Map Run that does not succeed, while what became of its child executions is left elsewhere. Nothing of it runs any
    more, and a redrive finds it as it was before."""

    error: str | None
    cause: str | None
    """With which it fails when that is done, unless its execution ends."""
    chunks: int
    """How many parts of results there were before. Those that follow hold what had not succeeded by then."""
    children: int = 0
    items: int = 0
    """How many child executions have failed with it, of how many items: a redrive runs them again."""
    width: int = 0
    cursor: int = 0
    reading: bool = False
    """What was known of its items, beside a ``Source`` that is kept. If it runs in shards, all others are listed, too, each
    stretch by a shard that runs none."""
    location: str | None = None
    """The field of the Map whose expression has failed, if one has."""


class MapRun(Struct, frozen=True):
    """What a distributed Map knows in addition to its progress, which counts items: the numbers of its child executions,
    and how it was asked to run them."""

    arn: str
    started: Millis
    max_concurrency: int
    """As it was given; 0 stands for as many as are allowed."""
    batch_items: int | None = None
    batch_bytes: int | None = None
    children: int = 0
    """How many child executions have been started, how many of them have ended, and how many of these failed."""
    ended: int = 0
    failed: int = 0
    redrives: int = 0
    redriven: Millis | None = None
    """How often the run was redriven, and when it was redriven last."""
    shard_items: int | None = None
    """If it runs in shards, how many items each of them has."""
    shards: tuple[int, ...] = ()
    """Which shards are open, by their first items."""
    is_shard: bool = False
    """Whether this is only a shard of the run, in the checkpoint of that shard."""
    ordinal: int = 0
    """How many shards the run has opened; in a shard, how many were opened before it."""
    reading: bool = False
    """Whether there may be more items than those that are known."""
    result_bytes: int = 0
    """How much the results of its shards take, which are kept up to ``Limits.read_bytes``."""
    leaving: Leaving | None = None


@dataclass(slots=True)
class Fork:
    """The progress of a Parallel or Map state. Its items and results are parts of their own."""

    branch: int
    """The number of the branch that is in the state."""
    width: int
    """How many branches or items there are; ``limit`` of them may run at once."""
    limit: int
    previous: int
    """As in a branch. It is kept here so that the branch with its large input need not be written again."""
    cursor: int = 0
    """The first branch or item that has not been started."""
    live: tuple[int, ...] = ()
    """Numbers of the running branches."""
    freed: tuple[int, ...] = ()
    """For each place that is to be filled again, the event after which it became free."""
    finished: int = 0
    failed: int = 0
    chunks: int = 0
    """How many parts of results there are."""
    tolerated_count: int | None = None
    tolerated_percentage: float | None = None
    run: MapRun | None = None
    """For a Map in mode DISTRIBUTED, whose iterations are child executions, each of one item or of a batch."""
    first: int = 0
    """In a shard, which of the Map's items is the shard's first one."""

    def copy(self) -> Fork:
        return Fork(
            self.branch,
            self.width,
            self.limit,
            self.previous,
            self.cursor,
            self.live,
            self.freed,
            self.finished,
            self.failed,
            self.chunks,
            self.tolerated_count,
            self.tolerated_percentage,
            self.run,
            self.first,
        )


class Items(Struct, frozen=True):
    """What a Map iterates over. It is written once."""

    branch: int
    items: Payload


class Child(Struct, frozen=True):
    """A child execution: one iteration of a distributed Map, with an identity, an input and a history of its own. It is
    written once, and again with each redrive."""

    branch: int
    """The number of the branch at its root."""
    name: str
    input: Payload
    started: Millis
    items: int
    """How many items of the Map it works on."""
    redrives: int = 0
    redriven: Millis | None = None
    """How often it was redriven, and when it was redriven last."""


class Shard(Struct, frozen=True):
    """A range of a distributed Map's items that runs as an execution of its own. This is what the Map keeps about it while
    it is open. To the engine it is a task (``resource.MAP_SHARD``)."""

    branch: int
    """The number of the branch that is in the Map state."""
    task: TaskId
    first: int
    count: int
    """Which of the Map's items it begins with, and how many of them it has."""
    limit: int
    """How many child executions it may run at once. 0: none, until others leave it some."""
    tolerated: int
    """How many failed items of its own the Map tolerated when the shard was opened, or was given other bounds. If more fail, the
    shard ends by itself."""
    opened: Millis
    counts: ShardCounts = ShardCounts()
    """The counts that it reported last."""
    redrives: int = 0
    """How often the execution had been redriven when this shard was last started."""
    piece: Payload | None = None
    """What it reads its items by; None: they are among those of its Map."""
    ordinal: int = 0
    """How many shards were opened before it."""
    ends_by: TaskId | None = None
    """The task that has it end and leave what it has."""
    has_left: bool = False
    """Whether that is done. The shard is kept here for a redrive."""

    @property
    def open_task(self) -> TaskId:
        return self.task if self.ends_by is None else self.ends_by

    @property
    def runs_none(self) -> bool:
        """Whether it only lists its items, none of which has begun."""
        return self.ends_by == self.task


class Results(Struct, frozen=True):
    """Outputs of finished branches by index, in order of arrival. Once it is closed, a chunk never changes again."""

    branch: int
    chunk: int
    outputs: tuple[tuple[int, Payload], ...] = ()
    size: int = 0
    """How many characters the outputs take at least when they are one text."""

    @property
    def closed(self) -> bool:
        return self.size >= CHUNK_CHARACTERS


Part: TypeAlias = Start | Head | Branch | Fork | Items | Source | Child | Shard | Results

START: Final = PartId("start")
HEAD: Final = PartId("head")
ROOT: Final = 0

STOPS: Final = "stop/"
"""How the names of parts begin that say which tasks still have to be stopped. These parts are kept beside the checkpoint: the
language knows nothing about them, and the engine writes and reads them (``engine.kept_stops``)."""


# Remembered: such parts are asked for several times in a transition.


@lru_cache(maxsize=1024)
def branch_id(number: int) -> PartId:
    return PartId(f"branch/{number}")


@lru_cache(maxsize=1024)
def fork_id(number: int) -> PartId:
    return PartId(f"fork/{number}")


@lru_cache(maxsize=1024)
def items_id(number: int) -> PartId:
    return PartId(f"items/{number}")


def source_id(number: int) -> PartId:
    return PartId(f"source/{number}")


def kept_source_id(number: int) -> PartId:
    return PartId(f"source/{number}/kept")


@lru_cache(maxsize=1024)
def child_id(number: int) -> PartId:
    return PartId(f"child/{number}")


def shard_id(number: int, first: int) -> PartId:
    return PartId(f"shard/{number}/{first}")


@lru_cache(maxsize=1024)
def results_id(number: int, chunk: int) -> PartId:
    return PartId(f"results/{number}/{chunk}")


def payloads(part: Part) -> Iterator[Payload]:
    """All payloads that the part holds."""
    match part:
        case Start() | Child():
            yield part.input
        case Branch():
            yield part.input
            yield from part.variables.values()
            if part.task is not None:
                task = part.task
                held = (task.parameters, task.input, task.credentials, task.submitted)
                yield from (payload for payload in held if payload is not None)
        case Items():
            yield part.items
        case Source():
            yield part.wanted
            yield from (piece for _, piece in part.pieces)
            if part.after is not None:
                yield part.after
        case Shard():
            if part.piece is not None:
                yield part.piece
        case Results():
            yield from (output for _, output in part.outputs)


def stop_id(task: TaskId) -> PartId:
    return PartId(f"{STOPS}{task}")


def part_id(part: Part) -> PartId:
    match part:
        case Start():
            return START
        case Head():
            return HEAD
        case Branch():
            return branch_id(part.number)
        case Fork():
            return fork_id(part.branch)
        case Items():
            return items_id(part.branch)
        case Source():
            return kept_source_id(part.branch) if part.is_kept else source_id(part.branch)
        case Child():
            return child_id(part.branch)
        case Shard():
            return shard_id(part.branch, part.first)
        case Results():
            return results_id(part.branch, part.chunk)


class Checkpoint(Struct, frozen=True):
    """Where an execution stands after a step. Parts that a step did not touch are shared with the one before."""

    parts: Mapping[PartId, Part] = struct_field(default_factory=dict)

    @property
    def head(self) -> Head:
        head = self.parts[HEAD]
        assert isinstance(head, Head)
        return head

    @property
    def start(self) -> Start:
        start = self.parts[START]
        assert isinstance(start, Start)
        return start

    @property
    def version(self) -> int:
        return self.head.version

    @property
    def flags(self) -> tuple[str, ...]:
        return self.head.flags

    @property
    def identity(self) -> Identity:
        return self.start.identity

    @property
    def last_event_id(self) -> int:
        return self.head.last_event_id

    @property
    def ended(self) -> bool:
        return self.head.ended is not None

    @property
    def unfinished_step(self) -> bool:
        """Whether the last step stopped at its bound; if so, resume with ``Continue``, also after a restart."""
        return bool(self.head.ready)

    def branches(self) -> Iterator[Branch]:
        return (part for part in self.parts.values() if type(part) is Branch)

    def fork(self, number: int) -> Fork | None:
        fork = self.parts.get(fork_id(number))
        assert fork is None or isinstance(fork, Fork)
        return fork
