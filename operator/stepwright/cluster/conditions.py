"""Conditions of StateMachines and Executions: their types, the reasons with a sentence each, and how a list of them
is updated. Everything here is pure; the time comes in.

The kstatus convention: ``Ready`` is the summary, ``Reconciling`` True means that waiting may help,
``Stalled`` True that it will not. Executions also have ``Complete``: True after any end, with the phase as
its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from stepwright.cluster.resources import Phase

READY = "Ready"
RECONCILING = "Reconciling"
STALLED = "Stalled"
COMPLETE = "Complete"
RESTORED = "Restored"
REDRIVEN = "Redriven"

Status = Literal["True", "False", "Unknown"]
TRUE: Status = "True"
FALSE: Status = "False"
Conditions = Sequence[Mapping[str, Any]]
"""A list of conditions as in an object's status."""

_MESSAGE_CHARACTERS = 32_768


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason's name for programs, and its sentence for people. ``detail`` adds the details of the case."""

    name: str
    sentence: str

    def message(self, detail: str = "") -> str:
        text = f"{self.sentence}: {detail}" if detail else f"{self.sentence}."
        return text if len(text) <= _MESSAGE_CHARACTERS else f"{text[: _MESSAGE_CHARACTERS - 3]}..."


# Of StateMachines
VALID = Reason("Valid", "The definition is valid and executions can start")
INVALID_DEFINITION = Reason("InvalidDefinition", "The definition cannot run")
NO_DRIVER = Reason("NoDriver", "The definition is valid, but this version of Stepwright cannot run it")
DELAYED = Reason("Delayed", "The definition could not be recorded and is tried again")
DRAINING = Reason("Draining", "The state machine is being deleted and waits for its executions to end")

# Of TaskTemplates
CALLABLE = Reason("Callable", "Tasks can call it")
NO_SERVICE = Reason("NoService", "The Service does not exist; tasks can call it when it does")
NO_CLUSTER_IP = Reason(
    "NoClusterIP", "The Service has no address of its own in this cluster, so nothing is called"
)
NO_PORT = Reason("NoPort", "The Service has no such port")
NAME_TAKEN = Reason("NameTaken", "An older TaskTemplate stands for the same function")

# Of Connections
USABLE = Reason("Usable", "Tasks of state machines that name it can use it")
BAD_CONNECTION = Reason("BadConnection", "Its spec cannot be used, so no task can use it")
NO_ACCOUNT = Reason(
    "NoAccount",
    "It has no serviceAccountName as which its Secrets could be read or its tokens requested, so no task can use it",
)

# Of Executions
PENDING = Reason("Pending", "The execution has not started yet")
WAITING_FOR_STATE_MACHINE = Reason(
    "WaitingForStateMachine", "The state machine does not exist; the execution starts when it does"
)
STATE_MACHINE_NOT_READY = Reason(
    "StateMachineNotReady", "The state machine is not ready; the execution starts when it is"
)
START_DELAYED = Reason("Delayed", "The execution could not be started yet and is tried again")
RUNNING = Reason("Running", "The execution is running")
CANNOT_BE_WRITTEN = Reason(
    "CannotBeWritten", "The execution goes on when the API server accepts what has to be recorded"
)
SUCCEEDED = Reason("Succeeded", "The execution succeeded")
FAILED = Reason("Failed", "The execution failed")
TIMED_OUT = Reason("TimedOut", "The execution ran out of time")
ABORTED = Reason("Aborted", "The execution was stopped")
INVALID_INPUT = Reason("InvalidInput", "The execution cannot start with its input")
QUARANTINED = Reason("Quarantined", "Operators died under this execution, so none takes it up")

INTERNAL_ERROR = Reason("InternalError", "Stepwright cannot go on with the execution")
NEWER_VERSION = Reason("NewerVersion", "A newer version of Stepwright has to go on with the execution")
RESTORED_EARLIER = Reason(
    "RestoredFromBackup", "The cluster was restored, and the execution went on from there"
)
RESTORED_COPY = Reason(
    "Restored", "The execution ran before it was restored; it starts again when spec.restart is true"
)

GOES_ON = Reason("Redriven", "The execution goes on from where it had ended without success")
NOT_REDRIVABLE = Reason("NotRedrivable", "The execution was not redriven")

STALLS = (QUARANTINED, INTERNAL_ERROR, NEWER_VERSION, RESTORED_COPY)
"""Reasons why an execution that has not ended does not continue by itself."""

ENDS: Mapping[Phase, Reason] = {
    "Succeeded": SUCCEEDED,
    "Failed": FAILED,
    "TimedOut": TIMED_OUT,
    "Aborted": ABORTED,
}
"""The reason for each final phase."""


def updated(
    conditions: Conditions,
    kind: str,
    status: Status,
    reason: Reason,
    *,
    now: str,
    generation: int,
    detail: str = "",
) -> list[dict[str, Any]]:
    """The list with the condition of type ``kind`` set, in its place if it has one. ``now`` (RFC 3339)
    becomes its lastTransitionTime only if ``status`` changes: people read from it how long that has been
    so."""
    before = next((c for c in conditions if c.get("type") == kind), None)
    since = before["lastTransitionTime"] if before is not None and before.get("status") == status else now
    condition = {
        "type": kind,
        "status": status,
        "observedGeneration": generation,
        "lastTransitionTime": since,
        "reason": reason.name,
        "message": reason.message(detail),
    }
    if before is None:
        return [*map(dict, conditions), condition]
    return [condition if c is before else dict(c) for c in conditions]


def is_stalled(conditions: Conditions) -> bool:
    """Whether they say that it does not continue by itself."""
    return any(each.get("type") == STALLED and each.get("status") == TRUE for each in conditions)


def with_restored(
    conditions: Conditions, detail: str, *, now: str, generation: int, reason: Reason = RESTORED_EARLIER
) -> list[dict[str, Any]]:
    return updated(conditions, RESTORED, TRUE, reason, now=now, generation=generation, detail=detail)


def with_redriven(
    conditions: Conditions, refused: str | None, *, now: str, generation: int
) -> list[dict[str, Any]]:
    """With what became of a redrive."""
    status, reason = (TRUE, GOES_ON) if refused is None else (FALSE, NOT_REDRIVABLE)
    return updated(conditions, REDRIVEN, status, reason, now=now, generation=generation, detail=refused or "")


def of_usable(
    conditions: Conditions, reason: Reason, *, now: str, generation: int, detail: str = ""
) -> list[dict[str, Any]]:
    """All conditions of a StateMachine, a TaskTemplate or a Connection for one of its reasons."""
    truths = _summary(
        ready=reason in (VALID, CALLABLE, USABLE), reconciling=reason in (DELAYED, DRAINING, NO_SERVICE)
    )
    return _all(conditions, truths, reason, now=now, generation=generation, detail=detail)


def of_execution(
    conditions: Conditions,
    phase: Phase,
    *,
    now: str,
    generation: int,
    reason: Reason | None = None,
    detail: str = "",
) -> list[dict[str, Any]]:
    """All conditions of an Execution in a phase. ``reason`` is given if there is more to say than the phase:
    why it waits (Pending), that the input was bad (Failed)."""
    ended = phase in ENDS
    known = reason or ENDS.get(phase) or (RUNNING if phase == "Running" else PENDING)
    truths = _summary(ready=phase == "Succeeded", reconciling=not ended and known not in STALLS)
    result = _all(conditions, truths, known, now=now, generation=generation, detail=detail)
    why, status = (ENDS[phase], TRUE) if ended else (known, FALSE)
    return updated(result, COMPLETE, status, why, now=now, generation=generation, detail=detail)


def _summary(*, ready: bool, reconciling: bool) -> dict[str, bool]:
    """Exactly one of the three holds: ready, waiting helps, or only a change of the object (or nothing) helps."""
    return {READY: ready, RECONCILING: reconciling, STALLED: not ready and not reconciling}


def _all(
    conditions: Conditions,
    truths: Mapping[str, bool],
    reason: Reason,
    *,
    now: str,
    generation: int,
    detail: str,
) -> list[dict[str, Any]]:
    result = [dict(c) for c in conditions]
    for kind, holds in truths.items():
        status = TRUE if holds else FALSE
        result = updated(result, kind, status, reason, now=now, generation=generation, detail=detail)
    return result
