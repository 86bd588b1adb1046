"""Who makes the calls of tasks in one process: a driver for each integration that ``tasks.table`` has for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import structlog

from stepwright.asl.resource import parse
from stepwright.catalog.ports import ConnectionObjects, Functions
from stepwright.engine.ports import TaskDriver, Uid
from stepwright.tasks import table
from stepwright.tasks.aws.mapped.plans import MappedJobs
from stepwright.tasks.calls.as_jobs import JobAnswers, Jobs, PartlyJobs, Work
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.calls.means import Means
from stepwright.tasks.functions import INVOKE
from stepwright.tasks.functions.plans import FunctionPlans
from stepwright.tasks.table import Process

log = structlog.get_logger(__name__)

_BATCH: Final = parse("arn:aws:states:::batch:submitJob.sync")


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
    calls: Sequence[TaskDriver],
    functions: Functions,
    jobs: Jobs,
    answers: JobAnswers,
    connections: ConnectionObjects | None = None,
    work: Work | None = None,
) -> tuple[TaskDriver, ...]:
    """The same, but for functions and what ``connections`` say of AWS's jobs, some of which run as Jobs, or are taken by workers.
    ``jobs`` and ``work`` report to ``answers``."""

    def partly(driver: TaskDriver) -> TaskDriver:
        if driver.serves(INVOKE):
            return PartlyJobs(driver, jobs, answers, FunctionPlans(functions), work)
        if connections is not None and driver.serves(_BATCH):
            return PartlyJobs(driver, jobs, answers, MappedJobs(connections, functions))
        return driver

    return tuple(map(partly, calls))


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


async def close(calls: Sequence[CallDriver]) -> None:
    """Give up what is under way. A driver that cannot be closed keeps no other from it."""
    for driver in calls:
        try:
            await driver.close()
        except Exception:
            log.exception("a driver cannot be closed")
