"""Pass: hands its input on, or a fixed result."""

from __future__ import annotations

from stepwright.asl.checkpoint.parts import Branch
from stepwright.asl.interpreter import dataflow
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.interpreter.transitions import leave
from stepwright.asl.machine import Pass
from stepwright.asl.signals import Signal
from stepwright.asl.text.payload import Payload


def begin(draft: Draft, branch: Branch, state: Pass) -> None:
    if state.query_language == "JSONata":
        output, assigned = dataflow.left_with(
            draft, branch, state, branch.input, output=state.output, assign=state.assign
        )
        leave(draft, branch, state, output, next_state=state.next, assigned=assigned)
        return
    if state.has_result:
        result = Payload(state.result)
    else:
        result = dataflow.effective_input(draft, branch, state)
        if state.parameters is not None:
            result = dataflow.shape(draft, branch, state, state.parameters, result)
    output = dataflow.place(state.result_path, branch.input, result)
    assigned = None
    if state.assign is not None:
        assigned = dataflow.assigned(draft, branch, state, state.assign, result)
    output = dataflow.select(draft, branch, state, state.output_path, output)
    leave(draft, branch, state, output, next_state=state.next, assigned=assigned)


def resume(draft: Draft, branch: Branch, state: Pass, signal: Signal | None) -> None:
    """A Pass state waits for nothing."""
