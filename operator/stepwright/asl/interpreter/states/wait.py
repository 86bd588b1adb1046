"""Wait: waits until a moment that is computed once, when the state is entered."""

from __future__ import annotations

from typing import Final

from stepwright.asl.checkpoint import open_work
from stepwright.asl.checkpoint.parts import Branch, OpenTimer
from stepwright.asl.data import Data, Expression, States
from stepwright.asl.failure import causes, failures
from stepwright.asl.failure.errors import QueryError, StateError
from stepwright.asl.fields.jsonata_fields import Query
from stepwright.asl.interpreter import dataflow
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.interpreter.transitions import leave
from stepwright.asl.machine import Wait
from stepwright.asl.signals import Millis, Signal
from stepwright.asl.step import SetTimer
from stepwright.asl.text import timestamps
from stepwright.asl.text.payload import Payload

# Recorded at AWS: 24,855 days ahead are accepted, 24,856 are not; 2^31 seconds lie between the two.
LONGEST_SECONDS: Final = 2**31 - 1


def begin(draft: Draft, branch: Branch, state: Wait) -> None:
    effective = dataflow.effective_input(draft, branch, state)
    due = _due(draft, branch, state, effective)
    if due - draft.now > LONGEST_SECONDS * 1000:
        raise failures.runtime(causes.wait_too_long())
    if due <= draft.now:
        _leave(draft, branch, state, effective)
        return
    branch.timer = OpenTimer(open_work.wait_timer(branch.visit), due)
    draft.commands.append(SetTimer(branch.timer.id, due))
    draft.visit(branch, state)


def resume(draft: Draft, branch: Branch, state: Wait, _signal: Signal | None) -> None:
    _leave(draft, branch, state, dataflow.effective_input(draft, branch, state))
    branch.timer = None  # not before: if the state cannot be left, a redrive finds that its time has come


def _leave(draft: Draft, branch: Branch, state: Wait, effective: Payload) -> None:
    if state.query_language == "JSONata":
        output, assigned = dataflow.left_with(
            draft, branch, state, branch.input, output=state.output, assign=state.assign
        )
        leave(draft, branch, state, output, next_state=state.next, assigned=assigned)
        return
    assigned = None
    if state.assign is not None:
        assigned = dataflow.assigned(draft, branch, state, state.assign, effective)
    output = dataflow.select(draft, branch, state, state.output_path, effective)
    leave(draft, branch, state, output, next_state=state.next, assigned=assigned)


def _due(draft: Draft, branch: Branch, state: Wait, effective: Payload) -> Millis:
    if isinstance(state.seconds, int):
        return Millis(draft.now + state.seconds * 1000)
    if isinstance(state.timestamp, str):
        due = timestamps.parse(state.timestamp)
        assert due is not None, "checked with the definition"
        return due
    if isinstance(state.seconds, Query):
        seconds = state.seconds.whole(
            dataflow.states(draft, branch, state), at_least=0, at_most=LONGEST_SECONDS
        )
        return Millis(draft.now + seconds * 1000)
    if isinstance(state.timestamp, Query):
        return _at_queried(state.timestamp, dataflow.states(draft, branch, state))
    sight = dataflow.data(draft, branch, state, effective)
    if state.seconds_path is not None:
        return _after_seconds(draft.now, state.seconds_path, sight)
    assert state.timestamp_path is not None
    return _at_timestamp(state.timestamp_path, sight)


def _at_queried(query: Query, sight: States) -> Millis:
    timestamp = query.expect(sight, "string")
    assert isinstance(timestamp, str)
    due = timestamps.parse(timestamp)
    if due is None:
        raise QueryError(causes.timestamp_not_a_timestamp(timestamp), query.location)
    return due


def _after_seconds(now: Millis, path: Expression, sight: Data) -> Millis:
    try:
        seconds = path.evaluate(sight)
    except StateError:
        raise failures.runtime(causes.seconds_path_not_found(str(path))) from None
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise failures.runtime(causes.seconds_path_not_a_number(str(path), seconds))
    if seconds < 0:
        raise failures.runtime(f"The SecondsPath parameter refers to a negative number: {path} == {seconds}")
    return Millis(now + seconds * 1000)


def _at_timestamp(path: Expression, sight: Data) -> Millis:
    try:
        timestamp = path.evaluate(sight)
    except StateError:
        raise failures.runtime(causes.timestamp_path_not_found(str(path))) from None
    due = timestamps.parse(timestamp) if isinstance(timestamp, str) else None
    if due is None:
        raise failures.runtime(causes.timestamp_path_not_a_timestamp(str(path), timestamp))
    return due
