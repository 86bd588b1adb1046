"""Decides what to do about a state machine next. The decision is made afresh each time, from what is seen and from what this
operator has to do with it: events may be missed, repeated or out of order.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final, NamedTuple

from stepwright.controllers.state_machine_watch import SeenMachine

FINALIZER: Final = "stepwright.dev/executions"
"""Holds one that is deleted until its executions have ended."""


class Act(Enum):
    READ_ANEW = auto()
    """A restore of etcd may have undone what is known and seen of it."""
    DRAIN = auto()
    """It is deleted: it goes once nothing runs on it."""
    LEARN = auto()
    """What is written about it counts: it belongs to another operator, or another installation has checked it, too."""
    HOLD = auto()
    """It is to wait for its executions when it is deleted; then it is decided again."""
    CHECK = auto()
    """Its definition, or what that depends on, is another than was checked."""
    PRUNE = auto()
    """Nothing, except that revisions which nobody needs may go."""


class Here(NamedTuple):
    """What this operator has to do with a state machine."""

    owned: bool
    """It belongs to this operator."""
    checked: bool
    """What is seen of it is this operator's own write, or a change that does not concern executions."""
    revision: str | None
    """The one that executions start with here."""
    in_doubt: bool = False
    """What is known and seen may be of a time that a restore of etcd has undone."""


def act_upon(seen: SeenMachine, here: Here) -> Act:
    if here.in_doubt:
        return Act.READ_ANEW
    if not here.owned:
        return Act.LEARN
    if seen.is_being_deleted:
        return Act.DRAIN
    if FINALIZER not in (seen.metadata.finalizers or ()):
        return Act.HOLD
    return once_held(seen, here)


def once_held(seen: SeenMachine, here: Here) -> Act:
    """Of one that belongs here and waits for its executions."""
    if not here.checked:
        return Act.CHECK
    return Act.PRUNE if here.revision == seen.status.revision else Act.LEARN
