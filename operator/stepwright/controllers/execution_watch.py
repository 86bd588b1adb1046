"""Executions, watched leanly.

Every status the engine writes comes back through a watch. kopf copies and compares each, at about a millisecond an
event; even with its watch narrowed to new Executions it took a fifth of the operator's processor time in a burst. So
Executions come by an informer: a new one whole, input included, all others with only the fields that matter decoded.
"""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from stepwright.cluster.api import Api, decoded
from stepwright.cluster.informer import Informer
from stepwright.cluster.resources import API_VERSION

PENDING: Final = "Pending"

TOUCHED: Final = "TOUCHED"
"""Told instead of MODIFIED where neither a commit nor a change of the spec explains that an Execution is another one
now: labels were changed, say, or its status by hand."""

Observe = Callable[[str | None, Mapping[str, Any]], None]


class Metadata(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    name: str
    namespace: str
    uid: str
    resourceVersion: str = ""
    generation: int = 1
    deletionTimestamp: str | None = None


class MachineRef(msgspec.Struct, frozen=True, gc=False):
    name: str


class Stop(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    error: str | None = None
    cause: str | None = None


class Spec(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    stateMachineRef: MachineRef
    stop: Stop | None = None
    ttlSecondsAfterFinished: int | None = None


class Started(msgspec.Struct, frozen=True, gc=False):
    name: str
    uid: str
    revision: str


class Status(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    phase: str = PENDING
    seq: int = 0
    settled: bool = False
    observedGeneration: int = 0
    stateMachine: Started | None = None
    waitingUntil: str | None = None
    seal: str | None = None
    endTime: str | None = None


class Seen(msgspec.Struct, frozen=True, gc=False):
    """An Execution without its input, checkpoint, history, transitions and conditions."""

    metadata: Metadata
    spec: Spec
    status: Status = Status()


def watch(api: Api, namespaces: Sequence[str], observe: Observe) -> Informer[Seen]:
    """An informer that tells ``observe`` of Executions. Bodies of those that have begun are lean: what is in them is as
    the API server has it, but not all is in them."""

    def is_there(old: Seen | None, new: Seen, text: msgspec.Raw) -> None:
        if old is not None and _is_touched(old, new):
            observe(TOUCHED, msgspec.to_builtins(new))
        elif new.status.phase == PENDING:
            observe("ADDED" if old is None else "MODIFIED", decoded(msgspec.json.decode, text))
        else:
            observe("MODIFIED", msgspec.to_builtins(new))

    def is_gone(last: Seen | None, _: Seen | None) -> None:
        assert last is not None
        observe("DELETED", msgspec.to_builtins(last))

    return Informer(
        api,
        API_VERSION,
        "executions",
        Seen,
        namespaces=namespaces,
        on_change=is_gone,
        on_text=is_there,
        index=_under_way_on,
    )


def index_of(namespace: str, state_machine: str) -> str:
    """Under this value ``by_index`` gives the executions of a state machine that are under way, wherever."""
    return f"{namespace}/{state_machine}"


def _under_way_on(seen: Seen) -> tuple[str, ...]:
    if seen.status.stateMachine is None or seen.status.settled:
        return ()
    return (index_of(seen.metadata.namespace, seen.spec.stateMachineRef.name),)


def _is_touched(old: Seen, new: Seen) -> bool:
    if old.status.phase == PENDING:
        return False
    same = old.status.seq == new.status.seq and old.metadata.generation == new.metadata.generation
    return new.metadata.deletionTimestamp is None and (same or new.status.phase == PENDING)
