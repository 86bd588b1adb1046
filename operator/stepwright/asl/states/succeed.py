"""Succeed: ends its branch with its input."""

from __future__ import annotations

from stepwright.asl import dataflow
from stepwright.asl.draft import Draft
from stepwright.asl.machine import Succeed
from stepwright.asl.parts import Branch
from stepwright.asl.signals import Signal
from stepwright.asl.transitions import leave


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
