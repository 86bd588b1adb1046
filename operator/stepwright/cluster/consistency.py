"""Whether an Execution's status is what Stepwright wrote there, and what can be corrected if it is not.

Nobody but the operator may write it, except administrators, who can write anything. Their edits are never
followed: fields that follow from the rest are corrected, and if more was edited, the execution fails plainly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, get_args

import msgspec

from stepwright.cluster import seal
from stepwright.cluster.resources import Phase
from stepwright.cluster.stored import Stored
from stepwright.engine.ports import Refused

#: What only a commit writes.
_COMMITTED: Final = ("seal", "commitId", "stateMachine", "checkpoint", "history")
#: The last event of each phase.
_ENDS: Final = {
    "Succeeded": "ExecutionSucceeded",
    "Failed": "ExecutionFailed",
    "TimedOut": "ExecutionTimedOut",
    "Aborted": "ExecutionAborted",
}


@dataclass(frozen=True, slots=True)
class Truth:
    """The values that the edited fields had before."""

    phase: Phase
    settled: bool


class Edited(Refused):
    """Somebody else has changed the status. The sentence says which part; ``truth`` is there if only phase
    and settled were changed."""

    def __init__(self, what: str, truth: Truth | None = None) -> None:
        super().__init__(f"{what} not what Stepwright wrote there; somebody else has changed it")
        self.truth = truth


def seems_intact(uid: str, status: Mapping[str, Any]) -> bool:
    """Whether the fields of ``seal.SUMMARY`` are as they were written; those of a lean one do."""
    if not status.get("seq"):
        return status.get("phase") in (None, "Pending") and not status.get("settled")
    return "seal" not in status or seal.summary_holds(uid, status)


def check(stored: Stored) -> None:
    """Raises Edited. Costs a hash of what is stored in the object itself."""
    status = stored.status
    if not stored.seq:
        _check_unbegun(stored)
        return
    if "seal" not in status:
        _check_unsealed(stored)
        return
    written = seal.found(status)
    if written is None:
        raise Edited("status.seal is")
    truth = _truth(stored.uid, status, written)
    if truth is None:
        if _ended_by_its_history(status):
            return
        fields = ", ".join(f"status.{name}" for name in seal.SUMMARY)
        raise Edited(f"one of {fields} is")
    if truth.phase == "Running":
        _check_content(status, written)
    if truth != Truth(stored.phase, stored.settled):
        raise Edited("status.phase or status.settled is", truth)


def has_own_content(stored: Stored) -> bool:
    """Whether the checkpoint and the history are what Stepwright wrote there, also of one that has ended."""
    written = seal.found(stored.status)
    if written is None or not seal.summary_holds(stored.uid, stored.status):
        return False
    try:
        _check_content(stored.status, written)
    except Edited:
        return False
    return True


def _check_unbegun(stored: Stored) -> None:
    if any(stored.status.get(name) for name in _COMMITTED):
        raise Edited("status.seq is")
    if not seems_intact(stored.uid, stored.status):
        raise Edited("status.phase or status.settled is", Truth("Pending", settled=False))


def _check_content(status: Mapping[str, Any], written: seal.Seal) -> None:
    stored = {
        "status.checkpoint": (seal.of_checkpoint(seal.digests(status)), written.checkpoint),
        "status.history": (seal.of_history(seal.page(status)), written.history),
    }
    edited = [name for name, (is_, was) in stored.items() if is_ != was]
    if edited:
        raise Edited(f"{' and '.join(edited)} {'is' if len(edited) == 1 else 'are'}")


def _check_unsealed(stored: Stored) -> None:
    """The API server drops the seal if its CRDs are older than the operator, as in the middle of an upgrade.
    Then as much as possible is compared without it."""
    if stored.has_ended:
        return
    status = stored.status
    head = _json((status.get("checkpoint") or {}).get("head"))
    if head is None or head.get("ended") is not None:
        raise Edited("status.checkpoint or status.phase is")
    last = _json((status.get("history") or [None])[-1])
    if last is None or last.get("id") != head.get("lastEventId"):
        raise Edited("status.checkpoint or status.history is")


def _truth(uid: str, status: Mapping[str, Any], written: seal.Seal) -> Truth | None:
    """What phase and settled were when the seal was made; None if it was made for another seq, or another
    state machine: nothing shows which."""
    for phase, settled in product(get_args(Phase), (False, True)):
        said = {**status, "phase": phase, "settled": settled}
        if seal.sealed(uid, said, written.checkpoint, written.history) == written:
            return Truth(phase, settled)
    return None


def _ended_by_its_history(status: Mapping[str, Any]) -> bool:
    """Whether the last event says what the phase says. Then nothing is left to do."""
    end = _ENDS.get(status.get("phase") or "")
    events = status.get("history")
    if end is None or not events:
        return False
    last = _json(events[-1])
    return last is not None and last.get("type") == end


def _json(text: str | None) -> Mapping[str, Any] | None:
    """The object that a text holds, if it does."""
    try:
        value = msgspec.json.decode(text or "")
    except msgspec.DecodeError:
        return None
    return value if isinstance(value, dict) else None
