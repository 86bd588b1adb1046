"""Tasks as processes, or as containers of Docker or Podman: the port that the engine calls."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import structlog

from stepwright.asl.failure.errors import RUNTIME, StateError
from stepwright.asl.resource import Resource
from stepwright.asl.signals import (
    Signal,
    TaskFailed,
    TaskId,
    TaskStarted,
    TaskSubmitted,
)
from stepwright.asl.step import CancelTask, StartTask
from stepwright.asl.text import jsontext
from stepwright.engine.ports import Clock, ExecutionRef, Report, Uid
from stepwright.tasks import job
from stepwright.tasks.by_execution import ByExecution
from stepwright.tasks.job import errors
from stepwright.tasks.job.errors import refused
from stepwright.tasks.processes import command, containers, ending
from stepwright.tasks.processes.group import ProcessGroup
from stepwright.tasks.processes.kept_logs import KeptLogs
from stepwright.tasks.processes.workplace import Workplace

log = structlog.get_logger(__name__)

POLL_SECONDS: Final = 0.2
"""How often a process is checked if the system does not report its end."""

REAP_SECONDS: Final = 0.02

GRACE_SECONDS: Final = 5.0
"""How long a task and its children have after SIGTERM, and killed processes to disappear."""


_NO_PROCESSES: Final = "Tasks do not run as processes here (--no-processes). Give an image, and start Stepwright with --containers."


class ProcessDriver:
    """Implements ``engine.ports.TaskDriver``. ``folder`` holds a workplace for each task. ``engine``: what runs the
    containers of tasks that name an image; None: they are processes, too. ``processes``: whether there are any.
    ``environment`` of processes, to which their definitions add; ``umask``, where it is not this process's own. ``kept_logs``:
    where what they wrote goes when they are over; None: nowhere."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        report: Report,
        engine: str | None = None,
        *,
        processes: bool = True,
        environment: Mapping[str, str],
        umask: int = -1,
        kept_logs: KeptLogs | None = None,
    ) -> None:
        self._engine = engine
        self._processes = processes
        self._environment = environment
        self._umask = umask
        self._kept_logs = kept_logs
        self._folder = folder
        self._clock = clock
        self._report = report
        self._watched: ByExecution[asyncio.Task[None]] = ByExecution()
        self._ended: ByExecution[Signal] = ByExecution()
        self._begun: ByExecution[subprocess.Popen[bytes]] = ByExecution()
        self._known = _known(folder)

    def serves(self, resource: Resource) -> bool:
        return job.serves(resource)

    def shown_as(self, ref: ExecutionRef, task: TaskId) -> str | None:  # noqa: ARG002
        return None

    def holds(self, uid: Uid) -> bool:
        return self._known.holds(uid)

    def began(self, ref: ExecutionRef, task: TaskId) -> bool:
        """Whether there is a process of this task, or was one that left its workplace."""
        return (ref.uid, task) in self._known

    def let_go(self, uid: Uid) -> None:
        for task in self._watched.of(uid):
            self._watched.pop((uid, task)).cancel()
        for task in self._ended.of(uid):
            del self._ended[uid, task]
        for task in self._begun.of(uid):
            del self._begun[uid, task]

    def runs_on(self, ref: ExecutionRef, task: TaskId) -> bool:  # noqa: ARG002
        return False

    async def start(self, ref: ExecutionRef, task: StartTask, *, again: bool) -> None:  # noqa: ARG002
        key = (ref.uid, task.task)
        if key in self._ended:
            self._report(ref.uid, self._ended[key])
        if key in self._ended or key in self._watched:
            return
        place = self._place(ref.uid, task.task)
        process = None
        try:
            wanted = command.read(task, ref.settings, containers=self._engine is not None)
            if not place.began:
                if wanted.image is None and not self._processes:
                    raise refused(_NO_PROCESSES)
                process = self._begun[key] = self._begin(place, wanted)
        except StateError as error:
            self._end(key, TaskFailed(task.task, error.error, error.cause))
            return
        except (
            OSError,
            ValueError,
        ) as error:  # words too long or not of text, no more processes, a full disk
            cause = f"The process could not be started: {error}"
            self._end(key, TaskFailed(task.task, errors.REFUSED, cause))
            return
        self._known[key] = None
        if task.submitted is None:
            name = place.folder.name
            self._report(ref.uid, TaskStarted(task.task))
            self._report(ref.uid, TaskSubmitted(task.task, {"jobName": name, "jobUid": name}))
        watching = asyncio.create_task(self._follow(key, place, process, wanted), name=f"task of {ref}")
        self._watched[key] = watching
        watching.add_done_callback(lambda _: self._watched.pop(key, None))

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        await self._end_process(ref.uid, task.task)

    def keeps_stops(self, resource: Resource) -> bool:  # noqa: ARG002
        return False

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        self._forget(ref.uid, task)

    async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
        for task in set(self._known.of(ref.uid)) - wanted:
            await self._end_process(ref.uid, task)

    async def _end_process(self, uid: Uid, task: TaskId) -> None:
        watching = self._watched.pop((uid, task), None)
        if watching is not None:
            watching.cancel()
        await self._stop(uid, task)

    async def _follow(
        self,
        key: tuple[Uid, TaskId],
        place: Workplace,
        process: subprocess.Popen[bytes] | None,
        wanted: command.Command,
    ) -> None:
        """Follows the task to its end, which is reported whatever happens."""
        try:
            result = await self._watch(key[1], place, process, wanted)
        except Exception as error:
            log.exception("a task cannot be followed", execution=key[0], task=key[1])
            cause = f"What became of the task could not be read ({type(error).__name__}); the log says more."
            result = TaskFailed(key[1], RUNTIME, cause)
        self._end(key, result)

    async def _watch(
        self,
        task: TaskId,
        place: Workplace,
        process: subprocess.Popen[bytes] | None,
        wanted: command.Command,
    ) -> Signal:
        while process is not None and process.poll() is None:
            await self._until_gone(process.pid)
        while (number := place.pid) is not None and place.runs:
            await self._until_gone(number)
        return await ending.of(task, place, wanted)

    def _begin(self, place: Workplace, wanted: command.Command) -> subprocess.Popen[bytes]:
        """In its own session, so that it outlives Stepwright and is stopped with all its children."""
        text, engine = jsontext.dump(wanted.input), self._engine
        if wanted.image is None or engine is None:
            place.prepare(text)
            words, environment = wanted.words, place.environment(self._environment, wanted.environment)
            if wanted.indexes is not None:
                words = place.for_each_index(words, wanted.indexes, last_lines=wanted.output == "stdout")
        else:
            place.prepare_container(engine, text)
            name = _container_name(place)
            words = containers.command_line(
                engine, name, wanted.image, wanted.environment, place.input_file, place.output_file
            )
            environment = dict(os.environ)  # the engine's client may need any of it; the container sees none
        return subprocess.Popen(  # noqa: S603 - its purpose is to run what the definition's author wrote
            place.command_line(words),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            umask=self._umask,
        )

    async def _until_gone(self, number: int) -> None:
        """Waits until the process of this id has ended, or for a moment if the system cannot report that."""
        try:
            descriptor = os.pidfd_open(number)
        except (AttributeError, OSError):  # not Linux, or gone by now
            await self._clock.sleep(POLL_SECONDS)
            return
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        loop.add_reader(descriptor, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    def _end(self, key: tuple[Uid, TaskId], result: Signal) -> None:
        self._ended[key] = result
        self._report(key[0], result)

    async def _stop(self, uid: Uid, task: TaskId) -> None:
        place = self._place(uid, task)
        engine = place.engine
        if engine is not None:  # killing its client would leave the container running
            await containers.stop(engine, _container_name(place))
        await self._end_all((uid, task), place)
        self._forget(uid, task)

    async def _end_all(self, key: tuple[Uid, TaskId], place: Workplace) -> None:
        """Returns when nothing that the task began runs any more, or nothing that can be stopped."""
        process = self._begun.get(key)
        # Until its end has been waited for, its process id is its own, already noted or not.
        group = ProcessGroup(process.pid) if process and process.returncode is None else place.group
        if group is None:
            return
        group.signal(signal.SIGTERM)
        await self._until_ended(group, POLL_SECONDS)
        group.signal(signal.SIGKILL)
        await self._until_ended(group, REAP_SECONDS)
        while process is not None and process.poll() is None:
            await self._clock.sleep(REAP_SECONDS)

    async def _until_ended(self, group: ProcessGroup, poll_seconds: float) -> None:
        waited = 0.0
        while group.lives and waited < GRACE_SECONDS:
            await self._clock.sleep(poll_seconds)
            waited += poll_seconds

    def _forget(self, uid: Uid, task: TaskId) -> None:
        place = self._place(uid, task)
        if self._kept_logs is not None:
            self._kept_logs.keep(place.folder)
        place.remove()
        self._known.pop((uid, task), None)
        self._ended.pop((uid, task), None)
        self._begun.pop((uid, task), None)

    def _place(self, uid: Uid, task: TaskId) -> Workplace:
        return Workplace(self._folder / f"{uid}-{task}")


def _known(folder: Path) -> ByExecution[None]:
    """The tasks of which earlier processes left workplaces."""
    known: ByExecution[None] = ByExecution()
    for path in folder.iterdir() if folder.is_dir() else ():
        uid, _, number = path.name.rpartition("-")
        if uid and number.isascii() and number.isdigit():
            known[Uid(uid), TaskId(int(number))] = None
    return known


def _container_name(place: Workplace) -> str:
    return f"stepwright-{place.folder.name}"
