"""Ends what a failure, a stop or a time-out leaves behind: events, visits, tasks, timers, parts.

For aborted branches AWS records the end of their iterations and of their Task, Wait, Map and Parallel states. All of these
events follow the one that caused the abort. When a whole execution ends, AWS records nothing of the kind.
"""

from __future__ import annotations

from collections.abc import Collection

from stepwright.asl.checkpoint import open_work
from stepwright.asl.checkpoint.parts import Branch, Fork
from stepwright.asl.interpreter import history, map_runs, open_shards
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.machine import Map, Parallel, Task, Wait
from stepwright.asl.step import CancelTimer, VisitOutcome


def cancel(draft: Draft, branch: Branch) -> None:
    """Cancel the open task and timers of a branch."""
    for timer in open_work.timers(branch):
        draft.commands.append(CancelTimer(timer.timer))
    branch.timer = None
    if branch.task is not None:
        state = draft.state(branch)
        assert isinstance(state, Task | Map)
        resource = open_work.resource_of(state, branch.task)
        draft.commands.append(open_work.cancel_task(resource, branch.task))
        branch.task = None


def failed_branch(draft: Draft, branch: Branch, cause: int) -> None:
    """The branch that failed: its visit has been reported already, but AWS also ends the Task state it was in."""
    if isinstance(draft.state(branch), Task):
        draft.record(branch, "TaskStateAborted", cause)


def branches(draft: Draft, fork: Fork, state: Map | Parallel, cause: int) -> None:
    """The running branches of a fork, in order of their start."""
    if fork.run is not None:
        quietly(draft, fork)
        return
    for number in fork.live:
        branch = draft.checkpoint.branch(number)
        assert branch is not None
        if isinstance(state, Map):
            draft.record(
                branch,
                "MapIterationAborted",
                cause,
                "mapIterationAbortedEventDetails",
                history.iteration(state.name, branch.index),
            )
        _branch(draft, branch, cause)


def _branch(draft: Draft, branch: Branch, cause: int) -> None:
    if branch.phase != "enter":
        state = draft.state(branch)
        fork = draft.checkpoint.peek_fork(branch.number)
        if fork is not None:
            assert isinstance(state, Map | Parallel)
            branches(draft, fork, state, cause)
            if fork.run is not None:
                map_runs.tell(draft, fork, "ABORTED")
                draft.record(branch, "MapRunAborted", cause)
            draft.checkpoint.drop_fork(fork)
        if isinstance(state, Task | Wait | Map | Parallel):
            draft.record(branch, f"{type(state).__name__}StateAborted", cause)
        draft.visit(branch, state, "Aborted")
        cancel(draft, branch)
    branch.phase = "done"
    draft.checkpoint.drop_branch(branch)


def quietly(draft: Draft, fork: Fork) -> None:
    """End the running branches and the shards of a fork. No history mentions them, except that the history of a child
    execution says that it was aborted."""
    if fork.run is not None and fork.run.leaving is not None:
        drop(draft, fork)
        return
    open_shards.cancel_all(draft, fork)
    for number in fork.live:
        branch = draft.checkpoint.branch(number)
        assert branch is not None
        inner = draft.checkpoint.peek_fork(number)
        if inner is not None:
            quietly(draft, inner)
            if inner.run is not None:
                map_runs.tell(draft, inner, "ABORTED")
            draft.checkpoint.drop_fork(inner)
        if branch.phase != "enter":
            draft.visit(branch, draft.state(branch), "Aborted")
        cancel(draft, branch)
        if fork.run is not None:
            map_runs.child_aborted(draft, fork, branch)
        branch.phase = "done"
        draft.checkpoint.drop_branch(branch)


def drop(draft: Draft, fork: Fork) -> None:
    """Drop the branches in it. They have been reported and stopped before."""
    for number in fork.live:
        branch = draft.checkpoint.branch(number)
        assert branch is not None
        inner = draft.checkpoint.peek_fork(number)
        if inner is not None:
            drop(draft, inner)
            draft.checkpoint.drop_fork(inner)
        branch.phase = "done"
        draft.checkpoint.drop_branch(branch)


def within(draft: Draft, root: Branch) -> None:
    """Everything that an ending child execution has open, except its root. This looks at all branches, since no part can
    be relied upon to know about the others."""
    inside = {root.number}
    for branch in draft.checkpoint.open_branches():  # parents before what is in them
        if branch.parent in inside:
            inside.add(branch.number)
    open = [branch for branch in draft.checkpoint.open_branches() if branch.number in inside]
    for branch in open:
        _end(draft, branch, "Failed" if branch is root else "Aborted", is_aborted=branch is not root)
    for branch in reversed(open):
        fork = draft.checkpoint.peek_fork(branch.number)
        if fork is not None:
            draft.checkpoint.drop_fork(fork)
        if branch is not root:
            branch.phase = "done"
            draft.checkpoint.drop_branch(branch)


def everything(draft: Draft, outcome: VisitOutcome, but: Collection[int] = ()) -> None:
    """End all branches of an execution that ends; ``outcome`` is what people read about the visits that are still open.
    ``but``: branches in Map states that go on leaving what their runs have."""
    draft.checkpoint.freeze()
    for branch in draft.checkpoint.open_branches():
        if branch.number not in but:
            _end(draft, branch, outcome)


def _end(draft: Draft, branch: Branch, outcome: VisitOutcome, *, is_aborted: bool = True) -> None:
    """Report an open branch that goes no further, while it is still there. ``is_aborted``: whether a child
    execution whose root it is ends as aborted."""
    if draft.checkpoint.is_left(branch):
        return  # which has been reported
    if branch.phase != "enter":
        draft.visit(branch, draft.state(branch), outcome)
    cancel(draft, branch)
    if branch.is_child and is_aborted:
        assert branch.parent is not None
        around = draft.checkpoint.peek_fork(branch.parent)
        assert around is not None
        map_runs.child_aborted(draft, around, branch)
    fork = draft.checkpoint.fork(branch.number)
    if fork is not None and fork.run is not None:
        open_shards.cancel_all(draft, fork)
        map_runs.tell(draft, fork, "ABORTED")
