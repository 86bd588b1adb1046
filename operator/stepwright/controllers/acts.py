"""Decides what to do about an execution whenever something is seen of it. The decision is made afresh each
time, from what is seen and from what this operator has to do with it: events may be missed, repeated or out
of order.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from stepwright.controllers.execution_watch import TOUCHED, Seen


class Act(Enum):
    FORGET = auto()
    """It is deleted."""
    FIND_OUT = auto()
    """It is deleted, or has left the list of those under way while the watch was away, having settled."""
    LEAVE_TO_NEIGHBOUR = auto()
    """Another installation runs it."""
    LEAVE = auto()
    """It belongs to another operator of this installation."""
    PUT_OFF = auto()
    """It is considered again once nobody here is busy with it."""
    LET_GO = auto()
    """It must be quarantined, but the engine still has it."""
    SET_APART = auto()
    """Operators died under it: it is examined, not taken up."""
    COMPARE = auto()
    """Somebody may have edited the status of an execution that runs here; the engine knows better."""
    END = auto()
    """It has ended, and nothing of it runs any more."""
    REDRIVE = auto()
    """So it has, and somebody wants it to go on."""
    GO_ON = auto()
    """It runs here; somebody may have changed its spec."""
    WAIT = auto()
    """It still waits for its state machine."""
    BEGIN = auto()
    """It is taken up: started, continued, or failed."""
    NOTHING = auto()
    """It was given up, and has not changed since; others are about to write what it begins with; or it is quarantined and would
    go on."""


class Here(NamedTuple):
    """What this operator has to do with an execution."""

    owned: bool
    """It belongs to this operator."""
    elsewhere: bool
    """What is seen of it was written by another installation."""
    carried: bool
    """The engine runs it."""
    ending: bool
    """The engine has seen it end, and cleans up after it."""
    set_apart: bool
    """It is quarantined."""
    busy: bool
    """It is being read, started, failed, acknowledged or let go of this moment."""
    waiting: bool
    """It waits for its state machine."""
    given_up: bool
    """Nothing can be done about what is seen."""


def act_upon(type: str, seen: Seen, here: Here) -> Act:
    """``type``: what has happened, as in ``execution_watch.Observe``."""
    if seen.metadata.deletionTimestamp is not None:
        return Act.FORGET
    if type == "DELETED":
        return Act.FIND_OUT if here.carried or here.busy else Act.FORGET
    if here.elsewhere and not here.carried:
        return Act.LEAVE_TO_NEIGHBOUR
    if not here.owned:
        return Act.LEAVE
    if here.set_apart and not seen.has_ended:
        return _apart(here)
    if seems_back(seen, ending=here.ending):
        return Act.PUT_OFF
    if here.carried and (type == TOUCHED or not seen.seems_intact):
        return Act.COMPARE
    if seen.is_settled:
        return _redriven(here) if seen.is_to_be_redriven else Act.END
    if here.carried:
        return Act.GO_ON
    return _not_carried(seen, here)


def _redriven(here: Here) -> Act:
    if here.busy or here.carried:
        return Act.PUT_OFF
    return Act.NOTHING if here.given_up or here.set_apart else Act.REDRIVE


def seems_back(seen: Seen, *, ending: bool) -> bool:
    """Whether it is under way although it has ended here: etcd was restored to a time before its end, or the
    event of the end is on its way."""
    return ending and not seen.has_ended


def _apart(here: Here) -> Act:
    if here.busy:
        return Act.PUT_OFF
    return Act.LET_GO if here.carried else Act.SET_APART


def _not_carried(seen: Seen, here: Here) -> Act:
    if here.busy:
        return Act.PUT_OFF
    if seen.is_shard and seen.pinned is None and seen.stop_request is None:
        return Act.NOTHING  # whoever has created it writes what it begins with
    # One that has begun, elsewhere or before etcd was restored, no longer waits for its state machine.
    if here.waiting and seen.stop_request is None and seen.pinned is None:
        return Act.WAIT
    return Act.NOTHING if here.given_up else Act.BEGIN
