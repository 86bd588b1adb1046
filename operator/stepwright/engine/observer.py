"""Observers of what the engine has done: metrics, logs. They are called after the commit and change
nothing."""

from __future__ import annotations

from typing import Protocol

from stepwright.engine.ports import Commit, ExecutionRef


class Observer(Protocol):
    def committed(self, ref: ExecutionRef, commit: Commit) -> None: ...

    def stalled(self, ref: ExecutionRef, reason: str) -> None:
        """The execution cannot continue until somebody intervenes."""

    def broke(self, ref: ExecutionRef) -> None:
        """The engine itself failed on the execution, which is tried again or fails; the log has the error."""


class Unobserved:
    def committed(self, ref: ExecutionRef, commit: Commit) -> None:
        pass

    def stalled(self, ref: ExecutionRef, reason: str) -> None:
        pass

    def broke(self, ref: ExecutionRef) -> None:
        pass
