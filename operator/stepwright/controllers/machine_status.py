"""Writes to a StateMachine: the result of checking it, and its finalizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from stepwright.asl.diagnostics import Diagnostic
from stepwright.cluster import conditions, diagnostics
from stepwright.cluster.resources import API_VERSION
from stepwright.controllers.state_machine_watch import Key, SeenMachine
from stepwright.engine.ports import Clock
from stepwright.kube import timestamps
from stepwright.kube.api import MERGE_PATCH, Api
from stepwright.kube.api_errors import Conflict, NotFound
from stepwright.kube.paths import path_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of checking a StateMachine, for its status. ``revision`` None: nothing can start.
    ``shown``: the diagnostics in the status so far, if they were read."""

    reason: conditions.Reason
    detail: str = ""
    revision: str | None = None
    found: tuple[Diagnostic, ...] = ()
    shown: Sequence[Mapping[str, Any]] | None = None


class MachineStatus:
    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock

    async def report(self, key: Key, seen: SeenMachine, verdict: Verdict) -> None:
        """Write it into the status, unless it is there already."""
        generation, before = seen.metadata.generation, seen.conditions()
        now = timestamps.seconds(self._clock.now())
        after = conditions.of_usable(
            before, verdict.reason, now=now, generation=generation, detail=verdict.detail
        )
        listed = diagnostics.stored(verdict.found)
        said = (seen.status.observedGeneration, seen.status.revision, before)
        if said == (generation, verdict.revision, after) and verdict.shown in (None, listed):
            return
        new = {
            "observedGeneration": generation,
            "conditions": after,
            "diagnostics": listed,
            # None, in a merge patch, removes it: nothing can start with the former one.
            "revision": verdict.revision,
        }
        try:
            metadata = {"uid": seen.metadata.uid, "resourceVersion": seen.metadata.resourceVersion}
            # Conditional on what was checked: otherwise a request that was long under way, or that a process
            # sends after having been stopped, would undo what the next operator wrote about a newer
            # definition.
            patch = {"metadata": metadata, "status": new}
            await self._api.patch(path_of_machine(key, "status"), patch, MERGE_PATCH)
        except (NotFound, Conflict):
            return  # changed or deleted: the next event will show

    async def set_finalizers(self, key: Key, seen: SeenMachine, finalizers: list[str]) -> None:
        """On condition of the resourceVersion: the list is replaced whole. Raises Conflict, NotFound."""
        patch = {"metadata": {"resourceVersion": seen.metadata.resourceVersion, "finalizers": finalizers}}
        await self._api.patch(path_of_machine(key), patch, MERGE_PATCH, into=_Nothing)


class _Nothing(msgspec.Struct):
    """The answer contains only what is known, so nothing of it is decoded."""


def path_of_machine(key: Key, subresource: str | None = None) -> str:
    return path_of(API_VERSION, "statemachines", key[0], key[1], subresource)
