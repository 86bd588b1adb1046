"""Writes to a StateMachine: the result of checking it, and its finalizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stepwright.asl.diagnostics import Diagnostic
from stepwright.cluster import conditions, diagnostics
from stepwright.cluster.resources import API_VERSION
from stepwright.controllers.state_machine_watch import Key, SeenMachine
from stepwright.controllers.usable_status import UsableStatus
from stepwright.engine.ports import Clock
from stepwright.kube.api import MERGE_PATCH, Api
from stepwright.kube.paths import path_of

PLURAL: Final = "statemachines"


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
        self._usable = UsableStatus(api, clock, PLURAL)

    async def report(self, seen: SeenMachine, verdict: Verdict) -> None:
        """Write it into the status, unless it is there already. Raises ApiError."""
        found = diagnostics.stored(verdict.found)
        shown = found if verdict.shown is None else verdict.shown
        await self._usable.report(
            seen.metadata,
            seen.status,
            verdict.reason,
            verdict.detail,
            # A revision of None, in a merge patch, removes it: nothing can start with the former one.
            says={"revision": verdict.revision, "diagnostics": found},
            said={"revision": seen.status.revision, "diagnostics": shown},
        )

    async def set_finalizers(self, key: Key, seen: SeenMachine, finalizers: list[str]) -> None:
        """On condition of the resourceVersion: the list is replaced whole. Raises Conflict, NotFound."""
        patch = {"metadata": {"resourceVersion": seen.metadata.resourceVersion, "finalizers": finalizers}}
        await self._api.change(path_of_machine(key), patch, MERGE_PATCH)


def path_of_machine(key: Key) -> str:
    return path_of(API_VERSION, PLURAL, *key)
