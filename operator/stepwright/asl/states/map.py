"""Map: runs its processor once for each item; its result is the list of theirs, in the order of the items.

An inline Map runs at most 40 iterations at once. Items wait at a cursor, so what is kept grows with the iterations
that run, not with those still to come.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
"""

from __future__ import annotations

from typing import Any, Final

from stepwright.asl import causes, dataflow, failures, forks, history
from stepwright.asl.data import Expression, States
from stepwright.asl.draft import Draft
from stepwright.asl.errors import QueryError
from stepwright.asl.json_types import Json
from stepwright.asl.jsonata_fields import Query
from stepwright.asl.machine import Map
from stepwright.asl.parts import Branch, Fork
from stepwright.asl.payload import Payload
from stepwright.asl.signals import Signal
from stepwright.asl.transitions import leave_with_result

INLINE_CONCURRENCY: Final = 40


def begin(draft: Draft, branch: Branch, state: Map) -> None:
    effective = dataflow.effective_input(draft, branch, state)
    limit = min(concurrency(draft, branch, state, effective) or INLINE_CONCURRENCY, INLINE_CONCURRENCY)
    items = items_of(draft, branch, state, effective)
    started = draft.record(
        "MapStateStarted", branch.previous, "mapStateStartedEventDetails", {"length": len(items)}
    )
    branch.previous = started
    count, percentage = tolerated(draft, branch, state, effective)
    if state.mode == "DISTRIBUTED":
        raise failures.runtime("A Map state of mode DISTRIBUTED is not served yet; mode INLINE is.")
    fork = Fork(
        branch=branch.number,
        width=len(items),
        limit=limit,
        previous=started,
        freed=(started,) * min(limit, len(items)),
        tolerated_count=count,
        tolerated_percentage=percentage,
    )
    forks.open_fork(draft, fork, items=effective if items is effective.value else Payload(items))
    draft.visit(branch, state)
    _go_on(draft, branch, state, fork, effective)


def items_of(draft: Draft, branch: Branch, state: Map, effective: Payload) -> list[Json]:
    if isinstance(state.items, Query):
        items = state.items.expect(dataflow.states(draft, branch, state), "array")
        assert isinstance(items, list)
        return items
    items = (
        effective.value
        if state.query_language == "JSONata"
        else state.items_path.evaluate(dataflow.data(draft, branch, state, effective))
    )
    if isinstance(items, list):
        return items
    if state.query_language == "JSONata":
        raise QueryError(causes.map_input_not_an_array(items), None)
    # AWS tells a path into the context object by one dollar less.
    path = str(state.items_path)
    raise failures.runtime(causes.not_an_array(path[1:] if path.startswith("$$") else path))


def resume(draft: Draft, branch: Branch, state: Map, _signal: Signal | None) -> None:
    """Iterations have ended: others take their place; after the last one the state goes on."""
    fork = draft.fork(branch.number)
    if fork is not None:
        _go_on(draft, branch, state, fork, dataflow.effective_input(draft, branch, state))


def _go_on(draft: Draft, branch: Branch, state: Map, fork: Fork, effective: Payload) -> None:
    while fork.freed and fork.cursor < fork.width:
        _start_iteration(draft, branch, state, fork, effective)
    if fork.finished < fork.width:
        return
    result = forks.results(draft, fork)
    branch.previous = fork.previous
    draft.drop_fork(fork)
    # The exit, too, follows the last iteration's end, not this event.
    draft.record("MapStateSucceeded", branch.previous)
    leave_with_result(draft, branch, state, result)


def _start_iteration(draft: Draft, branch: Branch, state: Map, fork: Fork, effective: Payload) -> None:
    index = fork.cursor
    items = draft.items(branch.number)
    assert items is not None
    values = items.items.value
    assert isinstance(values, list)
    given = iteration_input(draft, branch, state, effective, index, values[index])
    after, *fork_freed = fork.freed
    event = draft.record(
        "MapIterationStarted", after, "mapIterationStartedEventDetails", history.iteration(state.name, index)
    )
    fork.freed = tuple(fork_freed)
    fork.cursor = index + 1
    forks.add_branch(
        draft, branch, fork, index=index, scope=state.item_processor, input=given, previous=event
    )


def iteration_input(
    draft: Draft, branch: Branch, state: Map, effective: Payload, index: int, item: Json
) -> Payload:
    """What an iteration begins with: its item, or what ItemSelector makes of it."""
    if state.item_selector is None:
        return Payload(item)
    sight = (
        dataflow.states(draft, branch, state, item=(index, item))
        if isinstance(state.item_selector, Query)
        else dataflow.data(draft, branch, state, effective, item=(index, item))
    )
    return Payload(state.item_selector.evaluate(sight))


def concurrency(draft: Draft, branch: Branch, state: Map, effective: Payload) -> int:
    """MaxConcurrency; 0 where nothing is said of it."""
    given = _number(
        draft, branch, state, state.max_concurrency, field="MaxConcurrencyPath", effective=effective
    )
    if given is None:
        return 0
    if given < 0:
        # AWS lets such an execution hang until somebody stops it.
        raise failures.runtime("MaxConcurrency must not be negative.")
    return int(given)


def tolerated(
    draft: Draft, branch: Branch, state: Map, effective: Payload
) -> tuple[int | None, float | None]:
    count = _number(
        draft,
        branch,
        state,
        state.tolerated_failure_count,
        field="ToleratedFailureCountPath",
        effective=effective,
    )
    percentage = _number(
        draft,
        branch,
        state,
        state.tolerated_failure_percentage,
        field="ToleratedFailurePercentagePath",
        effective=effective,
        whole=False,
    )
    if count is not None and count < 0:
        raise failures.runtime("ToleratedFailureCount must not be negative.")
    if percentage is not None and not 0 <= percentage <= 100:
        raise failures.runtime(causes.percentage_out_of_range())
    return None if count is None else int(count), percentage


def _queried(query: Query, sight: States, *, whole: bool) -> float:
    if whole:
        return query.whole(sight, at_least=0)
    number = query.expect(sight, "number")
    assert isinstance(number, int | float)
    if not 0 <= number <= 100:
        raise query.wrong("number from 0 to 100", number)
    return number


def _number(
    draft: Draft,
    branch: Branch,
    state: Map,
    given: float | Expression | None,
    *,
    field: str,
    effective: Payload,
    whole: bool = True,
) -> Any:
    """The number that a field says or refers to. AWS takes a text of digits for one, too."""
    if given is None or isinstance(given, int | float):
        return given
    if isinstance(given, Query):
        return _queried(given, dataflow.states(draft, branch, state), whole=whole)
    value = given.evaluate(dataflow.data(draft, branch, state, effective))
    number: float | None = None
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            number = int(value) if whole and not isinstance(value, float) else float(value)
        except ValueError:
            number = None
    if number is None or (whole and number != int(number)):
        kind = "integer" if whole else "float"
        raise failures.runtime(causes.not_a_valid_number(field, value, kind, str(given)))
    return number
