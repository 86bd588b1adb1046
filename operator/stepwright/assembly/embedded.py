"""Everything that lives in one database, put together: what ``stepwright dev`` serves, without its drivers and its API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final

from stepwright.api.service import Service
from stepwright.asl.limits import EXPRESS, STANDARD, Limits
from stepwright.assembly.access import Unrestricted
from stepwright.assembly.serving import Drivers
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import TestCases, Work
from stepwright.engine.beside import Beside
from stepwright.engine.express import Express
from stepwright.engine.ports import Clock, ExecutionRef, Report, TaskDriver
from stepwright.engine.reports import Reports
from stepwright.sql.activities import SqlActivities
from stepwright.sql.answers import SqlAnswers
from stepwright.sql.database import NAMESPACE, Database
from stepwright.sql.execution_rows import SqlExecutionRows
from stepwright.sql.executions import SqlExecutions
from stepwright.sql.express import SqlExpress
from stepwright.sql.journal import SqlJournal
from stepwright.sql.machines import SqlMachines
from stepwright.sql.map_runs import SqlMapRuns
from stepwright.sql.overviews import SqlOverviews
from stepwright.sql.shards import SqlShards
from stepwright.sql.starting import Starting
from stepwright.sql.versions import SqlVersions
from stepwright.sql.visits import SqlVisits
from stepwright.tasks import table
from stepwright.tasks.activities.driver import ActivityDriver

SHARD_ITEMS: Final = 1_000
"""Of how many items a distributed Map runs in the checkpoint of its execution, and how many each of its shards has otherwise."""

COMPUTING_SHARDS: Final = 2
"""One computes while the other reads its items or writes its results."""

_EXECUTIONS: Final = "executions"
"""At the thread all executions together count as one client, and take turns among themselves."""


def activity_driver(database: Database, report: Report) -> ActivityDriver:
    """Hands out the tasks of the activities in a database."""
    return ActivityDriver(SqlActivities(database), partial(database.tokens.make, NAMESPACE), report)


class Embedded:
    """The ports of ``catalog.ports`` as attributes. ``drivers`` report to ``reports``; one of them may run ``shards``.
    ``keeps_visits``: see ``SqlJournal``."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        drivers: Sequence[TaskDriver],
        reports: Reports,
        test_cases: TestCases,
        limits: Limits = STANDARD,
        express_limits: Limits = EXPRESS,
        shards: SqlShards | None = None,
        *,
        keeps_visits: bool = True,
    ) -> None:
        self._clock = clock
        self._drivers = drivers
        if shards is not None and limits.shard_items is None:
            limits = replace(limits, shard_items=SHARD_ITEMS, computing_shards=COMPUTING_SHARDS)
        self._beside = Beside()
        """Does everything that takes long, with turns by connection and by state machine."""
        aside = partial(self._beside.call, whose=_EXECUTIONS)
        self.journal = journal = SqlJournal(database, self._beside, keeps_visits=keeps_visits)
        self.machines = SqlMachines(database)
        starting = Starting(self.machines, journal.machine, test_cases)
        self.executions = SqlExecutions(
            database,
            journal,
            self.machines,
            starting,
            test_cases,
            clock,
            drivers,
            limits,
            aside,
            _state_machine,
            reports,
            table.unusable,
            shards,
        )
        self._express = Express(
            drivers,
            clock,
            express_limits,
            aside,
            _state_machine,
            finished=lambda ref: test_cases.forget(ref.uid),
            token=database.tokens.make,
            unusable=table.unusable,
            reports=reports,
        )
        self.express = SqlExpress(starting, self._express)
        self.answers = SqlAnswers(database, self.executions)
        self.versions = SqlVersions(database, self.machines.known)
        self.activities = SqlActivities(database)
        self.map_runs = SqlMapRuns(database, self.executions.tell)
        self.visits = SqlVisits(database)
        self.watching = self.executions.watchers
        self.execution_rows = SqlExecutionRows(database)
        self.overviews = SqlOverviews(database)

    def service(
        self, work: Work, place: Place, new_id: Callable[[], str], chance: Callable[[], float]
    ) -> Service:
        """The ports that the AWS API uses."""
        return Service(
            machines=self.machines,
            executions=self.executions,
            express=self.express,
            answers=self.answers,
            versions=self.versions,
            activities=self.activities,
            work=work,
            map_runs=self.map_runs,
            access=Unrestricted(),
            clock=self._clock,
            caller=Caller(place.account),
            place=place,
            new_id=new_id,
            chance=chance,
            new_task_check=partial(table.check_for, {}),
            installation=Drivers(self._drivers),
            beside=self._beside,
        )

    async def all_written(self, seconds: float) -> None:
        """Wait this long until what was reported of Standard executions is written."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.executions.all_written()

    async def run(self) -> None:
        """Take up what was running when the last process ended, and carry everything until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.executions.run(), name="Standard executions")
            group.create_task(self._express.run(), name="Express executions")


def _state_machine(ref: ExecutionRef) -> str:
    return ref.state_machine
