"""A step in the making: the checkpoint being changed, and what the step will say.

It is the only mutable thing in the language core. It copies a part when the step first touches it, so the checkpoint that
it was made from stays as it was, and untouched parts are shared.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from random import Random
from typing import Any, Final

from stepwright.asl.checkpoint.checkpoint import Checkpoint
from stepwright.asl.checkpoint.parts import (
    HEAD,
    OWN_TASKS,
    START,
    Branch,
    Child,
    Fork,
    Head,
    Items,
    Part,
    PartId,
    Results,
    Source,
    Start,
    branch_id,
    child_id,
    fork_id,
    items_id,
    results_id,
    source_id,
)
from stepwright.asl.interpreter import history
from stepwright.asl.json_types import Json
from stepwright.asl.limits import Limits
from stepwright.asl.machine import Machine, State
from stepwright.asl.meter import Meter
from stepwright.asl.signals import Millis, Moment, TaskId
from stepwright.asl.step import (
    ChildEvent,
    ChildExecution,
    Command,
    HistoryEvent,
    MapRunStatus,
    Outcome,
    Step,
    Visit,
    VisitOutcome,
)
from stepwright.asl.task_token import TokenOf, unsealed
from stepwright.asl.text import timestamps

UNLIMITED: Final = 2**53

_CHARACTERS_PER_UNIT: Final = 256

CHILDREN_TASKS: Final = 10**12
"""Tasks of child executions are numbered from here on; no execution's own history becomes that long."""

_HAVE_ROOM: Final = frozenset(
    {"ExecutionStarted", "ExecutionRedriven", "ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted"}
)
"""There is always room for so many events of a child execution: if it is reported at all, it begins and ends."""


class HistoryFull(Exception):  # noqa: N818 - a condition, not a fault
    """The execution has no room for another event (``Limits.history_events``, ``history_bytes``). If it is one of its child
    executions that has none, since their histories have limits of their own, ``child`` is the number of that one's root."""

    def __init__(self, child: int | None = None) -> None:
        super().__init__()
        self.child = child


class Draft:
    """Made for one signal; ``finish`` turns it into the step."""

    __slots__ = (
        "_changed",
        "_child_events",
        "_children_size",
        "_frozen",
        "_original",
        "_random",
        "_room",
        "_seed",
        "child_events",
        "children",
        "commands",
        "constants",
        "context_object",
        "events",
        "head",
        "limits",
        "machine",
        "map_runs",
        "meter",
        "now",
        "outcome",
        "parts",
        "ready",
        "size",
        "timestamp",
        "token",
        "visits",
    )

    def __init__(
        self,
        machine: Machine,
        checkpoint: Checkpoint,
        moment: Moment,
        limits: Limits,
        *,
        new: bool = False,
        patience: int | None = None,
        token: TokenOf = unsealed,
    ) -> None:
        """``new``: nothing of the checkpoint has been written yet. ``patience``: what the step may cost before it raises
        ``meter.TakesLong``; None: there is no limit."""
        self.machine: Final = machine
        self.limits: Final = limits
        self.token: Final = token
        self.now: Final[Millis] = moment.now
        self.timestamp: Final = timestamps.text(moment.now)
        self._seed = moment.seed
        self._random: Random | None = None
        self._original: Mapping[PartId, Part] = {} if new else checkpoint.parts
        self._changed: set[PartId] = set(checkpoint.parts) if new else {HEAD}
        self.parts: dict[PartId, Part] = dict(checkpoint.parts)
        self.head: Head = checkpoint.head.copy()
        self.parts[HEAD] = self.head
        self.ready: deque[int] = deque(self.head.ready)
        self.events: list[HistoryEvent] = []
        self.commands: list[Command] = []
        self.visits: dict[int, Visit] = {}
        self.child_events: list[ChildEvent] = []
        self.children: dict[str, ChildExecution] = {}
        self.map_runs: dict[str, MapRunStatus] = {}
        self.outcome: Outcome | None = None
        self.size = 0
        """Of all texts in the events, in bytes."""
        self._child_events: dict[int, int] = {}
        """How many events the history of a child execution has got, by the number of its root."""
        self._frozen: dict[PartId, Part] | None = None
        self.meter = Meter(limits.work_per_state, patience, limits.work_per_step)
        self._children_size = 0
        """The part of ``size`` that is in the histories of child executions. If these are not kept, only some of it is
        stored, and whoever stores it counts that."""
        self.constants: dict[int | None, dict[str, Json]] = {}
        """The part of the context object that does not change during an execution, and that of child executions."""
        self.context_object: Mapping[str, Json] | None = None
        """What ``$$`` is, if it is given (TestState) instead of made."""
        self._room = UNLIMITED if limits.history_events is None else limits.history_events - 1
        if limits.history_bytes is not None and self.head.history_bytes >= limits.history_bytes:
            self._room = 0

    @property
    def random(self) -> Random:
        """Seeded only when it is first asked for, because seeding takes longer than many steps do."""
        if self._random is None:
            self._random = Random(self._seed)  # noqa: S311 - jitter and States.UUID: not secrets
        return self._random

    # What an execution consists of.

    @property
    def start(self) -> Start:
        start = self.parts[START]
        assert isinstance(start, Start)
        return start

    def peek(self, number: int) -> Branch | None:
        """A branch to read only."""
        branch = self.parts.get(branch_id(number))
        assert branch is None or isinstance(branch, Branch)
        return branch

    def branch(self, number: int) -> Branch | None:
        """A branch to change; None if it is gone."""
        name = branch_id(number)
        branch = self.parts.get(name)
        if branch is None:
            return None
        assert type(branch) is Branch
        if name not in self._changed:
            branch = branch.copy()
            self.put(name, branch)
        return branch

    def peek_fork(self, number: int) -> Fork | None:
        fork = self.parts.get(fork_id(number))
        assert fork is None or isinstance(fork, Fork)
        return fork

    def fork(self, number: int) -> Fork | None:
        name = fork_id(number)
        fork = self.parts.get(name)
        if fork is None:
            return None
        assert type(fork) is Fork
        if name not in self._changed:
            fork = fork.copy()
            self.put(name, fork)
        return fork

    def items(self, number: int) -> Items | None:
        items = self.parts.get(items_id(number))
        assert items is None or isinstance(items, Items)
        return items

    def source(self, number: int) -> Source | None:
        source = self.parts.get(source_id(number))
        assert source is None or isinstance(source, Source)
        return source

    def child(self, number: int) -> Child:
        """The child execution with this branch at its root."""
        child = self.parts[child_id(number)]
        assert isinstance(child, Child)
        return child

    def results(self, number: int, chunk: int) -> Results | None:
        results = self.parts.get(results_id(number, chunk))
        assert results is None or isinstance(results, Results)
        return results

    def put(self, name: PartId, part: Part) -> None:
        self.parts[name] = part
        self._changed.add(name)

    def drop(self, name: PartId) -> None:
        del self.parts[name]
        self._changed.add(name)

    def drop_branch(self, branch: Branch) -> None:
        self.drop(branch_id(branch.number))
        if branch.is_child:
            self.drop(child_id(branch.number))

    def drop_fork(self, fork: Fork) -> None:
        """The branches of a Parallel or Map state have ended: its progress, items and results go."""
        self.drop_results(fork)
        if self.items(fork.branch) is not None:
            self.drop(items_id(fork.branch))
        if self.source(fork.branch) is not None:
            self.drop(source_id(fork.branch))
        self.drop(fork_id(fork.branch))

    def drop_results(self, fork: Fork) -> None:
        for chunk in range(fork.chunks):
            self.drop(results_id(fork.branch, chunk))

    def freeze(self, *, ends: bool = False) -> bool:
        """Keep the parts as they are now: if the execution ends, with an exception or without, a redrive goes on from
        them. Returns False if they are already kept, because this failure happens while another is handled. ``ends``: the
        execution ends at once, so that none of the parts will be changed any more."""
        if self._frozen is not None:
            return False
        frozen = self._frozen = dict(self.parts)
        for name in () if ends else self._changed:
            part = frozen.get(name)
            if isinstance(part, (Branch, Fork)):
                frozen[name] = part.copy()
        return True

    def thaw(self) -> None:
        """The failure has been handled: stop keeping the parts, unless it ended the execution."""
        if self.outcome is None:
            self._frozen = None

    def live_parts(self) -> list[PartId]:
        """All parts that do not outlive the execution."""
        return [name for name in self.parts if name not in (START, HEAD)]

    def open_branches(self) -> list[Branch]:
        """Every branch, to change; the oldest first, whatever order a store has given the parts back in."""
        numbers = sorted(part.number for part in self.parts.values() if type(part) is Branch)
        return [branch for number in numbers if (branch := self.branch(number)) is not None]

    def state(self, branch: Branch) -> State:
        return self.machine.scopes[branch.scope].states[branch.state]

    def new_branch_number(self) -> int:
        number = self.head.next_branch
        self.head.next_branch = number + 1
        return number

    # What the step says.

    def next_task_id(self, branch: Branch) -> TaskId:
        """Of the task whose scheduling is the next event of the branch's history."""
        if branch.child is None:
            return TaskId(self.head.last_event_id + 1)
        return TaskId(CHILDREN_TASKS + self.head.ordinal + 1)

    def next_own_task_id(self) -> TaskId:
        """Of a shard, reader or writer of a Map."""
        self.head.own_tasks += 1
        return TaskId(OWN_TASKS + self.head.own_tasks)

    def record(
        self, branch: Branch, kind: str, previous: int, field: str | None = None, details: Any = None
    ) -> int:
        """Write an event into the history that the branch belongs to, which is the execution's own or a child's.
        ``field`` is the name of the field that holds its ``details``. Returns its id."""
        if branch.child is not None:
            return self._record_of_child(branch.child, kind, previous, field, details)
        head = self.head
        number = head.last_event_id + 1
        if number > self._room:
            raise HistoryFull
        head.last_event_id = number
        event = {"timestamp": self.timestamp, "type": kind, "id": number, "previousEventId": previous}
        if field is not None:
            event[field] = details
            self.size += history.size_bytes(details)
        self.events.append(event)
        return number

    def record_end(self, kind: str, previous: int, field: str, details: Any) -> int:
        """The last event of an execution, for which there is always room."""
        number = self.head.last_event_id = self.head.last_event_id + 1
        event = {"timestamp": self.timestamp, "type": kind, "id": number, "previousEventId": previous}
        event[field] = details
        self.size += history.size_bytes(details)
        self.events.append(event)
        return number

    def _record_of_child(self, number: int, kind: str, previous: int, field: str | None, details: Any) -> int:
        root = self.branch(number)
        assert root is not None
        if root.events >= self._room and kind not in _HAVE_ROOM:
            raise HistoryFull(None if self._room == 0 else number)
        self.head.child_events += 1
        root.events += 1
        self._child_events[number] = root.events
        event = {"timestamp": self.timestamp, "type": kind, "id": root.events, "previousEventId": previous}
        if field is not None:
            event[field] = details
            size = history.size_bytes(details)
            self.size += size
            self._children_size += size
        self.child_events.append(ChildEvent(self.child(number).name, event))
        return root.events

    def recorded(self, branch: Branch, id: int) -> HistoryEvent | None:
        """An event of the branch's history that this step has written."""
        if branch.child is None:
            return next((event for event in reversed(self.events) if event["id"] == id), None)
        name = self.child(branch.child).name
        events = (written.event for written in reversed(self.child_events) if written.child == name)
        return next((event for event in events if event["id"] == id), None)

    def visit(
        self, branch: Branch, state: State, outcome: VisitOutcome | None = None, error: str | None = None
    ) -> None:
        """Report to people how the branch's visit of its state stands now."""
        self.visits[branch.visit] = Visit(
            id=branch.visit,
            path=branch.prefix + state.name,
            state=state.name,
            type=type(state).__name__,
            started=branch.entered_at,
            attempts=branch.attempt + 1,
            outcome=outcome,
            ended=None if outcome is None else self.now,
            error=error,
            task=branch.last_task,
        )

    def is_spent(self) -> bool:
        """Whether the step has done its share of work."""
        return self.meter.left <= self.meter.full_at

    def pay_for_text(self, characters: int) -> None:
        """Count the work for a value that was read from JSON or written as JSON."""
        self.meter.left -= characters // _CHARACTERS_PER_UNIT

    def _differing(self) -> frozenset[PartId]:
        """The parts that were touched and now differ, are gone or are new."""
        parts, original = self.parts, self._original
        found: list[PartId] = []
        for name in self._changed:
            # The head counts events. As below, looking at them is quicker than comparing everything in it.
            if name is HEAD and self.events:
                found.append(name)
                continue
            part, before = parts.get(name), original.get(name)
            if (
                type(part) is Branch and type(before) is Branch and part.previous != before.previous
            ) or part != before:
                found.append(name)
        return frozenset(found)

    def finish(self) -> Step:
        if self.outcome is not None:
            self.ready.clear()
        self.head.ready = tuple(self.ready)
        self.head.history_bytes += self.size - self._children_size + history.EVENT_BYTES * len(self.events)
        return Step(
            checkpoint=Checkpoint(self.parts),
            changed=self._differing(),
            events=self.events,
            commands=self.commands,
            visits=list(self.visits.values()),
            child_events=self.child_events,
            children=list(self.children.values()) if self.children else [],
            map_runs=list(self.map_runs.values()) if self.map_runs else [],
            more=bool(self.ready),
            work=self.meter.spent,
            outcome=self.outcome,
            redrivable=None if self._frozen is None else self._redrivable(),
        )

    def frozen_fork(self, number: int) -> Fork | None:
        """The fork as a redrive would find it; None if nothing has failed, or if the fork was not there yet."""
        part = None if self._frozen is None else self._frozen.get(fork_id(number))
        return part if isinstance(part, Fork) else None

    def _redrivable(self) -> Checkpoint | None:
        """What a redrive goes on from. Child executions ended with the execution and recorded events at their end, so
        their counts of events are brought up to date."""
        if self.outcome is None or self._frozen is None or self.outcome.status == "SUCCEEDED":
            return None
        parts = self._frozen
        parts[HEAD] = self.head
        for number, events in self._child_events.items():
            root = parts.get(branch_id(number))
            if isinstance(root, Branch):
                parts[branch_id(number)] = root = root.copy()
                root.events = events
        return Checkpoint(parts)
