"""A step in the making: what it will say, beside the checkpoint that it changes. These two are the only mutable things in the
language core.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from random import Random
from typing import Any, Final

from stepwright.asl.checkpoint import visits
from stepwright.asl.checkpoint.checkpoint import Checkpoint
from stepwright.asl.checkpoint.parts import NOTHING_BEGUN, OWN_TASKS, ROOT, Branch
from stepwright.asl.interpreter import history
from stepwright.asl.interpreter.children import Children
from stepwright.asl.interpreter.working_copy import WorkingCopy
from stepwright.asl.json_types import Json
from stepwright.asl.limits import Limits
from stepwright.asl.machine import Machine, Map, State
from stepwright.asl.meter import Meter
from stepwright.asl.signals import Millis, Moment, TaskId
from stepwright.asl.step import (
    ChildEvent,
    Command,
    HistoryEvent,
    Outcome,
    Step,
    Try,
    Visit,
    VisitOutcome,
)
from stepwright.asl.task_token import TokenOf, unsealed
from stepwright.asl.text import timestamps
from stepwright.asl.unusable import Unusable, known_later

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
        "_children",
        "_random",
        "_room",
        "_seed",
        "_tries",
        "checkpoint",
        "commands",
        "constants",
        "context_object",
        "events",
        "head",
        "limits",
        "machine",
        "meter",
        "now",
        "outcome",
        "parts",
        "ready",
        "size",
        "timestamp",
        "token",
        "unusable",
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
        unusable: Unusable = known_later,
    ) -> None:
        """``new``: nothing of the checkpoint has been written yet. ``patience``: what the step may cost before it raises
        ``meter.TakesLong``; None: there is no limit."""
        self.machine: Final = machine
        self.limits: Final = limits
        self.token: Final = token
        self.unusable: Final = unusable
        self.now: Final[Millis] = moment.now
        self.timestamp: Final = timestamps.text(moment.now)
        self._seed = moment.seed
        self._random: Random | None = None
        self.checkpoint: Final = WorkingCopy(checkpoint, new=new)
        self.parts: Final = self.checkpoint.parts
        self.head: Final = self.checkpoint.head
        self.ready: deque[int] = deque(self.head.ready)
        self.events: list[HistoryEvent] = []
        self.commands: list[Command] = []
        self.visits: dict[int, Visit] = {}
        self._tries: dict[int, tuple[Try, ...]] = {}
        self._children: Children | None = None
        self.outcome: Outcome | None = None
        self.size = 0
        """Of all texts in the events, in bytes."""
        self.meter = Meter(limits.work_per_state, patience, limits.work_per_step)
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

    @property
    def children(self) -> Children:
        if self._children is None:
            self._children = Children()
        return self._children

    @property
    def events_recorded(self) -> int:
        """How many events the step has recorded in all histories."""
        return len(self.events) + (0 if self._children is None else len(self._children.events))

    def thaw(self) -> None:
        """A failure has been handled: stop keeping the parts, unless it ended the execution."""
        if self.outcome is None:
            self.checkpoint.thaw()

    def revert(self) -> None:
        """Go back to what was there when something failed. What has been recorded since stays so."""
        self.checkpoint.revert(self.children.counts)

    def state(self, branch: Branch) -> State:
        return self.machine.scopes[branch.scope].states[branch.state]

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
        self,
        branch: Branch,
        kind: str,
        previous: int,
        field: str | None = None,
        details: Any = None,
        size: int | None = None,
    ) -> int:
        """Write an event into the history that the branch belongs to, which is the execution's own or a child's.
        ``field`` is the name of the field that holds its ``details``. ``size``: ``history.size_bytes(details)``, where it is
        known without looking through them. Returns its id."""
        if branch.child is not None:
            return self._record_of_child(branch.child, branch, kind, previous, field, details, size)
        head = self.head
        number = head.last_event_id + 1
        if number > self._room:
            raise HistoryFull
        head.last_event_id = number
        event = {"timestamp": self.timestamp, "type": kind, "id": number, "previousEventId": previous}
        if field is not None:
            event[field] = details
            self.size += history.size_bytes(details) if size is None else size
        self.events.append(event)
        return number

    def record_end(self, kind: str, previous: int, field: str, details: Any, size: int | None = None) -> int:
        """The last event of an execution, for which there is always room. ``size``: as in ``record``."""
        number = self.head.last_event_id = self.head.last_event_id + 1
        event = {"timestamp": self.timestamp, "type": kind, "id": number, "previousEventId": previous}
        event[field] = details
        self.size += history.size_bytes(details) if size is None else size
        self.events.append(event)
        return number

    def _record_of_child(
        self,
        number: int,
        branch: Branch,
        kind: str,
        previous: int,
        field: str | None,
        details: Any,
        size: int | None,
    ) -> int:
        root = branch if branch.number == number else self.checkpoint.branch(number)
        assert root is not None
        if root.events >= self._room and kind not in _HAVE_ROOM:
            raise HistoryFull(None if self._room == 0 else number)
        self.head.child_events += 1
        root.events += 1
        children = self.children
        children.counts[number] = root.events
        event = {"timestamp": self.timestamp, "type": kind, "id": root.events, "previousEventId": previous}
        if field is not None:
            event[field] = details
            if size is None:
                size = history.size_bytes(details)
            self.size += size
            children.size += size
        children.events.append(ChildEvent(self.checkpoint.child(number).name, event))
        return root.events

    def recorded(self, branch: Branch, id: int) -> HistoryEvent | None:
        """An event of the branch's history that this step has written."""
        if branch.child is None:
            return next((event for event in reversed(self.events) if event["id"] == id), None)
        return self.children.recorded(self.checkpoint.child(branch.child).name, id)

    def visit(
        self, branch: Branch, state: State, outcome: VisitOutcome | None = None, error: str | None = None
    ) -> None:
        """Report to people how the branch's visit of its state stands now. That of a shard's root is its Map's."""
        if branch.child is not None and not self.limits.tells_visits_of_children:
            return
        if branch.number == ROOT and type(state) is Map and self.checkpoint.is_shard:
            return
        around: Branch | None = None
        if branch.parent is not None and branch.child != branch.number:
            around = self.checkpoint.peek(branch.parent)
        self.visits[branch.visit] = visits.of_branch(
            branch,
            state,
            around,
            outcome,
            None if outcome is None else self.now,
            error,
            self._tries.get(branch.visit, ()) if self._tries else (),
            None if branch.child is None else self.checkpoint.child(branch.child).name,
        )

    def tried(self, branch: Branch, error: str | None) -> None:
        """The work of the branch's state has failed; ``visit`` reports it."""
        failed = Try(branch.tries, branch.begun_at or branch.entered_at, self.now, error)
        self._tries[branch.visit] = (*self._tries.get(branch.visit, ()), failed)
        branch.tries += 1
        branch.begun_at = NOTHING_BEGUN

    def is_spent(self) -> bool:
        """Whether the step has done its share of work."""
        return self.meter.left <= self.meter.full_at

    def pay_for_text(self, characters: int) -> None:
        """Count the work for a value that was read from JSON or written as JSON."""
        self.meter.left -= characters // _CHARACTERS_PER_UNIT

    def finish(self) -> Step:
        if self.outcome is not None:
            self.ready.clear()
        self.head.ready = tuple(self.ready)
        children, redrivable = self._children, None
        if self.outcome is not None and self.outcome.status != "SUCCEEDED":
            redrivable = self.checkpoint.redrivable({} if children is None else children.counts)
        of_its_own = self.size if children is None else self.size - children.size
        self.head.history_bytes += of_its_own + history.EVENT_BYTES * len(self.events)
        return Step(
            checkpoint=Checkpoint(self.parts),
            changed=self.checkpoint.differing(has_events=bool(self.events)),
            events=self.events,
            commands=self.commands,
            visits=list(self.visits.values()),
            child_events=[] if children is None else children.events,
            children=[] if children is None else list(children.executions.values()),
            map_runs=[] if children is None else list(children.map_runs.values()),
            more=bool(self.ready),
            work=self.meter.spent,
            outcome=self.outcome,
            redrivable=redrivable,
        )
