"""Parallel: runs all its branches at once; its result is the list of their results."""

from __future__ import annotations

from stepwright.asl.checkpoint.parts import Branch, Fork
from stepwright.asl.interpreter import dataflow, forks
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.interpreter.transitions import leave_with_result
from stepwright.asl.machine import Parallel
from stepwright.asl.signals import Signal


def begin(draft: Draft, branch: Branch, state: Parallel) -> None:
    effective = dataflow.effective_input(draft, branch, state)
    parameters = dataflow.shape(draft, branch, state, state.parameters, effective)
    started = draft.record(branch, "ParallelStateStarted", branch.previous)
    branch.previous = started
    width = len(state.branches)
    fork = Fork(branch=branch.number, width=width, limit=width, previous=started, cursor=width)
    forks.open_fork(draft, fork)
    for index, scope in enumerate(state.branches):
        forks.add_branch(draft, branch, fork, index=index, scope=scope, input=parameters, previous=started)
    draft.visit(branch, state)


def resume(draft: Draft, branch: Branch, state: Parallel, _signal: Signal | None) -> None:
    """A branch has ended; after the last one the state goes on."""
    fork = draft.checkpoint.fork(branch.number)
    if fork is None or fork.finished < fork.width:
        return
    result = forks.results(draft, fork)
    branch.previous = fork.previous
    draft.checkpoint.drop_fork(fork)
    # Like this event, the exit follows the last branch's last event; it does not follow this event.
    draft.record(branch, "ParallelStateSucceeded", branch.previous)
    leave_with_result(draft, branch, state, result)
