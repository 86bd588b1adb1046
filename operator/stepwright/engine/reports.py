"""Where drivers report to. It is made before them and before the engines, so that neither has to know the other: an engine
starts tasks and drivers report, and whichever came first would have to be given the other one later.
"""

from __future__ import annotations

from typing import Protocol

from stepwright.engine.ports import Reported, Uid


class Listener(Protocol):
    def post(self, reported: Reported) -> None: ...


class Reports:
    """Called, it is an ``engine.ports.Report``, for the executions of all engines that were made with it."""

    def __init__(self) -> None:
        self._listeners: dict[Uid, Listener] = {}

    def __call__(self, uid: Uid, reported: Reported) -> None:
        """Nothing happens if no engine has the execution in memory."""
        listener = self._listeners.get(uid)
        if listener is not None:
            listener.post(reported)

    def listen(self, uid: Uid, listener: Listener) -> None:
        self._listeners[uid] = listener

    def leave(self, uid: Uid) -> None:
        del self._listeners[uid]
