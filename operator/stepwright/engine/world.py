"""What all executions of an engine share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from stepwright.asl.limits import Limits
from stepwright.asl.signals import Break
from stepwright.asl.unusable import Unusable, known_later
from stepwright.engine.observer import Observer
from stepwright.engine.ports import Clock, Journal, Lease, TaskDriver, TokenIn, Uid
from stepwright.engine.stepping import Stepping
from stepwright.engine.steps import Steps
from stepwright.engine.timers import Timers
from stepwright.engine.turns import Turns


@dataclass(frozen=True, slots=True)
class World:
    journal: Journal
    drivers: Sequence[TaskDriver]
    clock: Clock
    timers: Timers
    lease: Lease
    seed: Callable[[], int]
    """A new random number for each step, 64 bits."""
    commit_id: Callable[[], str]
    starts: Turns
    """How many tasks may be starting at once."""
    ends: Turns
    """The same for tasks to be stopped or released: they do not wait behind starts."""
    loads: Turns
    """How many executions may be read at once."""
    parks_from_seconds: float
    """An execution that only waits, and for at least this long, leaves memory meanwhile."""
    instead: Callable[[Uid], Break | None]
    """The error with which an execution fails at its next transition, whatever that would be."""
    observer: Observer
    token: TokenIn
    unusable: Unusable = known_later
    limits: Limits = field(default_factory=Limits)
    steps: Steps = field(default_factory=lambda: Steps(Stepping()))
