"""Writes into the status of a StateMachine, a TaskTemplate or a Connection whether it can be used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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

    async def report(
        self,
        metadata: Metadata,
        status: Status,
        reason: Reason,
        detail: str,
        *,
        says: Mapping[str, Any] = {},
        said: Mapping[str, Any] = {},
    ) -> None:
        """Of an object as it was seen, unless its status says so already. ``says``: what it is to say besides, ``said``:
        what it says of that so far. Raises ApiError.

        The write is conditional on what was seen: otherwise a request that was long under way, or that a process sends
        after having been stopped, would undo what the next operator wrote about a newer object."""
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
        if status.observedGeneration == metadata.generation and before == after and said == says:
            return
        patch = {
            "metadata": {"uid": metadata.uid, "resourceVersion": metadata.resourceVersion},
            "status": {"observedGeneration": metadata.generation, "conditions": after, **says},
        }
        path = path_of(API_VERSION, self._plural, metadata.namespace, metadata.name, "status")
        try:
            await self._api.change(path, patch, MERGE_PATCH)
        except (NotFound, Conflict):
            return  # changed or deleted: the next event shows
