"""Visits of states out of a checkpoint: those under way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from stepwright.asl.checkpoint import codec
from stepwright.asl.checkpoint.parts import NOTHING_BEGUN, Branch, EncodedPart, Fork, PartId
from stepwright.asl.machine import Machine, State
from stepwright.asl.signals import Millis
from stepwright.asl.step import Try, Visit, VisitOutcome

_NEEDED: Final = ("branch", "fork")


def of_branch(
    branch: Branch,
    state: State,
    around: Branch | None,
    outcome: VisitOutcome | None = None,
    ended: Millis | None = None,
    error: str | None = None,
    tries: tuple[Try, ...] = (),
    child: str | None = None,
) -> Visit:
    """The branch's visit of its state. ``around``: the branch in the Map or Parallel state that this one is in."""
    begun = branch.begun_at
    return Visit(  # by position, since this is done for each transition
        branch.visit,
        branch.prefix + state.name,
        state.name,
        type(state).__name__,
        branch.entered_at,
        branch.attempt + 1 if branch.retries else 1,
        outcome,
        ended,
        error,
        branch.last_task,
        state.pointer,
        branch.came_from,
        None if around is None else around.visit,
        None if around is None else branch.index,
        None if begun == NOTHING_BEGUN else begun or branch.entered_at,
        tries,
        child,
    )


def under_way(machine: Machine, parts: Mapping[PartId, EncodedPart]) -> Iterator[Visit]:
    """Those of an execution that has not ended, as its steps have reported them, but for ``tries`` and ``error``; none of child
    executions. While Map Runs leave what they have before an end, visits are among them that were reported to have ended.
    ``parts`` need not have their long texts. Raises NewerVersion."""
    decoded = [codec.decode(part) for part in parts.values() if part.get("kind") in _NEEDED]
    branches = {part.number: part for part in decoded if isinstance(part, Branch)}
    runs = {part.branch: part.run for part in decoded if isinstance(part, Fork)}
    for branch in branches.values():
        run = runs.get(branch.number)
        is_of_map = run is not None and run.is_shard
        if branch.child is None and branch.phase != "enter" and not is_of_map:
            around = None if branch.parent is None else branches[branch.parent]
            yield of_branch(branch, machine.scopes[branch.scope].states[branch.state], around)
