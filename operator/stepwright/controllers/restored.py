"""Executions that etcd has in an earlier state than they had already: they continue from there, and what came after it
never happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from stepwright.controllers.failure_events import FailureEvents
from stepwright.controllers.stalled import Stalled
from stepwright.engine.engine import Engine
from stepwright.engine.ports import ExecutionRef, TaskDriver

log = structlog.get_logger(__name__)


class Restored:
    def __init__(
        self, engine: Engine, drivers: Sequence[TaskDriver], stalled: Stalled, failures: FailureEvents
    ) -> None:
        self._engine: Final = engine
        self._drivers: Final = drivers
        self._stalled: Final = stalled
        self._failures: Final = failures

    def note(self, ref: ExecutionRef, was: int, now: int) -> None:
        """``was``, ``now``: the numbers of the newest commit made and of the one stored; 0 before the first. What the
        drivers know about its tasks never happened."""
        log.warning("execution was restored", execution=str(ref), newest=was, restored=now)
        for driver in self._drivers:
            driver.let_go(ref.uid)
        if now:
            self._engine.restate(ref.uid)
        else:
            self._stalled.begins_again(ref.uid)
        if was:  # otherwise only what it was to run is lost
            self._failures.restored(ref, was, now)
