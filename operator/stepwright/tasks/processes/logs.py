"""Logs of tasks that run as processes, or containers, of this machine: implements ``catalog.ports.TaskLogs``."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Collection, Mapping
from pathlib import Path
from typing import IO, Final

from stepwright.asl.signals import TaskId
from stepwright.catalog.ports import LogLine, LogSource, NoLogs
from stepwright.catalog.records import Execution
from stepwright.engine.ports import Uid
from stepwright.tasks.job.log_lines import LogLines
from stepwright.tasks.processes.kept_logs import LARGEST_FILE_BYTES, MOST_BYTES, KeptLogs, written_in
from stepwright.tasks.processes.workplace import Workplace

POLL_SECONDS: Final = 0.25

_PIECE_BYTES: Final = 64 * 1024


class ProcessLogs:
    """``folder``: that of the workplaces."""

    def __init__(self, folder: Path, kept: KeptLogs) -> None:
        self._folder = folder
        self._kept = kept

    async def sources(
        self, execution: Execution, tasks: Collection[TaskId]
    ) -> Mapping[TaskId, tuple[LogSource, ...]]:
        found = {task: sources for task in tasks if (sources := self._sources(execution.uid, task))}
        if not found:
            raise NoLogs(
                "There is no log. Only what runs as a process or a container of this machine writes one; of those that are over "
                f"the newest {MOST_BYTES // 2**20} MiB are kept, if they have written anything."
            )
        return found

    async def lines(
        self, execution: Execution, task: TaskId, source: str, tail: int, *, follow: bool
    ) -> AsyncGenerator[tuple[LogLine, ...], None]:
        place = self._place(execution.uid, task)
        file = next((file for file in self._written(place) if file.name == source), None)
        if file is None:
            raise NoLogs("This task has no such log, or it was deleted.")
        try:
            stream = file.open("rb")
        except OSError:  # the task has just ended
            raise NoLogs("The log has just gone: ask for it again.") from None
        with stream:
            lines, goes_on = LogLines(timed=False), follow and not _is_over(place)
            before = lines.of(_end(stream))
            if not goes_on:
                before += lines.rest()
            if shown := before[max(0, len(before) - tail) :]:
                yield shown
            while goes_on:
                # In this order: what it has written is complete when it is over.
                goes_on = not _is_over(place)
                while piece := stream.read(_PIECE_BYTES):
                    if more := lines.of(piece):
                        yield more
                    await asyncio.sleep(0)
                if goes_on:
                    await asyncio.sleep(POLL_SECONDS)
                elif rest := lines.rest():
                    yield rest

    def _sources(self, uid: Uid, task: TaskId) -> tuple[LogSource, ...]:
        place = self._place(uid, task)
        runs = place.exists and place.exit_code is None
        return tuple(
            LogSource(file.name, file.name, None, runs)
            for file in self._written(place)
            if runs or file.stat().st_size
        )

    def _written(self, place: Workplace) -> list[Path]:
        kept = self._kept.of(place.folder.name)
        return written_in(place.folder if kept is None else kept)

    def _place(self, uid: Uid, task: TaskId) -> Workplace:
        return Workplace(self._folder / f"{uid}-{task}")


def _is_over(place: Workplace) -> bool:
    return place.exit_code is not None or not place.exists


def _end(stream: IO[bytes]) -> bytes:
    """As much as is kept of a log: more lines than are asked for."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - LARGEST_FILE_BYTES))
    end = stream.read(LARGEST_FILE_BYTES)
    return end if size <= LARGEST_FILE_BYTES else end.partition(b"\n")[2] or end
