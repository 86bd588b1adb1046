"""Revisions of state machines: immutable ControllerRevisions, and the machines compiled from them.

A running execution stays on the revision it was started with, whatever happens to its StateMachine. A
revision holds the definition as text (exact) and everything else that decides how an execution runs (service
accounts, task defaults).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import msgspec

from stepwright.asl import definition
from stepwright.asl.diagnostics import InvalidDefinition
from stepwright.asl.machine import Machine
from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.rows import Row
from stepwright.engine import readings
from stepwright.engine.compiled import MOST_CHARACTERS
from stepwright.engine.looking_through import LookingThrough, LooksThrough
from stepwright.engine.ports import Refused, Unavailable
from stepwright.engine.readings import Readings
from stepwright.kube import lists
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, NotFound
from stepwright.kube.paths import path_of

# Compiled machines kept in memory: the most recently used ones, and no more than ``compiled.MOST_CHARACTERS`` of definitions.
MOST_COMPILED: Final = 1_000

# The newest revisions that no execution runs any more are kept for people to compare with.
KEPT: Final = 10

_PAGE_SIZE: Final = 200

MACHINE_LABEL: Final = "stepwright.dev/state-machine"

# The fields of spec that decide how an execution runs and what is logged about it. The rest (retention ...)
# may change while it runs.
SETTINGS: Final = ("serviceAccountName", "taskServiceAccountName", "taskDefaults", "logging", "connections")


@dataclass(frozen=True, slots=True)
class Revision:
    name: str
    machine: Machine
    settings: Mapping[str, Any]
    characters: int = 0
    """Of its definition."""


class Revisions:
    """Reads revisions and keeps the machines compiled from them."""

    def __init__(
        self,
        api: Api,
        looked_through: LooksThrough | None = None,
        read_clocks: Callable[[], Readings] = readings.read,
    ) -> None:
        """``read_clocks`` shows how much time has passed."""
        self._api = api
        self._read_clocks = read_clocks
        self._looked_through = looked_through or LookingThrough()
        self._compiled: OrderedDict[tuple[str, str], Revision] = OrderedDict()
        self._free = MOST_CHARACTERS
        self._found: OrderedDict[tuple[str, str], Readings] = OrderedDict()
        """When each was found to be stored last."""
        self._finding: dict[tuple[str, str], asyncio.Task[bool]] = {}

    async def get(self, namespace: str, name: str) -> Revision:
        """Raises Unavailable, or Refused if the revision is lost or no longer compiles."""
        known = self._compiled.get((namespace, name))
        if known is not None:
            self._compiled.move_to_end((namespace, name))
            return known
        try:
            body = await self._api.get(path_of("apps/v1", "controllerrevisions", namespace, name))
        except NotFound as error:
            raise Refused(
                f"the ControllerRevision {namespace}/{name} of its definition no longer exists"
            ) from error
        except ApiError as error:
            raise Unavailable(f"cannot read ControllerRevision {namespace}/{name}: {error}") from error
        data = body.get("data") or {}
        # Otherwise whoever may create ControllerRevisions could decide what runs, and as whom, in a
        # StateMachine's place.
        owners = body["metadata"].get("ownerReferences") or ()
        if not any(name.endswith(f"-{_digest(owner['uid'], data)}") for owner in owners):
            raise Refused(
                f"the ControllerRevision {namespace}/{name} does not hold what its name says: it was not made by "
                f"Stepwright"
            )
        try:
            text = data["definition"]
            machine, _ = await self._looked_through(
                text, partial(definition.compile_definition, text), namespace
            )
        except (KeyError, InvalidDefinition) as error:
            raise Refused(
                f"the ControllerRevision {namespace}/{name} holds no valid definition: {error}"
            ) from error
        return self.keep(namespace, Revision(name, machine, data.get("settings") or {}, len(text)))

    def found(self, namespace: str, name: str, at: Readings) -> None:
        """A revision was found to be stored at that time."""
        known = self._found.pop((namespace, name), at)
        self._found[namespace, name] = max(known, at)
        if len(self._found) > MOST_COMPILED:
            self._found.popitem(last=False)

    def last_found(self, namespace: str, name: str) -> Readings | None:
        """When it was, if that is remembered."""
        return self._found.get((namespace, name))

    async def find(self, namespace: str, name: str, at: Readings) -> bool:
        """Whether a revision is stored, whatever is known about it here; ``at`` is now. All that ask for one
        while it is asked for share the answer. Raises ApiError."""
        key = namespace, name
        if key not in self._finding:
            self._finding[key] = asyncio.create_task(self._find(namespace, name, at))
            self._finding[key].add_done_callback(lambda done: self._has_looked(key, done))
        return await asyncio.shield(self._finding[key])

    async def _find(self, namespace: str, name: str, at: Readings) -> bool:
        try:
            await self._api.get(path_of("apps/v1", "controllerrevisions", namespace, name), into=_Stored)
        except NotFound:
            return False
        self.found(namespace, name, at)
        return True

    async def close(self) -> None:
        """Nobody asks any more."""
        asked = list(self._finding.values())
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    def _has_looked(self, key: tuple[str, str], done: asyncio.Task[bool]) -> None:
        del self._finding[key]
        if not done.cancelled():
            done.exception()  # those who asked may have ended meanwhile

    async def prune(self, namespace: str, state_machine: str, uid: str, in_use: AbstractSet[str]) -> None:
        """Delete what is superfluous; ``in_use`` beside the revisions that executions are pinned to which run or can be
        redriven, and the one that the StateMachine names: all that is known otherwise may be of a time that a restore of etcd has undone.
        Raises ApiError, Unavailable."""
        row = Row(self._read_clocks)
        row.go_on()
        path = path_of("apps/v1", "controllerrevisions", namespace)
        listed: list[tuple[int, str]] = []
        labels = {"labelSelector": f"{MACHINE_LABEL}={label_of(state_machine)}"}
        async for found, _ in lists.pages(self._api, path, labels, page_size=_PAGE_SIZE):
            row.go_on()
            decoded = (msgspec.json.decode(item, type=_Listed) for item in found)
            listed += [
                (item.revision, item.metadata.name)
                for item in decoded
                if any(owner.uid == uid for owner in item.metadata.ownerReferences)
            ]
        if not superfluous(listed, in_use):
            return
        pinned: set[str] = set()
        needing = {"fieldSelector": f"spec.stateMachineRef.name={state_machine},status.phase!=Succeeded"}
        executions = path_of(API_VERSION, "executions", namespace)
        async for found, _ in lists.pages(self._api, executions, needing, page_size=_PAGE_SIZE):
            row.go_on()
            statuses = (msgspec.json.decode(item, type=_Execution).status for item in found)
            pinned |= {
                status.stateMachine.revision
                for status in statuses
                if status and status.stateMachine and (status.phase == "Running" or status.redrivable)
            }
        machine = await self._machine(namespace, state_machine)
        if machine is None or machine.metadata.uid != uid:
            return  # what it owned goes with it
        named = {machine.status.revision} if machine.status and machine.status.revision else set()
        for name in superfluous(listed, in_use | pinned | named):
            row.go_on()
            with suppress(NotFound):
                await self._api.delete(f"{path}/{name}")
            self._drop((namespace, name))

    async def _machine(self, namespace: str, name: str) -> _Machine | None:
        try:
            path = path_of(API_VERSION, "statemachines", namespace, name)
            found: _Machine = await self._api.get(path, into=_Machine)
        except NotFound:
            return None
        return found

    def keep(self, namespace: str, revision: Revision) -> Revision:
        key = namespace, revision.name
        self._drop(key)
        self._compiled[key] = revision
        self._free -= revision.characters
        while self._free < 0 or len(self._compiled) > MOST_COMPILED:
            self._drop(next(iter(self._compiled)))
        return revision

    def _drop(self, key: tuple[str, str]) -> None:
        dropped = self._compiled.pop(key, None)
        if dropped is not None:
            self._free += dropped.characters


def data_of(spec: Mapping[str, Any], definition_text: str) -> dict[str, Any]:
    """What a revision holds."""
    settings = {name: spec[name] for name in SETTINGS if spec.get(name) is not None}
    return {"definition": definition_text, "settings": settings}


def name_of(state_machine: str, state_machine_uid: str, data: Mapping[str, Any]) -> str:
    """The same content under the same StateMachine has the same name, so making it twice is harmless."""
    return f"{state_machine[:200].rstrip('-.')}-{_digest(state_machine_uid, data)}"


def _digest(state_machine_uid: str, data: Mapping[str, Any]) -> str:
    # Long enough that nobody can find other content for it.
    content = msgspec.json.encode([state_machine_uid, data], order="sorted")
    return hashlib.sha256(content).hexdigest()[:32]


def label_of(state_machine: str) -> str:
    """The value of MACHINE_LABEL. Two long names may share it: the owners distinguish their revisions."""
    return state_machine[:63].rstrip("-_.")


class _Stored(msgspec.Struct):
    """That it is."""


class _Owner(msgspec.Struct):
    uid: str


class _Metadata(msgspec.Struct):
    name: str
    ownerReferences: list[_Owner] = []  # noqa: N815 - the field's name on the wire


class _Listed(msgspec.Struct):
    metadata: _Metadata
    revision: int = 0


class _Started(msgspec.Struct):
    revision: str = ""


class _Status(msgspec.Struct):
    stateMachine: _Started | None = None  # noqa: N815
    phase: str = ""
    redrivable: bool | None = None


class _Execution(msgspec.Struct):
    status: _Status | None = None


class _Uid(msgspec.Struct):
    uid: str


class _Named(msgspec.Struct):
    revision: str | None = None


class _Machine(msgspec.Struct):
    """What is needed of a StateMachine to tell which revision executions start with."""

    metadata: _Uid
    status: _Named | None = None


def superfluous(listed: Iterable[tuple[int, str]], in_use: AbstractSet[str]) -> list[str]:
    """The revisions (number and name) that may be deleted: those beyond the newest KEPT that are not in
    use."""
    idle = sorted((item for item in listed if item[1] not in in_use), reverse=True)
    return [name for _, name in idle[KEPT:]]


def manifest(state_machine: Mapping[str, Any], data: Mapping[str, Any], number: int) -> dict[str, Any]:
    metadata = state_machine["metadata"]
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": name_of(metadata["name"], metadata["uid"], data),
            "namespace": metadata["namespace"],
            "labels": {MACHINE_LABEL: label_of(metadata["name"])},
            "ownerReferences": [
                {
                    "apiVersion": state_machine["apiVersion"],
                    "kind": state_machine["kind"],
                    "name": metadata["name"],
                    "uid": metadata["uid"],
                    "controller": True,
                    "blockOwnerDeletion": False,
                }
            ],
        },
        "revision": number,
        "data": data,
    }
