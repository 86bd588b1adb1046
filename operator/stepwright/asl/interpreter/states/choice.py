"""Choice: goes to the state of the first rule that matches."""

from __future__ import annotations

from typing import Any

from stepwright.asl.checkpoint.parts import Branch
from stepwright.asl.failure import failures
from stepwright.asl.interpreter import dataflow
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.interpreter.transitions import leave
from stepwright.asl.machine import Choice, ChoiceRule
from stepwright.asl.signals import Signal


def begin(draft: Draft, branch: Branch, state: Choice) -> None:
    if state.query_language == "JSONata":
        _begin_jsonata(draft, branch, state)
        return
    effective = dataflow.effective_input(draft, branch, state)
    sight = dataflow.data(draft, branch, state, effective)
    rule, edge = _chosen(state, sight)
    next_state, assign = (state.default, state.assign) if rule is None else (rule.next, rule.assign)
    if next_state is None:
        raise failures.no_choice_matched()
    assigned = None if assign is None else dataflow.assigned(draft, branch, state, assign, effective)
    output = dataflow.select(draft, branch, state, state.output_path, effective)
    leave(draft, branch, state, output, next_state=next_state, assigned=assigned, edge=edge)


def _begin_jsonata(draft: Draft, branch: Branch, state: Choice) -> None:
    sight = dataflow.states(draft, branch, state)
    rule, edge = _chosen(state, sight)
    next_state, chosen = (state.default, state) if rule is None else (rule.next, rule)
    if next_state is None:
        raise failures.no_choice_matched()
    output, assigned = dataflow.left_with(
        draft, branch, state, branch.input, output=chosen.output, assign=chosen.assign
    )
    leave(draft, branch, state, output, next_state=next_state, assigned=assigned, edge=edge)


def _chosen(state: Choice, sight: Any) -> tuple[ChoiceRule | None, str]:
    """The first rule that matches, or None for the Default; and the edge that leads on."""
    for index, rule in enumerate(state.choices):
        if rule.condition.matches(sight):
            return rule, f"Choices/{index}/Next"
    return None, "Default"


def resume(draft: Draft, branch: Branch, state: Choice, signal: Signal | None) -> None:
    """A Choice state waits for nothing."""
