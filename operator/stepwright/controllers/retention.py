"""Executions that have ended are deleted after their time, with all that they own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
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
_PAGE_SIZE: Final = 200


class _Metadata(msgspec.Struct):
    uid: Uid
    name: str


class _Reference(msgspec.Struct):
    name: str


class _Spec(msgspec.Struct):
    stateMachineRef: _Reference  # noqa: N815 - the field's name on the wire
    ttlSecondsAfterFinished: int | None = None  # noqa: N815


class _Status(msgspec.Struct):
    endTime: str | None = None  # noqa: N815
    settled: bool = False


class _Listed(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec
    status: _Status


@dataclass(frozen=True, slots=True)
class _Kept:
    """An execution that has ended. ``own_seconds``: its own word, None where the state machine's counts."""

    namespace: str
    name: str
    state_machine: str
    end: Millis
    own_seconds: int | None


class Retention:
    """``default_of`` gives the seconds that the state machine says, None where ended executions stay. ``owns`` tells
    which executions this operator is to delete."""

    def __init__(
        self,
        api: Api,
        clock: Clock,
        default_of: Callable[[Key], int | None],
        owns: Callable[[Uid], bool] = lambda _: True,
    ) -> None:
        self._api = api
        self._clock = clock
        self._default_of = default_of
        self._owns = owns
        self._timers = Timers(clock, self._due)
        self._kept: dict[Uid, _Kept] = {}
        self._deletions: set[asyncio.Task[None]] = set()

    def keep(self, body: Body) -> None:
        """An execution has ended: it stays until its time has passed."""
        end = (body.get("status") or {}).get("endTime")
        if end is not None:
            metadata = body["metadata"]
            kept = _Kept(
                metadata["namespace"],
                metadata["name"],
                executions.state_machine_name(body),
                timestamps.millis(end),
                body["spec"].get("ttlSecondsAfterFinished"),
            )
            self._arm(executions.uid_of(body), kept)

    async def machine_changed(self, key: Key) -> None:
        """A state machine says now how long its ended executions stay: this counts for those that are there, too.
        Nothing is remembered of executions that are to stay, so they are listed. Raises ApiError."""
        namespace, name = key
        path, selector = path_of(API_VERSION, "executions", namespace), f"spec.stateMachineRef.name={name}"
        async for items, _ in self._api.pages(path, {"fieldSelector": selector}, page_size=_PAGE_SIZE):
            for item in items:
                found = msgspec.json.decode(item, type=_Listed)
                if found.status.settled and found.status.endTime is not None:
                    end = timestamps.millis(found.status.endTime)
                    own_seconds = found.spec.ttlSecondsAfterFinished
                    kept = _Kept(namespace, found.metadata.name, name, end, own_seconds)
                    self._arm(found.metadata.uid, kept)

    def forget(self, uid: Uid) -> None:
        if self._kept.pop(uid, None) is not None:
            self._timers.cancel(uid, _TIMER)

    def keep_own(self) -> None:
        """Forget those that belong to other operators now."""
        for uid in [uid for uid in self._kept if not self._owns(uid)]:
            self.forget(uid)

    async def run(self) -> None:
        await self._timers.run()

    def _arm(self, uid: Uid, kept: _Kept) -> None:
        due = self._due_time(kept)
        if due is not None and self._owns(uid):
            self._kept[uid] = kept
            self._timers.set(uid, _TIMER, due)

    def _due_time(self, kept: _Kept) -> Millis | None:
        seconds = kept.own_seconds
        if seconds is None:
            seconds = self._default_of((kept.namespace, kept.state_machine))
        return None if seconds is None else Millis(kept.end + seconds * 1000)

    def _due(self, uid: Uid, _timer: TimerId) -> None:
        kept = self._kept.get(uid)
        if kept is None:
            return  # armed anew by a late event while its deletion was under way
        due = self._due_time(kept)
        if due is None:
            del self._kept[uid]  # the state machine has changed its mind, or is gone
        elif due > self._clock.now():
            self._timers.set(uid, _TIMER, due)
        else:
            task = asyncio.create_task(self._delete(uid, kept))
            self._deletions.add(task)
            task.add_done_callback(self._deletions.discard)

    async def _delete(self, uid: Uid, kept: _Kept) -> None:
        options = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        path = path_of(API_VERSION, "executions", kept.namespace, kept.name)
        try:
            await self._api.delete(path, options)
        except (NotFound, Conflict):
            pass  # gone already, or another one has its name now
        except ApiError as error:
            log.warning(
                "ended execution not deleted", execution=f"{kept.namespace}/{kept.name}", reason=str(error)
            )
            if uid in self._kept:  # else it was deleted meanwhile all the same
                self._timers.set(uid, _TIMER, Millis(self._clock.now() + _RETRY_MILLISECONDS))
            return
        self._kept.pop(uid, None)
