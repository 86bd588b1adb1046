"""Wait: until a moment, which is computed once, when the state is entered."""

from __future__ import annotations

from typing import Final

from stepwright.asl import dataflow, failures, jsontext, open_work, timestamps
from stepwright.asl.data import Data, Expression
from stepwright.asl.draft import Draft
from stepwright.asl.errors import StateError
from stepwright.asl.json_types import Json
from stepwright.asl.machine import Wait
from stepwright.asl.parts import Branch, OpenTimer
from stepwright.asl.payload import Payload
from stepwright.asl.signals import Millis, Signal
from stepwright.asl.step import SetTimer
from stepwright.asl.transitions import leave

# Recorded: 24,855 days ahead are accepted, 24,856 are not; 2^31 seconds lie between.
LONGEST_SECONDS: Final = 2**31 - 1


def begin(draft: Draft, branch: Branch, state: Wait) -> None:
    effective = dataflow.effective_input(draft, branch, state)
    due = _due(draft, branch, state, effective)
    if due - draft.now > LONGEST_SECONDS * 1000:
        raise failures.runtime("Wait state delay is too long.")
    if due <= draft.now:
        _leave(draft, branch, state, effective)
        return
    branch.timer = OpenTimer(open_work.wait_timer(branch.entered), due)
    draft.commands.append(SetTimer(branch.timer.id, due))
    draft.visit(branch, state)


def resume(draft: Draft, branch: Branch, state: Wait, _signal: Signal | None) -> None:
    branch.timer = None
    _leave(draft, branch, state, dataflow.effective_input(draft, branch, state))


def _leave(draft: Draft, branch: Branch, state: Wait, effective: Payload) -> None:
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
    path, field = (
        (state.seconds_path, "SecondsPath")
        if state.seconds_path is not None
        else (state.timestamp_path, "TimestampPath")
    )
    assert path is not None
    value = _referred(path, field, dataflow.data(draft, branch, state, effective))
    if field == "SecondsPath":
        if isinstance(value, bool) or not isinstance(value, int):
            raise failures.runtime(
                f"The SecondsPath parameter cannot be parsed as a long value: {path} == {_shown(value)}"
            )
        if value < 0:
            raise failures.runtime(
                f"The SecondsPath parameter references a negative value: {path} == {value}"
            )
        return Millis(draft.now + value * 1000)
    due = timestamps.parse(value) if isinstance(value, str) else None
    if due is None:
        raise failures.runtime(
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format "
            f"string: {path} == {_shown(value)}"
        )
    return due


def _referred(path: Expression, field: str, sight: Data) -> Json:
    try:
        return path.evaluate(sight)
    except StateError:
        raise failures.runtime(f"The {field} parameter does not reference an input value: {path}") from None


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else jsontext.dump(value)
