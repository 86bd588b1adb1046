"""What is seen of every object, and of the status in which the operator says whether it can be used: StateMachines,
TaskTemplates, Connections."""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

import msgspec


class Metadata(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    name: str
    namespace: str
    uid: str
    resourceVersion: str = ""
    generation: int = 1
    creationTimestamp: str = ""


class Condition(msgspec.Struct, frozen=True, omit_defaults=True):
    type: str
    status: str = ""
    observedGeneration: int | None = None
    lastTransitionTime: str = ""
    reason: str = ""
    message: str = ""


class Status(msgspec.Struct, frozen=True, omit_defaults=True):
    observedGeneration: int = 0
    conditions: tuple[Condition, ...] = ()
