"""What a person has to look at."""

from __future__ import annotations

from dataclasses import dataclass, field

from stepwright.asl.json_types import Pointer


@dataclass(frozen=True, slots=True)
class Remark:
    """``pointer``: in the state as it is then. ``is_done``: it was converted, but does not do quite the same."""

    pointer: Pointer
    message: str
    is_done: bool


class Unlike(Exception):  # noqa: N818 - internal: becomes a remark
    """There is nothing in JSONata that does the same. Its text says why."""


@dataclass(slots=True)
class Remarks:
    """Collects them."""

    found: list[Remark] = field(default_factory=list)

    def left(self, pointer: Pointer, text: str, why: str) -> None:
        self.found.append(Remark(pointer, f"{text} has to be written by hand: {why}", is_done=False))

    def doubtful(self, pointer: Pointer, message: str) -> None:
        self.found.append(Remark(pointer, message, is_done=True))
