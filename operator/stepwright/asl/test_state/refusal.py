"""What is refused before anything runs."""

from __future__ import annotations


class Refused(ValueError):  # noqa: N818 - it is a finding about the request
    """``code``: AWS's exception, ValidationException or InvalidDefinition. Its text is AWS's message."""

    def __init__(self, message: str, code: str = "ValidationException") -> None:
        super().__init__(message)
        self.code = code
