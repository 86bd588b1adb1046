"""A checkpoint that a step changes. It copies a part when the step first touches it, so the checkpoint that it was made from
stays as it was, and untouched parts are shared.
"""

from __future__ import annotations

from collections.abc import Mapping

from stepwright.asl.checkpoint.checkpoint import Checkpoint
from stepwright.asl.checkpoint.parts import (
    HEAD,
    ROOT,
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
    kept_source_id,
    results_id,
    source_id,
)


class WorkingCopy:
    __slots__ = ("_changed", "_frozen", "_original", "head", "parts")

    def __init__(self, checkpoint: Checkpoint, *, new: bool = False) -> None:
        """``new``: nothing of it has been written yet, and nobody else has it."""
        self._original: Mapping[PartId, Part] = {} if new else checkpoint.parts
        self._changed: set[PartId] = set(checkpoint.parts) if new else {HEAD}
        self.parts: dict[PartId, Part] = dict(checkpoint.parts)
        self.head: Head = checkpoint.head if new else checkpoint.head.copy()
        self.parts[HEAD] = self.head
        self._frozen: dict[PartId, Part] | None = None

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

    def is_left(self, branch: Branch) -> bool:
        """Whether the branch is in a Map Run that is leaving what it has: nothing of it is open."""
        while branch.parent is not None:
            fork, outer = self.peek_fork(branch.parent), self.peek(branch.parent)
            assert fork is not None
            assert outer is not None
            if fork.run is not None and fork.run.leaving is not None:
                return True
            branch = outer
        return False

    @property
    def is_shard(self) -> bool:
        """Whether this is the checkpoint of a shard, whose root is in its Map's state."""
        fork = self.peek_fork(ROOT)
        return fork is not None and fork.run is not None and fork.run.is_shard

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
        if kept_source_id(fork.branch) in self.parts:
            self.drop(kept_source_id(fork.branch))
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
        """The failure has been handled: stop keeping the parts."""
        self._frozen = None

    def revert(self, child_events: Mapping[int, int]) -> None:
        """Go back to the parts that were kept, and stop keeping them; ``child_events`` as in ``redrivable``. The head stays
        as it is, and whoever holds a branch or a fork has to ask for it again."""
        kept = self.redrivable(child_events)
        assert kept is not None
        self._frozen = None
        for name in [name for name in self.parts if name not in kept.parts]:
            self.drop(name)
        for name, part in kept.parts.items():
            if part is not self.parts.get(name):
                self.put(name, part.copy() if isinstance(part, Branch | Fork) else part)

    def live_parts(self) -> list[PartId]:
        """All parts that do not outlive the execution."""
        return [name for name in self.parts if name not in (START, HEAD)]

    def open_branches(self) -> list[Branch]:
        """Every branch, to change; the oldest first, whatever order a store has given the parts back in."""
        numbers = sorted(part.number for part in self.parts.values() if type(part) is Branch)
        return [branch for number in numbers if (branch := self.branch(number)) is not None]

    def new_branch_number(self) -> int:
        number = self.head.next_branch
        self.head.next_branch = number + 1
        return number

    def differing(self, *, has_events: bool) -> frozenset[PartId]:
        """The parts that were touched and now differ, are gone or are new."""
        parts, original = self.parts, self._original
        found: list[PartId] = []
        for name in self._changed:
            # The head counts events. As below, looking at them is quicker than comparing everything in it.
            if name is HEAD and has_events:
                found.append(name)
                continue
            part, before = parts.get(name), original.get(name)
            if (
                type(part) is Branch and type(before) is Branch and part.previous != before.previous
            ) or part != before:
                found.append(name)
        return frozenset(found)

    def frozen_fork(self, number: int) -> Fork | None:
        """The fork as a redrive would find it; None if nothing has failed, or if the fork was not there yet."""
        part = None if self._frozen is None else self._frozen.get(fork_id(number))
        return part if isinstance(part, Fork) else None

    def frozen_parts(self) -> Mapping[PartId, Part]:
        """The parts as a redrive would find them."""
        assert self._frozen is not None
        return self._frozen

    def redrivable(self, child_events: Mapping[int, int]) -> Checkpoint | None:
        """What a redrive goes on from, if parts were kept. Child executions ended with the execution and recorded events at
        their end, so their counts of events are brought up to date: ``child_events``, by the number of their root."""
        parts = self._frozen
        if parts is None:
            return None
        parts[HEAD] = self.head
        for number, events in child_events.items():
            root = parts.get(branch_id(number))
            if isinstance(root, Branch):
                parts[branch_id(number)] = root = root.copy()
                root.events = events
        return Checkpoint(parts)
