"""The shape that all intrinsic functions share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stepwright.asl.data import Randomness
from stepwright.asl.json_types import Json

__all__ = ["Function", "Randomness"]


@dataclass(frozen=True, slots=True)
class Function:
    """``call`` takes the argument values and the randomness of the step; it raises ``Unfit``.

    ``most`` None: any number of arguments.
    """

    call: Callable[[Sequence[Json], Randomness], Json]
    least: int
    most: int | None
