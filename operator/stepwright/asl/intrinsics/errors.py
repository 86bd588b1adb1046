"""What can go wrong with an intrinsic function: it does not exist (when compiled), or its arguments do not
fit (when evaluated)."""

from __future__ import annotations


class InvalidIntrinsic(ValueError):  # noqa: N818 - it is a finding about the user's text
    """A text that is not a call of an intrinsic function. ``position`` counts characters from 0."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class Unfit(Exception):  # noqa: N818 - internal: becomes a StateError that quotes the whole call
    """A function refuses its arguments; the reason is a sentence for people."""
