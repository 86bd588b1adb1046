"""What can go wrong with a path: it is not valid (when compiled), or it leads nowhere (when evaluated)."""

from __future__ import annotations

from stepwright.asl.failure import causes
from stepwright.asl.failure.errors import RUNTIME, StateError
from stepwright.asl.json_types import Json


class InvalidPath(ValueError):  # noqa: N818 - it is a finding about the user's text
    """A text that is not a path. ``position`` counts characters from 0."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class Stopped(Exception):  # noqa: N818 - internal: becomes PathNotFound, which knows the path's text
    """Why the walk through the document stopped, in Jayway's words, which AWS puts into causes. They are
    passed as a function: a wildcard skips each item that has no such place, and then nobody reads why."""

    @property
    def reason(self) -> str:
        reason: str = self.args[0]()
        return reason


class NothingFound(Stopped):
    """There is no such place: a wildcard over a list skips to the next item, a comparison is false."""


class Inapplicable(Stopped):
    """The step is impossible there: the whole path fails, wherever in it this was."""


class TooCostly(Exception):  # noqa: N818 - internal: becomes a StateError that names the path
    """The walk has looked at more values than allowed, or found more than can be written."""


class PathNotFound(StateError):  # noqa: N818 - as StateError, what it is is said by its base
    """A path that finds nothing. Its cause is the one of InputPath and OutputPath (``causes.invalid_path``); other
    fields word theirs from ``path_text``, ``reason`` and ``document``."""

    def __init__(self, path_text: str, reason: str, document: Json) -> None:
        super().__init__(RUNTIME, causes.invalid_path(path_text, reason))
        self.path_text = path_text
        self.reason = reason
        self.document = document
