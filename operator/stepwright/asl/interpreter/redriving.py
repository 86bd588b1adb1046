"""Redrive: an execution that ended without success goes on where it failed, with what had succeeded before.

States that did not succeed begin again. A Task state is not entered anew; it gets a new task and all its retries. A Wait
goes on until its time. In a Parallel or a Map only the branches and iterations that had not succeeded go on. A distributed
Map redrives only those of its child executions that were running when it ended, and starts those of type EXPRESS again; failures that it had tolerated before are
part of its results.

Beyond AWS, an execution can be told at which of its states to go on (``RedriveFrom``). It enters that state anew, with the variables
that it had, and nothing stays of what was under way.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html, and recorded histories.
"""

from __future__ import annotations

from stepwright.asl.checkpoint import versions
from stepwright.asl.checkpoint.parts import (
    BEGINNING,
    HEAD,
    NO_VARIABLES,
    ROOT,
    START,
    Branch,
    Fork,
    branch_id,
)
from stepwright.asl.interpreter import abort, history, map_runs, open_shards, stilling
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.machine import Fail, Map, Wait
from stepwright.asl.signals import RedriveFrom
from stepwright.asl.step import SetTimer
from stepwright.asl.text import payload


def reopen(draft: Draft, at: RedriveFrom | None = None) -> None:
    """Record the redrive, and put every branch that can go on by itself on the ready list. ``at``: a
    state of the machine's root."""
    head = draft.head
    ended_by = head.last_event_id
    head.ended = head.ending = None
    head.redrives += 1
    head.redriven = draft.now
    head.needs(versions.REDRIVEN)
    root = draft.checkpoint.branch(ROOT)
    assert root is not None
    event = draft.record(root, "ExecutionRedriven", ended_by, *history.execution_redriven(head.redrives))
    if at is not None:
        _enter(draft, root, at, event)
        return
    redriven: dict[int | None, int] = {None: event}
    """The event in each history, by the number of the child execution's root. Roots come before what is in them."""
    for branch in draft.checkpoint.open_branches():
        if draft.checkpoint.peek(branch.number) is None:
            continue  # it was in a child execution that starts again
        if branch.is_child:
            redriven[branch.child] = map_runs.redrive_child(draft, branch)
        if branch.is_child and _is_express(draft, branch):
            _start_again(draft, branch, redriven[branch.child])
        else:
            _reopen(draft, branch, redriven[branch.child])
            if branch.phase != "enter":
                branch.tries += 1
                branch.begun_at = draft.now
                draft.visit(branch, draft.state(branch))


def _enter(draft: Draft, root: Branch, at: RedriveFrom, redriven: int) -> None:
    """All else that was under way is left. Its visits ended with the execution; shards stay for a redrive until they are cancelled."""
    parts = draft.checkpoint.parts
    for fork in [part for part in parts.values() if isinstance(part, Fork)]:
        open_shards.cancel_all(draft, fork)
    for name in [name for name in parts if name not in (START, HEAD, branch_id(ROOT))]:
        draft.checkpoint.drop(name)
    if at.input is not None:
        root.input = payload.of_text(at.input)
    root.came_from = None
    draft.ready.clear()
    _enter_anew(draft, root, at.state, redriven)


def _enter_anew(draft: Draft, root: Branch, state: str, redriven: int) -> None:
    root.state = state
    root.phase = "enter"
    root.previous = redriven
    root.retries, root.task, root.timer = (), None, None
    root.seen = None
    draft.ready.append(root.number)


def _is_express(draft: Draft, root: Branch) -> bool:
    assert root.parent is not None
    parent = draft.checkpoint.peek(root.parent)
    assert parent is not None
    state = draft.state(parent)
    return isinstance(state, Map) and state.is_express


def _start_again(draft: Draft, root: Branch, redriven: int) -> None:
    """A child execution of type EXPRESS begins anew, with its input."""
    fork = draft.checkpoint.peek_fork(root.number)
    if fork is not None:
        abort.drop(draft, fork)
        draft.checkpoint.drop_fork(fork)
    root.input = draft.checkpoint.child(root.number).input
    root.came_from = BEGINNING
    root.variables = NO_VARIABLES
    _enter_anew(draft, root, draft.machine.scopes[root.scope].start_at, redriven)


def _reopen(draft: Draft, branch: Branch, redriven: int) -> None:
    fork = draft.checkpoint.fork(branch.number)
    if fork is not None:
        stilling.take_back(draft, fork)
    if fork is not None and fork.run is not None and _goes_on(fork):
        map_runs.redrive(draft, branch, fork)
    if fork is not None and (fork.live or open_shards.of(draft.parts, fork)):
        open_shards.start_again(draft, fork)
        branch.retries = ()
        branch.task = None
        if fork.run is not None and fork.run.reading:
            draft.ready.append(branch.number)
        return  # its branches go on, and it goes on after the last of them
    state = draft.state(branch)
    # As recorded, a Wait of a child execution lasts as long again as it did at first.
    waits = (
        isinstance(state, Wait)
        and branch.phase == "open"
        and branch.timer is not None
        and branch.child is None
    )
    branch.retries = ()
    branch.task = None
    if waits and branch.timer is not None:
        draft.commands.append(SetTimer(branch.timer.id, branch.timer.due))
        return
    branch.timer = None
    draft.ready.append(branch.number)
    if branch.phase == "enter":
        return
    if fork is not None:
        if _goes_on(fork):
            return  # between two iterations: the next one is made again
        if _is_to_write(draft, branch, fork) or (fork.run is not None and fork.run.is_shard):
            map_runs.redrive(draft, branch, fork)
            return  # all of it is done, but not written or not told to the Map whose part it is
        draft.checkpoint.drop_fork(fork)  # together, all of them had done more than there is room for
    branch.phase = "begin"
    branch.previous = redriven if isinstance(state, Fail) else branch.entered


def _is_to_write(draft: Draft, branch: Branch, fork: Fork) -> bool:
    """Whether the results of a Map Run are all there and have to be left elsewhere."""
    state = draft.state(branch)
    if not isinstance(state, Map) or state.writer is None or state.writer.resource is None:
        return False
    if fork.run is None:
        return False
    return (
        draft.checkpoint.items(branch.number) is not None
        or draft.checkpoint.source(branch.number) is not None
    )


def _goes_on(fork: Fork) -> bool:
    """Whether there is anything left to run."""
    if fork.run is not None and (fork.run.shards or fork.run.reading):
        return True
    return bool(fork.live) or fork.cursor < fork.width
