"""What a store refuses, and why: conditions that faces put into their own words."""

from __future__ import annotations

from collections.abc import Sequence


class NoSuchTask(Exception):  # noqa: N818 - it names a condition
    """The token was never issued, or its execution is unknown."""


class TaskOver(Exception):  # noqa: N818
    """The task of this token is no longer open: it has its result, timed out, or its execution has ended."""

    def __init__(self, activity: str | None = None) -> None:
        """``activity``: the ARN, if it was an activity's task."""
        super().__init__(activity)
        self.activity = activity


class NotRedrivable(Exception):  # noqa: N818
    """The execution runs, has succeeded, its state machine was deleted, or nothing was kept from which a
    redrive could continue."""

    def __init__(self, reason: str | None = None) -> None:
        """``reason``: a sentence, if the execution itself does not show it."""
        super().__init__(reason)
        self.reason = reason


class NoSuchCursor(Exception):  # noqa: N818
    """The cursor was not issued by this list."""


class NoTestCase(Exception):  # noqa: N818
    """There is no test case of this name for the state machine, or it does not fit. The sentences say why."""


class NoSuchVersion(Exception):  # noqa: N818
    """An alias is to route to a version that is not there, or not any more."""

    def __init__(self, arn: str) -> None:
        super().__init__(arn)
        self.arn = arn


class VersionInUse(Exception):  # noqa: N818
    """Aliases route to the version that is to be deleted."""

    def __init__(self, aliases: Sequence[str]) -> None:
        """``aliases``: their names."""
        super().__init__(", ".join(aliases))
        self.aliases = aliases


class MachineGone(Exception):  # noqa: N818
    """The state machine was deleted, or is being deleted."""


class NoConnection(Exception):  # noqa: N818
    """Nothing is set up here for calls of this service, or not for this caller. The sentence says what is missing."""


class NoFunction(Exception):  # noqa: N818
    """Nothing stands for a function. The sentence says what to make."""


class FunctionUnfit(Exception):  # noqa: N818
    """What stands for a function cannot be called as it is set up now. The sentence says why."""


class NoLogs(Exception):  # noqa: N818
    """There is no log of a task, or not any more. The sentence says why."""


class NotAllowed(Exception):  # noqa: N818
    """The caller lacks a right. The sentence says which, and who gives it."""


class LimitReached(Exception):  # noqa: N818
    """There may be no more executions, of somebody or at all. The sentence says which limit."""


class NameTaken(Exception):  # noqa: N818
    """There is another execution of that name, which the caller cannot take for its own."""

    def __init__(self, arn: str) -> None:
        super().__init__(arn)
        self.arn = arn


class CallRefused(Exception):  # noqa: N818 - what an API said
    """The API has refused a call; ``code`` is the exception's name, as AWS has it. ``known``: whether it is an exception of
    this API, and not one that any of AWS's services may raise."""

    def __init__(self, code: str, message: str, status: int, *, known: bool = True) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.known = known
