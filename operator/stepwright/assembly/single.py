"""One execution, run in this process and kept nowhere."""

from __future__ import annotations

import asyncio
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from stepwright.asl.checkpoint.checkpoint import Identity
from stepwright.asl.json_types import JsonText
from stepwright.asl.limits import STANDARD, Limits
from stepwright.asl.machine import Machine
from stepwright.asl.resource import Resource
from stepwright.asl.step import Outcome, Visit
from stepwright.assembly import calling
from stepwright.assembly.connection_files import OfFiles
from stepwright.assembly.connections import OfEnvironment, ServicesOfEnvironment
from stepwright.assembly.function_files import OfFiles as FunctionsOfFiles
from stepwright.assembly.function_files import Table
from stepwright.aws import environment as aws_environment
from stepwright.catalog.arns import Place
from stepwright.engine.alone import Held
from stepwright.engine.clock import SystemClock
from stepwright.engine.engine import Engine
from stepwright.engine.forgetting import ExpressJournal
from stepwright.engine.ports import Commit, ExecutionRef, Loaded, StopRequest, TaskDriver
from stepwright.engine.reports import Reports
from stepwright.mocks import names
from stepwright.mocks.answers import Script
from stepwright.mocks.driver import MockedDriver, OfOneExecution
from stepwright.tasks import table
from stepwright.tasks.calls.as_jobs import JobAnswers
from stepwright.tasks.calls.means import Means
from stepwright.tasks.processes import ProcessDriver, environment

_PLACE: Final = Place("123456789012", "us-east-1")


class Watching:
    """Implements ``engine.observer.Observer``: passes on the visits of states as they come and change."""

    def __init__(self, seen: Callable[[Visit], None]) -> None:
        self._seen = seen
        self.stall: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def committed(self, ref: ExecutionRef, commit: Commit) -> None:  # noqa: ARG002
        for visit in commit.visits:
            self._seen(visit)

    def stalled(self, ref: ExecutionRef, reason: str) -> None:  # noqa: ARG002
        self.stall.set_result(reason)

    def broke(self, ref: ExecutionRef) -> None:
        """It is tried again, or fails."""


async def run(
    machine: Machine,
    name: str,
    input: JsonText,
    seen: Callable[[Visit], None],
    stop: asyncio.Event,
    *,
    scripts: Mapping[str, Script] = MappingProxyType({}),
    settings: Mapping[str, Any] = MappingProxyType({}),
    container_engine: str | None = None,
    task_environment: Mapping[str, str] | None = None,
    connection_objects: OfFiles | None = None,
    functions: Table | None = None,
    files: Path | None = None,
    limits: Limits = STANDARD,
) -> Outcome:
    """Until it ends, or is asked to stop. Its processes are stopped with it.

    ``scripts`` answer the tasks of their states; ``settings`` is what the state machine says in addition to
    its definition. ``container_engine`` runs the containers of tasks that name an image; processes of the
    others get ``task_environment``. ``files``: the folder of those that ItemReaders may read.
    """
    journal, watching = ExpressJournal(), Watching(seen)
    finished = asyncio.Event()
    reports = Reports()
    loaded = _loaded(machine, name, input, settings)
    if task_environment is None:
        task_environment = environment.of_tasks()
    means = Means(
        SystemClock(),
        reports,
        connection_objects=connection_objects or OfFiles(),
        functions=FunctionsOfFiles(functions or {}, OfEnvironment()),
        services=ServicesOfEnvironment(aws_environment.region()),
        files=files,
        own_machine=True,
    )
    async with _drivers(means, container_engine, task_environment) as real:
        drivers = real
        if scripts:
            mocks = OfOneExecution(scripts, _resources(machine, scripts))
            drivers = (MockedDriver(mocks, real, reports), *real)
        engine = Engine(
            journal,
            drivers,
            Held(),
            observer=watching,
            limits=limits,
            finished=lambda _ref: finished.set(),
            unusable=table.unusable,
            reports=reports,
        )
        running = asyncio.create_task(engine.run())
        ended = journal.add(loaded)
        engine.adopt(loaded)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((ended, stopping, watching.stall), return_when=asyncio.FIRST_COMPLETED)
        if watching.stall.done():
            outcome = Outcome("FAILED", error="States.Runtime", cause=watching.stall.result())
        else:
            if not ended.done():
                engine.stop_execution(loaded.ref.uid, StopRequest())
            outcome, _ = await ended
        await finished.wait()  # what runs for it is being stopped
        stopping.cancel()
        running.cancel()
        await asyncio.gather(running, stopping, return_exceptions=True)
    return outcome


@asynccontextmanager
async def _drivers(
    means: Means, container_engine: str | None, task_environment: Mapping[str, str]
) -> AsyncIterator[tuple[TaskDriver, ...]]:
    calls = calling.drivers("run", means)
    answers = JobAnswers(means.report)
    with tempfile.TemporaryDirectory(prefix="stepwright-") as folder:
        processes = ProcessDriver(
            Path(folder), means.clock, answers, container_engine, environment=task_environment
        )
        try:
            yield processes, *calling.with_jobs(calls, means.functions, processes, answers)
        finally:
            await calling.close(calls)


def _resources(machine: Machine, scripts: Mapping[str, Script]) -> frozenset[Resource]:
    """The Resources of what is mocked."""
    return frozenset(task.resource for name, task in names.of_machine(machine).items() if name in scripts)


def _loaded(machine: Machine, name: str, input: JsonText, settings: Mapping[str, Any]) -> Loaded:
    uid = str(uuid.uuid4())
    identity = Identity(
        uid=uid,
        execution_id=_PLACE.execution(name, uid),
        name=uid,
        role_arn=f"arn:aws:iam::{_PLACE.account}:role/stepwright",
        state_machine_id=_PLACE.state_machine(name),
        state_machine_name=name,
    )
    return Loaded(ExecutionRef.of(identity, "local", settings), identity, machine, input, 0, {})
