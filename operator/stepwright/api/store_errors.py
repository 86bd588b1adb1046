"""How a store's conditions are reported to the caller: one table for all operations.

Not here: those that mean one thing in one operation and another in the next (``MachineGone``, ``NotRedrivable``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from stepwright.api import errors
from stepwright.api.errors import ApiError
from stepwright.catalog.ports import (
    LimitReached,
    NameTaken,
    NoSuchCursor,
    NoSuchTask,
    NoSuchVersion,
    NotAllowed,
    NoTestCase,
    TaskOver,
)
from stepwright.engine.ports import Elsewhere, Fenced, Gone, Refused, Unavailable


def _changed(error: Exception) -> ApiError:
    """Somebody else was faster, which is nobody's fault: a retry gets the new state."""
    return errors.unavailable(f"it was changed by another request at the same time: {error}")


_ANSWERS: Final[Mapping[type[Exception], Callable[[Any], ApiError]]] = MappingProxyType(
    {
        Unavailable: lambda error: errors.unavailable(str(error)),
        Fenced: _changed,
        Gone: _changed,
        Elsewhere: lambda error: errors.unavailable(str(error)),
        # Unchanged, it will never succeed, however often it is repeated.
        Refused: lambda error: errors.validation(str(error)),
        NoSuchCursor: lambda _: errors.invalid_token(),
        NoSuchTask: lambda _: errors.invalid_token(),
        TaskOver: lambda over: errors.task_over(over.activity),
        NoSuchVersion: lambda error: errors.no_such_reference(error.arn),
        NoTestCase: lambda error: errors.validation(str(error)),
        NameTaken: lambda error: errors.execution_exists(error.arn),
        NotAllowed: lambda error: errors.not_allowed(str(error)),
        LimitReached: lambda error: errors.limit_reached(str(error)),
    }
)

CONDITIONS: Final = tuple(_ANSWERS)


def answer(condition: Exception) -> ApiError:
    """The answer to one of ``CONDITIONS``, or a subclass."""
    kind = next(kind for kind in type(condition).__mro__ if kind in _ANSWERS)
    return _ANSWERS[kind](condition)
