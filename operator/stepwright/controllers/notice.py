"""What some parts announce and others hear. It is made before both, so that neither has to know the other: executions wait for
state machines and state machines for executions, and whichever came first would have to be given the other one later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

P = ParamSpec("P")


class Notice(Generic[P]):
    """Calling it notifies all listeners at once, in the order in which they began to listen. For one loop."""

    def __init__(self) -> None:
        self._listeners: list[Callable[P, None]] = []

    def __call__(self, *told: P.args, **named: P.kwargs) -> None:
        for listener in self._listeners:
            listener(*told, **named)

    def listen(self, listener: Callable[P, None]) -> None:
        self._listeners.append(listener)
