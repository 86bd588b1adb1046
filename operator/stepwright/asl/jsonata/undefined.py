"""The value that a path gives when it leads nowhere; JSON's null is ``None``."""

from __future__ import annotations

from typing import Final


class Undefined:
    __slots__ = ()

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED: Final = Undefined()
