"""What a step may cost, and what it has cost so far.

One meter goes through all states, fields, Choice rules and Map items of a step. It counts work, not time, so that an
execution ends in the same way on every machine: a unit is about a microsecond (a value looked at, a call, a few hundred
characters written). A step that has spent its share ends between two states; a state that spends all that a
single one may spend fails. A caller that must not be held up sets a ``patience``.
"""

from __future__ import annotations

from typing import Final, NoReturn

from stepwright.asl.failure import causes
from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, RUNTIME, StateError

PER_STEP: Final = 50_000
"""The share of a step: about a twentieth of a second."""

PER_STATE: Final = 2_000_000
"""The share of a single state, or of the start of one iteration of a Map. Twice what one expression or path
may cost: AWS bounds those by time, and documents no bound for a state."""

MOST_HELD: Final = 32 * 1024 * 1024
"""The approximate bytes that all expressions of a state may make together, until its output is written. AWS's
largest payload has 256 KiB."""

PER_TRANSITION: Final = 20

LITTLE: Final = 1_000
"""Cheaper states share one state's budget: counting separately for each would cost more."""


class Overspent(StateError):  # noqa: N818 - as StateError, what it is is said by its base
    """A state has used up the budget of a single state."""

    def __init__(self) -> None:
        super().__init__(RUNTIME, causes.state_too_costly())


class TakesLong(Exception):  # noqa: N818 - a condition
    """The step exceeds its patience. The same step without a patience comes to its end."""


class Meter:
    """``left``: what may still be spent until something must be decided. Frequent small spenders may subtract
    from it without checking: the next one that checks decides."""

    __slots__ = (
        "_before",
        "_given",
        "_patience",
        "_per_state",
        "_per_step",
        "full_at",
        "held",
        "left",
        "renewed_at",
    )

    def __init__(
        self, per_state: int = PER_STATE, patience: int | None = None, per_step: int = PER_STEP
    ) -> None:
        self._per_state = per_state
        self._per_step = per_step
        self._patience = patience
        self._before = self.held = 0
        given = per_state if patience is None or patience > per_state else patience
        self._given = self.left = given
        self.full_at = given - per_step
        """If no more than this is left, the step has had its share."""
        self.renewed_at = given - LITTLE
        """If no more than this is left, the next state needs a new budget."""

    @property
    def spent(self) -> int:
        """By the whole step."""
        return self._before + self._given - self.left

    @property
    def is_impatient(self) -> bool:
        """Whether it is patience that ends first."""
        return self._given < self._per_state

    def begin_state(self) -> None:
        """Another state begins, with its own full budget."""
        before = self._before = self._before + self._given - self.left
        given = self._per_state
        patience = self._patience
        if patience is not None and patience - before < given:
            given = patience - before
        self._given = self.left = given
        self.held = 0
        self.full_at = before + given - self._per_step
        self.renewed_at = given - LITTLE

    def spend(self, units: int) -> None:
        """To be called before the work. Raises ``Overspent`` and ``TakesLong``: asking for more than is left
        spends it."""
        if units > self.left:
            self.run_out()
        self.left -= units

    def run_out(self) -> NoReturn:
        self.left = min(self.left, 0)
        if self.is_impatient:
            raise TakesLong
        raise Overspent

    def hold(self, size: int) -> None:
        """So many bytes more are kept until the state is left. Raises States.DataLimitExceeded."""
        self.held += size
        if self.held > MOST_HELD:
            raise StateError(DATA_LIMIT_EXCEEDED, causes.value_too_large())
