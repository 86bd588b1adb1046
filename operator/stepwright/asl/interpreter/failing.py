"""What happens to a state that failed: it is tried again, it is caught, or its branch fails with it."""

from __future__ import annotations

from stepwright.asl.checkpoint import open_work
from stepwright.asl.checkpoint.parts import ROOT, Branch, OpenTimer
from stepwright.asl.failure import failures, retry
from stepwright.asl.failure.errors import StateError
from stepwright.asl.failure.matching import Failure
from stepwright.asl.interpreter import catch, dataflow, forks, history, transitions
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.machine import Map, Parallel, State, Task, Wait
from stepwright.asl.step import Outcome, SetTimer
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.asl.text.payload import Payload


def fail(
    draft: Draft, branch: Branch, state: State, failure: Failure, failed_event: str | None = None
) -> None:
    """``failed_event``: the event that is recorded for the state if it is not tried again (MapStateFailed)."""
    may_go_on = isinstance(state, (Task, Map, Parallel))  # a union would be made anew each time
    first = draft.checkpoint.freeze(ends=branch.number == ROOT and not may_go_on)
    _try_again_or_catch(draft, branch, state, failure, failed_event)
    if first:
        draft.thaw()


def _try_again_or_catch(
    draft: Draft, branch: Branch, state: State, failure: Failure, failed_event: str | None
) -> None:
    if isinstance(state, (Task, Map, Parallel)):
        draft.tried(branch, failure.error)
        again = retry.decide(state.retry, branch.retries, failure, draft.now, draft.random)
        if again is not None:
            branch.retries = again.retries
            branch.timer = OpenTimer(open_work.retry_timer(draft.head.ordinal), again.due)
            draft.commands.append(SetTimer(branch.timer.id, again.due))
            draft.visit(branch, state, error=failure.error)
            return
    if failed_event is not None:
        branch.previous = draft.record(branch, failed_event, branch.previous)
    if isinstance(state, (Task, Map, Parallel)):
        caught = _catch(draft, branch, state, failure)
        if caught is None:
            return
        failure = caught
    draft.visit(branch, state, "TimedOut" if failure.timed_out else "Failed", failure.error)
    if branch.number == ROOT:
        end_failed(draft, branch.previous, failure)
    else:
        forks.branch_failed(draft, branch, failure)


def _catch(draft: Draft, branch: Branch, state: Task | Map | Parallel, failure: Failure) -> Failure | None:
    """None if the failure was caught; else the failure that remains, which catching itself may have caused."""
    catcher = catch.find(state.catch, failure)
    if catcher is None:
        return failure
    error_output = Payload(catch.error_output(failure))
    try:
        if state.query_language == "JSONata":
            output, assigned = dataflow.left_with(
                draft,
                branch,
                state,
                error_output,
                output=catcher.output,
                assign=catcher.assign,
                given={"errorOutput": error_output.value},
            )
        else:
            output = dataflow.place(catcher.result_path, branch.input, error_output)
            assigned = None
            if catcher.assign is not None:
                assigned = dataflow.assigned(draft, branch, state, catcher.assign, error_output)
        transitions.leave(
            draft,
            branch,
            state,
            output,
            next_state=catcher.next,
            assigned=assigned,
            edge=f"Catch/{state.catch.index(catcher)}/Next",
            outcome="Caught",
            error=failure.error,
        )
    except (StateError, InvalidJson) as error:
        another = failures.of_error(error, state.name, branch.entered)
        if failures.is_of_expression(another):
            record_evaluation(draft, branch, state, another)
        return another
    return None


def record_evaluation(draft: Draft, branch: Branch, state: State, failure: Failure) -> None:
    """AWS's EvaluationFailed. It follows what the state's entry followed, if nothing has happened since."""
    previous = branch.previous
    if previous == branch.entered and not isinstance(state, Wait):
        entry = draft.recorded(branch, branch.entered)
        if entry is not None:
            previous = entry["previousEventId"]
    branch.previous = draft.record(
        branch,
        "EvaluationFailed",
        previous,
        "evaluationFailedEventDetails",
        history.evaluation_failed(failure.error, failure.cause, failure.location, state.name),
    )


def end_failed(draft: Draft, previous: int, failure: Failure) -> None:
    """The whole execution fails."""
    draft.record_end(
        "ExecutionFailed",
        previous,
        "executionFailedEventDetails",
        history.failure(failure.error, failure.cause),
    )
    transitions.end_execution(draft, Outcome("FAILED", error=failure.error, cause=failure.cause))
