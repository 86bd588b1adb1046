"""Revisions of state machines: immutable ControllerRevisions, and the machines compiled from them.

A running execution stays on the revision it was started with, whatever becomes of its StateMachine. A revision
holds the definition as text (exact) and what else decides how an execution runs (service accounts, task defaults).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from stepwright.asl import definition
from stepwright.asl.machine import Machine
from stepwright.cluster.api import Api, ApiError, NotFound, path_of
from stepwright.engine.ports import Refused, Unavailable

# Compiled machines kept in memory: the most recently used ones.
MOST_COMPILED: Final = 1_000

MACHINE_LABEL: Final = "stepwright.dev/state-machine"

# What of spec decides how an execution runs. The rest (logging, retention ...) may change under it.
SETTINGS: Final = ("serviceAccountName", "taskServiceAccountName", "taskDefaults")


@dataclass(frozen=True, slots=True)
class Revision:
    name: str
    machine: Machine
    settings: Mapping[str, Any]


class Revisions:
    """Reads revisions and keeps the machines compiled from them."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._compiled: OrderedDict[tuple[str, str], Revision] = OrderedDict()

    async def get(self, namespace: str, name: str) -> Revision:
        """Raises Unavailable, or Refused where the revision is lost or cannot be compiled any more."""
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
        try:
            machine, _ = definition.compile_definition(data["definition"])
        except (KeyError, definition.InvalidDefinition) as error:
            raise Refused(
                f"the ControllerRevision {namespace}/{name} holds no valid definition: {error}"
            ) from error
        return self.keep(namespace, Revision(name, machine, data.get("settings") or {}))

    def keep(self, namespace: str, revision: Revision) -> Revision:
        self._compiled[namespace, revision.name] = revision
        if len(self._compiled) > MOST_COMPILED:
            self._compiled.popitem(last=False)
        return revision


def data_of(spec: Mapping[str, Any], definition_text: str) -> dict[str, Any]:
    """What a revision holds."""
    settings = {name: spec[name] for name in SETTINGS if spec.get(name) is not None}
    return {"definition": definition_text, "settings": settings}


def name_of(state_machine: str, state_machine_uid: str, data: Mapping[str, Any]) -> str:
    """The same content under the same StateMachine has the same name, so that making it twice is harmless."""
    content = msgspec.json.encode([state_machine_uid, data], order="sorted")
    return f"{state_machine[:200]}-{hashlib.sha256(content).hexdigest()[:12]}"


def manifest(state_machine: Mapping[str, Any], data: Mapping[str, Any], number: int) -> dict[str, Any]:
    metadata = state_machine["metadata"]
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": name_of(metadata["name"], metadata["uid"], data),
            "namespace": metadata["namespace"],
            "labels": {MACHINE_LABEL: metadata["name"][:63].rstrip("-_.")},
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
