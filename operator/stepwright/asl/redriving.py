"""Redrive: an execution that ended without success goes on where it failed, with what had succeeded before.

States that did not succeed begin again: Task states without being entered anew, with a new task and all their retries;
a Wait goes on to its time; of a Parallel or an inline Map only the branches and iterations that had not succeeded go on.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html, and recorded histories.
"""

from __future__ import annotations

from stepwright.asl.draft import Draft
from stepwright.asl.machine import Fail, Wait
from stepwright.asl.parts import REDRIVEN, ROOT, Branch, Phase
from stepwright.asl.step import SetTimer


def reopen(draft: Draft) -> None:
    """Record the redrive, and make every branch ready that can go on by itself."""
    head = draft.head
    ended_by = head.last_event_id
    head.ended = None
    head.redrives += 1
    head.redriven = draft.now
    head.version = max(head.version, REDRIVEN)
    root = draft.branch(ROOT)
    assert root is not None
    redriven = draft.record(
        root,
        "ExecutionRedriven",
        ended_by,
        "executionRedrivenEventDetails",
        {"redriveCount": head.redrives},
    )
    for branch in draft.open_branches():
        _reopen(draft, branch, redriven)


def _reopen(draft: Draft, branch: Branch, redriven: int) -> None:
    fork = draft.fork(branch.number)
    if fork is not None and fork.live:
        branch.retries = ()
        return  # its branches go on, and it with the last of them
    state = draft.state(branch)
    waits = isinstance(state, Wait) and branch.phase is Phase.OPEN and branch.timer is not None
    branch.retries = ()
    branch.task = None
    if waits and branch.timer is not None:
        draft.commands.append(SetTimer(branch.timer.id, branch.timer.due))
        return
    branch.timer = None
    draft.ready.append(branch.number)
    if branch.phase is Phase.ENTER:
        return
    if fork is not None:
        if fork.cursor < fork.width:
            return  # between two iterations: the next one is made again
        draft.drop_fork(fork)  # what all had done together was more than there is room for
    branch.phase = Phase.BEGIN
    branch.previous = redriven if isinstance(state, Fail) else branch.entered
