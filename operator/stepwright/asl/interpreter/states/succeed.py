"""Succeed: ends its branch with its input."""

from __future__ import annotations

from stepwright.asl.checkpoint.parts import Branch
from stepwright.asl.interpreter import dataflow
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.interpreter.transitions import leave
from stepwright.asl.machine import Succeed
from stepwright.asl.signals import Signal


def begin(draft: Draft, branch: Branch, state: Succeed) -> None:
    if state.query_language == "JSONata":
        output, _ = dataflow.left_with(draft, branch, state, branch.input, output=state.output, assign=None)
        leave(draft, branch, state, output, next_state=None)
        return
    effective = dataflow.effective_input(draft, branch, state)
    output = dataflow.select(draft, branch, state, state.output_path, effective)
    leave(draft, branch, state, output, next_state=None)


def resume(draft: Draft, branch: Branch, state: Succeed, signal: Signal | None) -> None:
    """A Succeed state waits for nothing."""
