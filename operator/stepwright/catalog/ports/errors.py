"""What a store refuses, and why: conditions that its faces put into words of their own."""

from __future__ import annotations


class NoSuchTask(Exception):  # noqa: N818 - it names a condition
    """The token is none that was ever given out, or its execution is unknown."""


class TaskOver(Exception):  # noqa: N818
    """The task of this token is no longer open: it has its result, timed out, or its execution has ended."""

    def __init__(self, activity: str | None = None) -> None:
        """``activity``: its ARN, where the task was one of an activity."""
        super().__init__(activity)
        self.activity = activity


class NotRedrivable(Exception):  # noqa: N818
    """The execution runs, has succeeded, its state machine was deleted, or nothing was kept that a redrive could go on
    from."""


class NoSuchCursor(Exception):  # noqa: N818
    """The cursor is none that this list has given out."""


class NoTestCase(Exception):  # noqa: N818
    """There is no test case of this name for the state machine, or it does not fit. The sentences say why."""


class MachineGone(Exception):  # noqa: N818
    """The state machine was deleted, or is being deleted."""


class CallRefused(Exception):  # noqa: N818 - what an API said
    """The API has refused a call; ``code`` is the exception's name, as AWS has it."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
