"""Work that needs requests, done in the background; a task is not judged again until what its result needs is
read."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from stepwright.tasks.job.watched import Watched


class Errands:
    def __init__(self, log: Any) -> None:
        self._log = log
        self._under_way: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._under_way)

    def run(self, work: Coroutine[Any, Any, None], watched: Watched | None = None) -> None:
        """``watched``: the task that is not to be judged until then."""
        task = asyncio.create_task(self._guarded(work, watched))
        if watched is not None:
            watched.busy = task
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        task.add_done_callback(lambda _: work.close())  # cancelled before it began, it would never be awaited

    def close(self) -> None:
        for task in self._under_way:
            task.cancel()

    async def _guarded(self, work: Coroutine[Any, Any, None], watched: Watched | None) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the next audit looks at the task again
            who = watched.who if watched is not None else {}
            self._log.exception("a Job could not be looked after", **who, error=str(error))
        finally:
            # It may have led to other work, or the task may have been stopped meanwhile.
            if watched is not None and watched.busy is asyncio.current_task():
                watched.busy = None
