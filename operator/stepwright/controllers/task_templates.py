"""TaskTemplates: whether tasks can call them, as their status says.

Tasks need nothing of this: they go by the templates and Services themselves. The status is for people.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from stepwright.cluster import conditions, task_templates
from stepwright.cluster.functions import ClusterFunctions
from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.task_templates import Template
from stepwright.engine.nap import nap
from stepwright.engine.ports import Clock, Uid
from stepwright.kube import timestamps
from stepwright.kube.api import MERGE_PATCH, Api
from stepwright.kube.api_errors import ApiError, Conflict, NotFound
from stepwright.kube.paths import path_of

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
        self._api = api
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
        metadata = template.metadata
        reason, detail = task_templates.verdict(template, self._functions.seen(metadata.namespace))
        before = [
            msgspec.to_builtins(each) | {"observedGeneration": each.observedGeneration or 0}
            for each in template.status.conditions
        ]
        after = conditions.of_task_template(
            before,
            reason,
            now=timestamps.seconds(self._clock.now()),
            generation=metadata.generation,
            detail=detail,
        )
        if template.status.observedGeneration == metadata.generation and before == after:
            return
        patch = {
            "metadata": {"uid": metadata.uid, "resourceVersion": metadata.resourceVersion},
            "status": {"observedGeneration": metadata.generation, "conditions": after},
        }
        path = path_of(API_VERSION, "tasktemplates", metadata.namespace, metadata.name, "status")
        try:
            await self._api.patch(path, patch, MERGE_PATCH, into=_Nothing)
        except (NotFound, Conflict):
            return  # changed or deleted: the next event shows


class _Nothing(msgspec.Struct):
    """The answer contains only what is known, so nothing of it is decoded."""
