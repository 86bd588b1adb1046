"""Who makes the calls of tasks in one process: a driver for each integration that ``tasks.table`` has for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from stepwright.catalog.ports import Functions
from stepwright.engine.ports import TaskDriver, Uid
from stepwright.tasks import table
from stepwright.tasks.calls.as_jobs import JobAnswers, Jobs, PartlyJobs
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.calls.means import Means
from stepwright.tasks.functions import INVOKE
from stepwright.tasks.functions.plans import FunctionPlans
from stepwright.tasks.table import Process


def drivers(
    process: Process, means: Means, held: Callable[[Uid], bool] = lambda _: True
) -> tuple[CallDriver, ...]:
    """``held``: whether the process may act upon an execution at this moment."""
    return tuple(
        CallDriver(
            integration, means.clock, means.report, held=held, answers_tokens=table.answers_tokens(process)
        )
        for integration in table.integrations(process, means)
    )


def with_jobs(
    calls: Sequence[TaskDriver], functions: Functions, jobs: Jobs, answers: JobAnswers
) -> tuple[TaskDriver, ...]:
    """The same, but for functions, some of which run as Jobs. ``jobs`` reports to ``answers``."""
    return tuple(
        PartlyJobs(driver, jobs, answers, FunctionPlans(functions)) if driver.serves(INVOKE) else driver
        for driver in calls
    )


async def drain(calls: Sequence[CallDriver], seconds: float) -> None:
    """The process is about to end: start no call any more, and wait this long for the answers of those that were made."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(driver.drain() for driver in calls))


async def handed_over(calls: Sequence[CallDriver], seconds: float) -> None:
    """Other processes are about to continue some executions: wait this long for the answers of calls that begin something
    for these, so that it is found."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(driver.handed_over() for driver in calls))


async def close(calling: Sequence[CallDriver]) -> None:
    """Give up what is under way."""
    for driver in calling:
        await driver.close()
