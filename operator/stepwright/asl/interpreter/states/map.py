"""Map: runs its processor once for each item; its result is the list of the processor's results, in the order of the items.

A Map in mode DISTRIBUTED goes its own way once its fields are evaluated (``states.distributed_map``). An inline Map
runs at most 40 iterations at once. Items wait at a cursor, so what is kept grows with the iterations that run, not with
those still to come.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
"""

from __future__ import annotations

from typing import Final

from stepwright.asl.checkpoint.parts import Branch, Fork
from stepwright.asl.interpreter import dataflow, forks, history
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.interpreter.states import distributed_map, map_fields
from stepwright.asl.interpreter.transitions import leave_with_result
from stepwright.asl.machine import Map
from stepwright.asl.signals import Signal
from stepwright.asl.text.payload import Payload

INLINE_CONCURRENCY: Final = 40


def begin(draft: Draft, branch: Branch, state: Map) -> None:
    distributed_map.check(state)
    effective = dataflow.effective_input(draft, branch, state)
    concurrency = map_fields.concurrency(draft, branch, state, effective)
    items = [] if state.reader is not None else map_fields.items_of(draft, branch, state, effective)
    branch.previous = started = draft.record(
        branch, "MapStateStarted", branch.previous, "mapStateStartedEventDetails", {"length": len(items)}
    )
    count, percentage = map_fields.tolerated(draft, branch, state, effective)
    kept = effective if items is effective.value else Payload(items)
    if state.mode == "DISTRIBUTED":
        given = kept if state.reader is None else None
        distributed_map.begin(draft, branch, state, given, concurrency, (count, percentage))
        return
    limit = min(concurrency or INLINE_CONCURRENCY, INLINE_CONCURRENCY)
    fork = Fork(
        branch=branch.number,
        width=len(items),
        limit=limit,
        previous=started,
        freed=(started,) * min(limit, len(items)),
        tolerated_count=count,
        tolerated_percentage=percentage,
    )
    forks.open_fork(draft, fork, items=kept)
    draft.visit(branch, state)
    _go_on(draft, branch, state, fork, effective)


def resume(draft: Draft, branch: Branch, state: Map, signal: Signal | None) -> None:
    """Iterations have ended, and others take their place; after the last one the state goes on."""
    fork = draft.checkpoint.fork(branch.number)
    if fork is None:
        return
    if fork.run is not None:
        distributed_map.resume(draft, branch, state, fork, signal)
        return
    _go_on(draft, branch, state, fork, dataflow.effective_input(draft, branch, state))


def _go_on(draft: Draft, branch: Branch, state: Map, fork: Fork, effective: Payload) -> None:
    meter = draft.meter
    while fork.freed and fork.cursor < fork.width:
        if meter.left < meter.renewed_at:
            meter.begin_state()  # each iteration may spend as much as a state
        _start_iteration(draft, branch, state, fork, effective)
        if meter.left <= meter.full_at and fork.freed and fork.cursor < fork.width:
            draft.ready.append(branch.number)  # the others begin in the next step
            return
    if fork.finished < fork.width:
        return
    result = forks.results(draft, fork)
    branch.previous = fork.previous
    draft.checkpoint.drop_fork(fork)
    # Like this event, the exit follows the last iteration's end; it does not follow this event.
    draft.record(branch, "MapStateSucceeded", branch.previous)
    leave_with_result(draft, branch, state, result)


def _start_iteration(draft: Draft, branch: Branch, state: Map, fork: Fork, effective: Payload) -> None:
    index = fork.cursor
    items = draft.checkpoint.items(branch.number)
    assert items is not None
    values = items.items.value
    assert isinstance(values, list)
    given = map_fields.iteration_input(draft, branch, state, effective, index, values[index])
    after, *fork_freed = fork.freed
    event = draft.record(
        branch,
        "MapIterationStarted",
        after,
        "mapIterationStartedEventDetails",
        history.iteration(state.name, index),
    )
    fork.freed = tuple(fork_freed)
    fork.cursor = index + 1
    forks.add_branch(
        draft, branch, fork, index=index, scope=state.item_processor, input=given, previous=event
    )
