"""What the files of a Map Run that does not succeed say of its child executions: of those that had ended, of those that were
running, and what the others were to begin with.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from stepwright.asl.checkpoint import map_tasks
from stepwright.asl.checkpoint.parts import Branch, Fork
from stepwright.asl.failure.errors import StateError
from stepwright.asl.interpreter import dataflow, map_runs
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.interpreter.states import map_fields
from stepwright.asl.json_types import Json
from stepwright.asl.machine import Map
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.asl.text.payload import Payload

Entry: TypeAlias = tuple[int, Payload]
"""The index of a child execution's first item, and what is said of the child."""


def of_ended(draft: Draft, fork: Fork) -> list[Entry]:
    """Of those that have ended with the failure."""
    before: set[int] = set()
    known = draft.checkpoint.frozen_fork(fork.branch)
    if known is not None:
        before = {index for index, _ in map_tasks.entries(draft.checkpoint.frozen_parts(), known)}
    return [entry for entry in map_tasks.entries(draft.parts, fork) if entry[0] not in before]


def of_running(draft: Draft, fork: Fork) -> list[Entry]:
    found = []
    for number in fork.live:
        child = draft.checkpoint.peek(number)
        assert child is not None
        found.append((child.index, map_runs.description(draft, fork, child, "ABORTED")))
    return found


def of_waiting(draft: Draft, branch: Branch, state: Map, fork: Fork) -> list[Entry]:
    items = draft.checkpoint.items(branch.number)
    if items is None:
        return []
    effective = dataflow.effective_input(draft, branch, state)
    values = items.items.value
    assert isinstance(values, list)
    return [
        (fork.first + at, map_runs.pending(given))
        for at, given in _inputs(draft, branch, state, fork, effective, values)
    ]


def _inputs(
    draft: Draft, branch: Branch, state: Map, fork: Fork, effective: Payload, values: list[Json]
) -> Iterator[Entry]:
    """An item that no input can be made of stands for itself."""
    run, at = fork.run, fork.cursor
    assert run is not None
    while at < fork.width:
        draft.meter.begin_state()
        try:
            given, count = map_fields.child_input(
                draft, branch, state, effective, values, at, run, fork.first
            )
            draft.pay_for_text(len(given.text))
        except (StateError, InvalidJson):
            given, count = Payload(values[at]), 1
        yield at, given
        at += count
