"""Who makes the calls of tasks in one process: a driver for each integration that ``tasks.table`` has for it."""

from __future__ import annotations

from collections.abc import Sequence

from stepwright.engine.ports import Report
from stepwright.tasks import table
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.calls.means import Means
from stepwright.tasks.table import Process


def drivers(process: Process, means: Means, report: Report) -> tuple[CallDriver, ...]:
    return tuple(
        CallDriver(integration, means.clock, report) for integration in table.integrations(process, means)
    )


async def close(calling: Sequence[CallDriver]) -> None:
    """Give up what is under way."""
    for driver in calling:
        await driver.close()
