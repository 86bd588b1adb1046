"""Integrations whose library is an optional install: where it is not there, their tasks say so, and everything else runs."""

from __future__ import annotations

from collections.abc import Callable

from stepwright.asl.failure.errors import RUNTIME
from stepwright.asl.resource import Resource
from stepwright.tasks.calls.at_once import AtOnce
from stepwright.tasks.calls.integration import Again, Answered, Call, CallFailed, Integration


def made(extra: str, library: str, make: Callable[[], Integration]) -> Integration:
    """What ``make`` returns, which imports ``library``; if that is not there, what says so."""
    try:
        return make()
    except ModuleNotFoundError as lacking:
        if (lacking.name or "").partition(".")[0] != library:
            raise
        return _Lacking(extra, library)


class _Lacking(AtOnce):
    """Implements ``tasks.calls.integration.Integration``: each task fails, and its cause says what to install."""

    def __init__(self, extra: str, library: str) -> None:
        self._extra = extra
        self._library = library

    def serves(self, resource: Resource) -> bool:  # noqa: ARG002
        return True

    def again(self, call: Call) -> Again:  # noqa: ARG002
        return Again.HARMLESS

    def lost(self, call: Call) -> CallFailed:
        return CallFailed(
            RUNTIME,
            f"{call.task.resource} needs {self._library}, which is not installed: pip install 'stepwright-asl[{self._extra}]'",
        )

    async def begin(self, call: Call) -> Answered:
        raise self.lost(call)
