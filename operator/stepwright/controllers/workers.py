"""One worker for each state machine about which something is to be done. It works until the newest object needs nothing more,
however many events there were, and tries again after errors, later each time.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from stepwright.controllers.state_machine_watch import Key
from stepwright.engine import backoff
from stepwright.engine.nap import nap
from stepwright.engine.ports import Clock
from stepwright.kube.api_errors import ApiError

log = structlog.get_logger(__name__)


class Workers:
    """``work`` returns the seconds after which to look again; None for at the next change. ``delayed`` is called with what the API
    server answers instead."""

    def __init__(
        self,
        clock: Clock,
        *,
        work: Callable[[Key], Awaitable[float | None]],
        delayed: Callable[[Key, ApiError], Awaitable[None]],
    ) -> None:
        self._clock: Final = clock
        self._work: Final = work
        self._delayed: Final = delayed
        self._workers: dict[Key, asyncio.Task[None]] = {}
        self._changed: defaultdict[Key, asyncio.Event] = defaultdict(asyncio.Event)

    def __len__(self) -> int:
        return len(self._workers)

    def look_at(self, key: Key) -> None:
        """There is something new."""
        self._changed[key].set()
        if key not in self._workers:
            self._workers[key] = asyncio.create_task(
                self._until_done(key), name=f"state machine {key[0]}/{key[1]}"
            )

    def wait_no_longer(self, key: Key) -> None:
        """What its worker waits for may have happened."""
        self._changed[key].set()

    def have_news(self, key: Key) -> bool:
        """Whether something new has come since its worker began to look."""
        return self._changed[key].is_set()

    async def close(self) -> None:
        tasks = list(self._workers.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _until_done(self, key: Key) -> None:
        delays = backoff.delays(first=0.2, longest=30)
        try:
            while True:
                self._changed[key].clear()
                try:
                    again = await self._work(key)
                    delays = backoff.delays(first=0.2, longest=30)
                except ApiError as error:
                    again = next(delays)
                    log.warning("state machine waits", name="/".join(key), reason=str(error), retry=again)
                    await self._delayed(key, error)
                except Exception:
                    again = next(delays)
                    log.exception("state machine failed", name="/".join(key), retry=again)
                if again is None and not self._changed[key].is_set():
                    return
                await nap(self._clock, again or 0, self._changed[key])
        finally:
            del self._workers[key]
            self._changed.pop(key, None)
