"""Executions that have ended are deleted after their time, with all that they own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from stepwright.asl.signals import Millis, TimerId
from stepwright.cluster import executions, timestamps
from stepwright.cluster.api import Api, ApiError, Conflict, NotFound, path_of
from stepwright.cluster.executions import Body
from stepwright.cluster.resources import API_VERSION
from stepwright.controllers.state_machines import Key
from stepwright.engine.ports import Clock, Uid
from stepwright.engine.timers import Timers

log = structlog.get_logger(__name__)

_TIMER: Final = TimerId("retention")
_RETRY_MILLISECONDS: Final = 60_000


class Retention:
    """``default_of`` gives the seconds that the state machine says, None where ended executions stay."""

    def __init__(self, api: Api, clock: Clock, default_of: Callable[[Key], int | None]) -> None:
        self._api = api
        self._clock = clock
        self._default_of = default_of
        self._timers = Timers(clock, self._due)
        self._names: dict[Uid, Key] = {}
        self._deletions: set[asyncio.Task[None]] = set()

    def keep(self, body: Body) -> None:
        """An execution has ended: it stays until its time has passed."""
        uid, key = executions.uid_of(body), (body["metadata"]["namespace"], body["metadata"]["name"])
        seconds = body["spec"].get("ttlSecondsAfterFinished")
        if seconds is None:
            seconds = self._default_of((key[0], executions.state_machine_name(body)))
        end = (body.get("status") or {}).get("endTime")
        if seconds is None or end is None or uid in self._names:
            return
        self._names[uid] = key
        self._timers.set(uid, _TIMER, Millis(timestamps.millis(end) + seconds * 1000))

    def forget(self, uid: Uid) -> None:
        if self._names.pop(uid, None) is not None:
            self._timers.cancel(uid, _TIMER)

    async def run(self) -> None:
        await self._timers.run()

    def _due(self, uid: Uid, _timer: TimerId) -> None:
        task = asyncio.create_task(self._delete(uid))
        self._deletions.add(task)
        task.add_done_callback(self._deletions.discard)

    async def _delete(self, uid: Uid) -> None:
        namespace, name = self._names[uid]
        options = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        try:
            await self._api.delete(path_of(API_VERSION, "executions", namespace, name), options)
        except (NotFound, Conflict):
            pass  # gone already, or another one has its name now
        except ApiError as error:
            log.warning("ended execution not deleted", execution=f"{namespace}/{name}", reason=str(error))
            self._timers.set(uid, _TIMER, Millis(self._clock.now() + _RETRY_MILLISECONDS))
            return
        self._names.pop(uid, None)
