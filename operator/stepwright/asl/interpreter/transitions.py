"""How a branch moves: into a state, out of it to the next, to its end.

These are the moments that AWS's StateEntered and StateExited events record. What happens between them is in
``stepwright.asl.interpreter.states``.
"""

from __future__ import annotations

from typing import Final

from stepwright.asl.checkpoint.parts import ROOT, Branch, CameFrom
from stepwright.asl.interpreter import dataflow, forks, history, variables
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.machine import Choice, Fail, Map, Parallel, Pass, State, Succeed, Task, Wait
from stepwright.asl.signals import Millis, TimerId
from stepwright.asl.step import CancelTimer, Outcome, VisitOutcome
from stepwright.asl.text import jsontext
from stepwright.asl.text.payload import Payload

_STATES: Final = (Pass, Task, Choice, Wait, Succeed, Fail, Parallel, Map)
_ENTERED: Final = {state: f"{state.__name__}StateEntered" for state in _STATES}
_EXITED: Final = {state: f"{state.__name__}StateExited" for state in _STATES}


def enter(draft: Draft, branch: Branch, state: State) -> None:
    text = branch.input.text
    # On AWS the first state follows no event, although ExecutionStarted is there.
    branch.previous = branch.entered = draft.record(
        branch,
        _ENTERED[type(state)],
        branch.previous,
        history.STATE_ENTERED,
        history.state_entered(state.name, text),
        size=state.name_bytes + jsontext.size_bytes(text),
    )
    branch.visit = draft.head.ordinal
    branch.entered_at = draft.now
    branch.phase = "open"
    branch.last_task = None
    if branch.retries:
        branch.retries = ()
    if branch.begun_at:
        branch.tries, branch.begun_at = 0, Millis(0)


def leave(
    draft: Draft,
    branch: Branch,
    state: State,
    output: Payload,
    *,
    next_state: str | None,
    assigned: dict[str, Payload] | None = None,
    edge: str = "Next",
    outcome: VisitOutcome = "Succeeded",
    error: str | None = None,
) -> None:
    """Exit the state. ``next_state`` None: the branch ends here; ``edge``: what leads there (``parts.CameFrom``). Raises
    States.DataLimitExceeded."""
    text = output.text
    size = dataflow.check_size(draft, state, text)
    if assigned:
        variables.check_sizes(draft, branch, assigned)
    branch.previous = draft.record(
        branch,
        _EXITED[type(state)],
        branch.previous,
        history.STATE_EXITED,
        history.state_exited(state.name, text, assigned),
        size=None if assigned else state.name_bytes + size,
    )
    draft.visit(branch, state, outcome, error)
    if assigned:
        variables.assign(branch, assigned)
    branch.input = output
    if next_state is not None:
        branch.state = next_state
        branch.came_from = CameFrom(branch.visit, edge)
        branch.phase = "enter"
    elif branch.number == ROOT:
        draft.record_end(
            "ExecutionSucceeded",
            branch.previous,
            "executionSucceededEventDetails",
            history.output(text),
            size,
        )
        end_execution(draft, Outcome("SUCCEEDED", output=text))
    else:
        forks.branch_succeeded(draft, branch)


def leave_with_result(draft: Draft, branch: Branch, state: Task | Map | Parallel, result: Payload) -> None:
    """Exit a state whose work has given a result, by ResultSelector, ResultPath and OutputPath, or by Output, and Assign."""
    if state.query_language == "JSONata":
        output, assigned = dataflow.left_with(
            draft,
            branch,
            state,
            result,
            output=state.output,
            assign=state.assign,
            given={"result": result.value},
        )
        leave(draft, branch, state, output, next_state=state.next, assigned=assigned)
        return
    if state.result_selector is not None:
        result = dataflow.shape(draft, branch, state, state.result_selector, result)
    placed = dataflow.place(state.result_path, branch.input, result)
    assigned = None
    if state.assign is not None:
        assigned = dataflow.assigned(draft, branch, state, state.assign, result)
    output = dataflow.select(draft, branch, state, state.output_path, placed)
    leave(draft, branch, state, output, next_state=state.next, assigned=assigned)


def end_execution(draft: Draft, outcome: Outcome) -> None:
    """The last event has been written: nothing remains but who the execution was and how it ended."""
    draft.outcome = outcome
    draft.head.ended = outcome.status
    if draft.head.deadline is not None:
        draft.head.deadline = None
        if outcome.status != "TIMED_OUT":
            draft.commands.append(CancelTimer(TimerId("execution")))
    draft.ready.clear()
    for name in draft.checkpoint.live_parts():
        draft.checkpoint.drop(name)
