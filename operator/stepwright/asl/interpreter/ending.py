"""How an execution ends that somebody stops, or that has had all its time."""

from __future__ import annotations

from stepwright.asl.checkpoint.parts import Ending
from stepwright.asl.failure.errors import TIMEOUT
from stepwright.asl.interpreter import history, transitions
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.json_types import JsonText
from stepwright.asl.step import Outcome


def end(draft: Draft, ending: Ending, output: JsonText | None = None) -> None:
    """AWS's event follows no other, and the open states get no events of their own. Of a time-out it gives the error only in the
    history, and no cause. ``output``: only shards have one."""
    draft.head.ending = None
    if ending.status == "TIMED_OUT":
        details = history.failure(TIMEOUT, None)
        draft.record_end("ExecutionTimedOut", 0, "executionTimedOutEventDetails", details)
        transitions.end_execution(draft, Outcome("TIMED_OUT", output))
        return
    details = history.failure(ending.error, ending.cause)
    draft.record_end("ExecutionAborted", 0, "executionAbortedEventDetails", details)
    transitions.end_execution(draft, Outcome("ABORTED", output, ending.error, ending.cause))
