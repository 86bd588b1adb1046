"""Files whose text cannot be read as JSON or YAML."""

from __future__ import annotations


class Unreadable(Exception):  # noqa: N818 - about the user's text
    """Not YAML, or YAML that has no JSON value."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
