"""Decides which executions pass from one operator to another whenever operators come or go. It is decided afresh each time,
from what the watch has of an execution and from what this operator has to do with it.
"""

from __future__ import annotations

from typing import NamedTuple

from stepwright.controllers.acts import seems_back
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.suspects import Suspect


class Held(NamedTuple):
    """What this operator has to do with an execution."""

    owned: bool
    """It belongs to this operator."""
    carried: bool = False
    """The engine runs it."""
    ending: bool = False
    """The engine has seen it end, and cleans up after it."""
    waiting: bool = False
    """It waits for its state machine."""
    taken_up: bool = False
    """It is being read, started, failed or acknowledged."""


def is_released(*, owned: bool, to_examine: bool) -> bool:
    """Of one about which something is done here. ``to_examine``: it is quarantined, so that everything else has to end."""
    return to_examine or not owned


def is_taken_up(listed: Seen, newest: Seen | None, held: Held) -> bool:
    """``listed``: what the watch had when this began; ``newest``: what it has under the same name by now."""
    if newest is None or newest.uid != listed.uid or not held.owned:
        return False
    carried = held.carried and not seems_back(newest, ending=held.ending)
    return not (carried or held.waiting or held.taken_up)


def is_cleared(suspect: Suspect, seen: Seen | None, *, owned: bool) -> bool:
    """Whether the record of deaths under an execution is of no more use: it has ended, or is gone. ``seen``: what the watch
    has under its name."""
    under_way = seen is not None and seen.uid == suspect.ref.uid and seen.status.endTime is None
    return owned and not under_way
