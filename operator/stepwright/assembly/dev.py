"""The embedded system put together: database, engine, task drivers, API."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from stepwright.api import server
from stepwright.api.line import Line
from stepwright.api.own_calls import of_any_task
from stepwright.api.regions import Regions
from stepwright.api.service import Service
from stepwright.api.signatures import Key, Keys
from stepwright.asl.limits import EXPRESS, STANDARD, Limits
from stepwright.assembly import calling, connections, process
from stepwright.assembly.connection_files import OfFiles
from stepwright.assembly.connections import OfEnvironment, ServicesOfEnvironment
from stepwright.assembly.console import console
from stepwright.assembly.embedded import Embedded, activity_driver
from stepwright.assembly.function_files import OfFiles as FunctionsOfFiles
from stepwright.assembly.function_files import Table
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller
from stepwright.console import face
from stepwright.engine.clock import SystemClock
from stepwright.engine.garbage import Garbage
from stepwright.engine.ports import TaskDriver
from stepwright.engine.reports import Reports
from stepwright.files.checkout import Checkout
from stepwright.http import listening
from stepwright.http.connection import Handler
from stepwright.http.names import Names
from stepwright.mocks.config_file import MockFile
from stepwright.mocks.driver import MockedDriver
from stepwright.mocks.test_cases import MockTestCases
from stepwright.sql.database import Database
from stepwright.sql.database import InUse as InUse  # noqa: PLC0414 - for whoever serves
from stepwright.sql.shards import SqlShards
from stepwright.sql.test_cases import SqlTestCases
from stepwright.tasks.calls.as_jobs import JobAnswers
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.calls.means import Means
from stepwright.tasks.functions.integration import UNREACHABLE
from stepwright.tasks.functions.of_lambda import SERVICE
from stepwright.tasks.processes import ProcessDriver, environment
from stepwright.tasks.processes.kept_logs import KeptLogs
from stepwright.tasks.processes.logs import ProcessLogs

log = structlog.get_logger(__name__)

LOOPBACKS: Final = ("127.0.0.1", "::1")
ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
"""The region of requests that are not signed for one."""

DRAIN_SECONDS: Final = 6.0
"""How long calls under way are waited for, once the process is told to end: a container is killed after 10 s."""
LAST_WRITES_SECONDS: Final = 2.0
"""How long what came of them is waited for then."""

_NOBODY_ELSE: Final = 0o077
"""Files and folders are for this user alone: they hold inputs and outputs. Tasks get the original umask."""


@dataclass(frozen=True, slots=True)
class Options:
    """``folder`` keeps everything. ``hosts``: addresses to listen on. ``host_names``: what clients may call them.
    ``secrets`` by access key; None lets everybody in. ``container_engine`` runs the containers of tasks that name an
    image. ``processes``: whether tasks without one run as processes, which get ``task_environment``. ``region``: of all
    requests, whatever they are signed for."""

    folder: Path
    port: int
    hosts: Sequence[str] = LOOPBACKS
    host_names: Sequence[str] = ()
    secrets: Mapping[str, str] | None = None
    container_engine: str | None = None
    processes: bool = True
    task_environment: Mapping[str, str] = field(default_factory=environment.of_tasks)
    account: str = ACCOUNT
    region: str | None = None
    standard: Limits = STANDARD
    express: Limits = EXPRESS
    connection_objects: OfFiles = field(default_factory=OfFiles)
    functions: Table | None = None
    """What stands for them; all others, and all of them without it, are Lambda's."""
    aws: connections.Calls = "emulator"
    """Whoever may call this server may have tasks call AWS: with its user's credentials only if that one says so."""
    files: Path | None = None
    """The folder of those that ItemReaders may read."""
    keeps_visits: bool = True
    """Whether visits of states are stored."""
    mocks: MockFile | None = None
    """Its test cases answer the tasks of executions that are started with one."""
    console: bool = True
    edit: Path | None = None
    """The folder whose definitions the console may change."""


async def serve(
    options: Options, tell: Callable[[str], None], show: Callable[[str], None] | None = None
) -> None:
    """Until SIGTERM or SIGINT. ``tell`` is given sentences, ``show`` the console's address. Raises InUse, OSError."""
    _allow_many_connections()
    stopped = process.begin()
    umask = os.umask(_NOBODY_ELSE)
    database = await Database.open(options.folder)
    try:
        parts = await _put_together(options, database, umask)
        running = asyncio.create_task(parts.run(), name="executions")
        looking = asyncio.create_task(Garbage().run(), name="garbage")
        web, bound = await listening.start(_handler(options, parts), options.hosts, options.port)
        stopping = asyncio.create_task(stopped.wait(), name="stop")
        address = f"http://{_shown(options.hosts[0])}:{bound}"
        tell(f"Stepwright serves AWS Step Functions on {address} and keeps its data in {options.folder}")
        if options.console:
            tell(f"Its console is at {address}{face.PREFIX}/")
            if show is not None:
                show(f"{address}{face.PREFIX}/")
        if (lacking := connections.lacking(SERVICE, options.aws)) is not None:
            log.warning(UNREACHABLE, reason=lacking)
        await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
        await web.cleanup()
        await parts.drain()
        stopping.cancel()
        looking.cancel()
        if running.done():
            running.result()
        running.cancel()
        await asyncio.gather(running, looking, return_exceptions=True)
        await parts.close()
    finally:
        await database.close()


@dataclass(frozen=True, slots=True)
class _Parts:
    here: Embedded
    service: Service
    line: Line
    """On which tasks call what ``service`` serves."""
    calls: Sequence[CallDriver]
    logs: ProcessLogs

    async def run(self) -> None:
        """Until cancelled, or until one of them fails."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.here.run(), name="engines")
            group.create_task(self.line.answer(of_any_task(self.service)), name="calls of tasks to the API")

    async def drain(self) -> None:
        """Before ``run`` is cancelled: record what tasks have called for, which would be called again otherwise."""
        await calling.drain(self.calls, DRAIN_SECONDS)
        await self.here.all_written(LAST_WRITES_SECONDS)

    async def close(self) -> None:
        await calling.close(self.calls)
        await self.here.machines.deletions.close()


async def _put_together(options: Options, database: Database, umask: int) -> _Parts:
    """Drivers before the engines that start tasks with them, and these before the API that starts executions."""
    clock, reports, line = SystemClock(), Reports(), Line()
    answers = JobAnswers(reports)
    places, kept_logs = options.folder / "tasks", KeptLogs(options.folder / "logs")
    processes = ProcessDriver(
        places,
        clock,
        answers,
        options.container_engine,
        processes=options.processes,
        environment=options.task_environment,
        umask=umask,
        kept_logs=kept_logs if options.console else None,
    )
    work = activity_driver(database, reports)
    await work.recall()
    shards = SqlShards(database, clock)
    means = Means(
        clock,
        reports,
        connection_objects=options.connection_objects,
        functions=FunctionsOfFiles(options.functions or {}, OfEnvironment(options.aws)),
        services=ServicesOfEnvironment(calls=options.aws),
        step_functions=line,
        shards=shards,
        files=options.files,
        own_machine=True,
    )
    calls = calling.drivers("dev", means)
    drivers: tuple[TaskDriver, ...] = (
        processes,
        work,
        *calling.with_jobs(calls, means.functions, processes, answers),
    )
    test_cases = MockTestCases(SqlTestCases(database), options.mocks)
    if options.mocks:
        drivers = (MockedDriver(test_cases, drivers, reports), *drivers)
    here = Embedded(
        database,
        clock,
        drivers,
        reports,
        test_cases,
        options.standard,
        options.express,
        shards,
        keeps_visits=options.keeps_visits,
    )
    service = here.service(
        work,
        Place(options.account, options.region or REGION),
        new_id=lambda: str(uuid.uuid4()),
        chance=random.SystemRandom().random,
    )
    return _Parts(here, service, line, calls, ProcessLogs(places, kept_logs))


def _handler(options: Options, parts: _Parts) -> Handler:
    service = parts.service
    names = Names.of((*map(_shown, options.hosts), *options.host_names))
    regions = Regions(service.place.region, fixed=options.region is not None)
    keys = _keys(options)
    senders = server.BySignature(service.caller, regions, service.clock, keys)
    api = server.handler(server.sharing(service), senders, names)
    if not options.console:
        return api
    checkout = None if options.edit is None else Checkout(options.edit)
    logs = parts.logs
    return console(service, parts.here, regions, names, keys, "dev", logs=logs, checkout=checkout).before(api)


def _keys(options: Options) -> Keys | None:
    """All of them belong to the one account."""
    if options.secrets is None:
        return None
    return {key: Key(secret, Caller(options.account, key)) for key, secret in options.secrets.items()}


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _allow_many_connections() -> None:
    """Each idle connection is an open file; the usual limit is 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if most == resource.RLIM_INFINITY else min(65_536, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
