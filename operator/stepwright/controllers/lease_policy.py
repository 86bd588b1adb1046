"""What an operator does about its own Lease, and about the Leases of others: decided from what it knows at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from stepwright.controllers.standing import View
from stepwright.engine.ports import ExecutionRef

RENEWALS: Final = 8
"""How often a Lease is renewed within its duration."""
SHORTEST_REST_SECONDS: Final = 0.2
MOST_SKEW_SECONDS: Final = 5.0
"""An operator whose clock differs from the API server's by more does not act: its time-outs and timestamps
would be wrong."""


@dataclass(frozen=True, slots=True)
class Own:
    """An operator's own Lease and clock."""

    is_there: bool
    """The Lease was seen to be stored."""
    counts: bool
    """It is renewed, by all clocks."""
    skew_seconds: float = 0.0
    """By how much the operator's clock is ahead of the API server's."""

    @property
    def skewed(self) -> bool:
        return abs(self.skew_seconds) > MOST_SKEW_SECONDS

    @property
    def valid(self) -> bool:
        """Whether the operator may act on what its view gives it."""
        return self.counts and not self.skewed

    @property
    def obstacle(self) -> str | None:
        """Why it may not, for people; None if it may."""
        if self.skewed:
            ahead = "ahead of" if self.skew_seconds > 0 else "behind"
            return (
                f"the clock is {abs(self.skew_seconds):.0f} s {ahead} the API server's: nothing is done until "
                f"they differ by {MOST_SKEW_SECONDS:.0f} s or less"
            )
        if not self.is_there:
            return "it has no Lease yet"
        return None if self.counts else "its Lease has run out and could not be renewed"


@dataclass(frozen=True, slots=True)
class Loop:
    """The loop that acts, and what the Lease says about it."""

    hung: bool = False
    """It has not turned for so long that others should take over what it holds."""
    suspect: ExecutionRef | None = None
    """The execution whose step holds it for long."""
    noted: ExecutionRef | None = None
    """The one that the Lease names."""


class Begin(Enum):
    """How a round begins."""

    REST = auto()
    """Not at all: others should take over what this operator holds."""
    RENEW = auto()
    """With a renewal of what was published last; then the Leases are read."""
    READ = auto()


class Next(Enum):
    """What follows once the Leases were read."""

    REST = auto()
    """Nor is the Lease renewed: those who can act should take over what is held here."""
    KEEP = auto()
    """What is published is so: nothing is given away."""
    PUBLISH = auto()
    """Other members than published: release what they get, publish them, and read again."""


def begin(own: Own, loop: Loop, since_renewal: float, duration: float) -> Begin:
    """``since_renewal``: seconds since the newest was sent."""
    if loop.hung:
        return Begin.REST
    due = loop.suspect != loop.noted or since_renewal >= duration / RENEWALS
    return Begin.RENEW if own.is_there and not own.skewed and due else Begin.READ


def after_reading(own: Own, published: View, members: View) -> Next:
    """``published``: stored, or the newest on its way."""
    if own.skewed:
        return Next.REST
    return Next.KEEP if own.is_there and published == members else Next.PUBLISH


def is_dead(own: Own, *, lapsed: bool) -> bool:
    """Whether another operator is, whose Lease has not changed for its duration (``lapsed``). Who may not act itself
    cannot say so."""
    return lapsed and own.valid


def rest_seconds(own: Own, duration: float, next_lapses_in: float) -> float:
    """The time until the next round: a renewal, or the expiry of a Lease that is not renewed."""
    if not own.valid:
        return duration / RENEWALS
    return min(duration / RENEWALS, max(SHORTEST_REST_SECONDS, next_lapses_in))
