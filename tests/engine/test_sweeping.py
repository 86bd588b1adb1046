"""What should not run for an execution is stopped by each driver, whatever happens to others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from stepwright.asl.signals import TaskId
from stepwright.engine.insisting import OutOfDate
from stepwright.engine.ports import ExecutionRef, Uid, Unavailable
from stepwright.engine.sweeping import Sweeping
from tests.engine.memory import MemoryDriver, MemoryJournal
from tests.engine.virtual_loop import VirtualClock, run

REF = ExecutionRef(Uid("uid-1"), "default", "run-1", "machine")


class Failing(MemoryDriver):
    def __init__(self, failure: Exception) -> None:
        super().__init__()
        self._failure = failure

    async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:  # noqa: ARG002
        self.stopped.append(TaskId(0))
        if len(self.stopped) == 1 or not isinstance(self._failure, Unavailable):
            raise self._failure


class Noting(MemoryDriver):
    def __init__(self) -> None:
        super().__init__()
        self.sweeps: list[frozenset[TaskId]] = []

    async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:  # noqa: ARG002
        self.sweeps.append(wanted)


def sweeping(*drivers: MemoryDriver) -> Sweeping:
    async def within(_: float) -> bool:
        return True

    world: Any = SimpleNamespace(drivers=drivers, clock=VirtualClock(), journal=MemoryJournal())
    holding: Any = SimpleNamespace(held=True, within=within)
    return Sweeping(world, holding)


@pytest.mark.parametrize(
    ("failure", "raised"), [(KeyError("a defect"), KeyError), (Unavailable("away"), OutOfDate)]
)
def test_a_driver_that_cannot_sweep_keeps_no_other_from_it(
    failure: Exception, raised: type[Exception]
) -> None:
    """Those after it left what they ran for the execution."""

    async def main() -> None:
        before, after = Noting(), Noting()
        with pytest.raises(raised):
            await sweeping(before, Failing(failure), after).beyond(REF, frozenset({TaskId(5)}))

        assert before.sweeps == after.sweeps == [frozenset({5})]

    run(main)


def test_a_defect_is_told_though_another_driver_is_only_away() -> None:
    async def main() -> None:
        with pytest.raises(KeyError):
            await sweeping(Failing(Unavailable("away")), Failing(KeyError("a defect"))).beyond(
                REF, frozenset()
            )

    run(main)


@pytest.mark.parametrize("failure", [KeyError("a defect"), Unavailable("away")])
def test_what_runs_for_an_execution_that_is_gone_is_stopped_by_all_who_can(failure: Exception) -> None:
    async def main() -> None:
        after = Noting()
        with capture_logs() as logged:
            assert await sweeping(Failing(failure), after).gone(REF)

        assert after.sweeps == [frozenset()]
        assert len(logged) == 1

    run(main)
