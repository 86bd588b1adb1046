"""Connections: whether tasks can use them, as their status says, as far as can be said without reading a Secret.

Tasks need nothing of this: they go by the Connections themselves. The status is for people.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog

from stepwright.cluster import conditions
from stepwright.cluster.conditions import Reason
from stepwright.cluster.connections import PLURAL, ClusterConnections, Connection
from stepwright.controllers.usable_status import UsableStatus
from stepwright.engine.nap import nap
from stepwright.engine.ports import Clock, Uid
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError
from stepwright.tasks import table
from stepwright.tasks.calls.connection_parts import BadConnection

log = structlog.get_logger(__name__)

AGAIN_SECONDS: Final = 10.0
"""After a status could not be written."""


class Connections:
    """Level-triggered: ``look_at`` says where something may be different, ``look_at_all`` that anything may.
    ``owns``: whether a uid is this process's."""

    def __init__(
        self, api: Api, clock: Clock, known: ClusterConnections, *, owns: Callable[[Uid], bool]
    ) -> None:
        self._status = UsableStatus(api, clock, PLURAL)
        self._clock = clock
        self._known = known
        self._owns = owns
        self._waiting: set[tuple[str, str]] = set()
        self._changed = asyncio.Event()

    def look_at(self, connection: Connection) -> None:
        self._waiting.add((connection.metadata.namespace, connection.metadata.name))
        self._changed.set()

    def look_at_all(self) -> None:
        for connection in self._known.objects.all():
            self.look_at(connection)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            if self._waiting:
                await nap(self._clock, AGAIN_SECONDS, self._changed)
            else:
                await self._changed.wait()
            self._changed.clear()
            keys, self._waiting = self._waiting, set()
            for key in keys:
                connection = self._known.objects.get(*key)
                if connection is None or not self._owns(Uid(connection.metadata.uid)):
                    continue
                try:
                    await self._report(connection)
                except ApiError as error:
                    log.info("a Connection's status could not be written", reason=str(error))
                    self._waiting.add(key)

    async def _report(self, connection: Connection) -> None:
        reason, detail = verdict(connection.spec)
        await self._status.report(connection.metadata, connection.status, reason, detail)


def verdict(spec: Mapping[str, Any]) -> tuple[Reason, str]:
    """A reason, and what more there is to say."""
    try:
        table.check_connection(spec)
    except BadConnection as bad:
        return conditions.BAD_CONNECTION, str(bad)
    if not spec.get("serviceAccountName") and _asks_as_an_account(spec):
        return conditions.NO_ACCOUNT, ""
    return conditions.USABLE, ""


def _asks_as_an_account(spec: Any) -> bool:
    if isinstance(spec, Mapping):
        named = {"secretKeyRef", "serviceAccountToken", "webIdentity"}
        return bool(named & spec.keys()) or any(map(_asks_as_an_account, spec.values()))
    return isinstance(spec, list) and any(map(_asks_as_an_account, spec))
