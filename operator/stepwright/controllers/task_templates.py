"""TaskTemplates: whether tasks can call them, as their status says.

Tasks need nothing of this: they go by the templates and Services themselves. The status is for people.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from stepwright.cluster import task_templates
from stepwright.cluster.functions import ClusterFunctions
from stepwright.cluster.task_templates import Template
from stepwright.controllers.usable_status import UsableStatus
from stepwright.engine.nap import nap
from stepwright.engine.ports import Clock, Uid
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError

log = structlog.get_logger(__name__)

GATHERS_SECONDS: Final = 0.2
"""Changes that come together are looked at together: a Service and its TaskTemplate, all of a list."""
AGAIN_SECONDS: Final = 10.0
"""After a status could not be written."""


class TaskTemplates:
    """Level-triggered: ``look_at`` says where something may be different. ``owns``: whether a uid is this process's."""

    def __init__(
        self, api: Api, clock: Clock, functions: ClusterFunctions, *, owns: Callable[[Uid], bool]
    ) -> None:
        self._status = UsableStatus(api, clock, "tasktemplates")
        self._clock = clock
        self._functions = functions
        self._owns = owns
        self._namespaces: set[str | None] = set()
        self._changed = asyncio.Event()

    def look_at(self, namespace: str | None) -> None:
        """At those in a namespace, or all of them."""
        self._namespaces.add(namespace)
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        await self._functions.services.synced.wait()  # until then, none of them is known to be there
        again = False
        while True:
            if again:
                await nap(self._clock, AGAIN_SECONDS, self._changed)
            else:
                await self._changed.wait()
            await self._clock.sleep(GATHERS_SECONDS)
            self._changed.clear()
            namespaces, self._namespaces = self._namespaces, set()
            failed = await self._report_all(namespaces)
            again = bool(failed)
            self._namespaces |= failed

    async def _report_all(self, namespaces: set[str | None]) -> set[str]:
        """Returns where it failed."""
        failed: set[str] = set()
        for template in self._functions.templates.all():
            namespace = template.metadata.namespace
            if (None in namespaces or namespace in namespaces) and self._owns(Uid(template.metadata.uid)):
                try:
                    await self._report(template)
                except ApiError as error:
                    log.info("a TaskTemplate's status could not be written", reason=str(error))
                    failed.add(namespace)
        return failed

    async def _report(self, template: Template) -> None:
        reason, detail = task_templates.verdict(template, self._functions.seen(template.metadata.namespace))
        await self._status.report(template.metadata, template.status, reason, detail)
