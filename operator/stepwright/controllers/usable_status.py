"""Writes into the status of a TaskTemplate or a Connection whether tasks can use it."""

from __future__ import annotations

import msgspec

from stepwright.cluster import conditions
from stepwright.cluster.conditions import Reason
from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.summarised import Metadata, Status
from stepwright.engine.ports import Clock
from stepwright.kube import timestamps
from stepwright.kube.api import MERGE_PATCH, Api
from stepwright.kube.api_errors import Conflict, NotFound
from stepwright.kube.paths import path_of


class UsableStatus:
    """Of the objects of one kind."""

    def __init__(self, api: Api, clock: Clock, plural: str) -> None:
        self._api = api
        self._clock = clock
        self._plural = plural

    async def report(self, metadata: Metadata, status: Status, reason: Reason, detail: str) -> None:
        """Of an object as it was seen, unless its status says so already. Raises ApiError."""
        before = [
            msgspec.to_builtins(each) | {"observedGeneration": each.observedGeneration or 0}
            for each in status.conditions
        ]
        after = conditions.of_usable(
            before,
            reason,
            now=timestamps.seconds(self._clock.now()),
            generation=metadata.generation,
            detail=detail,
        )
        if status.observedGeneration == metadata.generation and before == after:
            return
        patch = {
            "metadata": {"uid": metadata.uid, "resourceVersion": metadata.resourceVersion},
            "status": {"observedGeneration": metadata.generation, "conditions": after},
        }
        path = path_of(API_VERSION, self._plural, metadata.namespace, metadata.name, "status")
        try:
            await self._api.patch(path, patch, MERGE_PATCH, into=_Nothing)
        except (NotFound, Conflict):
            return  # changed or deleted: the next event shows


class _Nothing(msgspec.Struct):
    """The answer contains only what is known, so nothing of it is decoded."""
