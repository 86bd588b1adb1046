"""Executions, watched leanly.

Every status the engine writes comes back through a watch. kopf copies and compares each, at about a millisecond an
event; even with its watch narrowed to new Executions it took a fifth of the operator's processor time in a burst. So
Executions come by an informer, and only the fields that matter are decoded: never an input, which as an untyped field
takes twenty times its length in memory.

Settled executions are not kept at all: the list leaves them out, and the watch forgets them once it has
reported the settling. ``rounds`` reads them now and then.
"""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from stepwright.asl.signals import MapBounds, Millis, ShardCounts
from stepwright.cluster import consistency, map_bounds
from stepwright.cluster.map_bounds import MapRunBounds, MapShard
from stepwright.cluster.nested.parent import PARENT_UID, Parent
from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.shards import LABEL as MAP_SHARD
from stepwright.cluster.stored import Body, Pinned, Stored
from stepwright.controllers.state_machine_watch import Key
from stepwright.engine.ports import ExecutionRef, StopRequest, Uid
from stepwright.kube import local_copy, timestamps
from stepwright.kube.api import Api
from stepwright.kube.informer import Informer

PENDING: Final = "Pending"
UNDER_WAY: Final = (PENDING, "Running")

UNSETTLED: Final = "status.settled!=true"
SETTLED: Final = "status.settled=true"
"""Field selectors."""

TOUCHED: Final = "TOUCHED"
"""Reported instead of MODIFIED if neither a commit nor a change of the spec explains the change of an
Execution: labels were changed, say, or its status by hand; or etcd was restored."""


class Labels(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    gc=False,
    rename={
        "argo_cd": "argocd.argoproj.io/instance",
        "instance": "app.kubernetes.io/instance",
        "managed_by": "app.kubernetes.io/managed-by",
        "flux": "kustomize.toolkit.fluxcd.io/name",
        "flux_helm": "helm.toolkit.fluxcd.io/name",
        "parent_uid": PARENT_UID,
        "map_shard": MAP_SHARD,
    },
):
    argo_cd: str | None = None
    instance: str | None = None
    """Argo CD's default mark before version 3."""
    managed_by: str | None = None
    flux: str | None = None
    flux_helm: str | None = None
    parent_uid: str | None = None
    map_shard: str | None = None


class Annotations(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    gc=False,
    rename={"argo_cd": "argocd.argoproj.io/tracking-id", "helm": "meta.helm.sh/release-name"},
):
    argo_cd: str | None = None
    helm: str | None = None


class Metadata(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    name: str
    namespace: str
    uid: str
    resourceVersion: str = ""
    generation: int = 1
    deletionTimestamp: str | None = None
    labels: Labels | None = None
    annotations: Annotations | None = None


class MachineRef(msgspec.Struct, frozen=True, gc=False):
    name: str


class Stop(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    error: str | None = None
    cause: str | None = None


class Redrive(msgspec.Struct, frozen=True, gc=False):
    requestId: str


class Spec(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    stateMachineRef: MachineRef
    stop: Stop | None = None
    redrive: Redrive | None = None
    ttlSecondsAfterFinished: int | None = None
    parent: Parent | None = None
    mapRuns: tuple[MapRunBounds, ...] = ()
    mapShard: MapShard | None = None


class Started(msgspec.Struct, frozen=True, gc=False):
    name: str
    uid: str
    revision: str


class Progress(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Of a shard."""

    started: int = 0
    finished: int = 0
    failed: int = 0
    children: int = 0
    childrenEnded: int = 0
    childrenFailed: int = 0

    @property
    def counts(self) -> ShardCounts:
        return ShardCounts(*msgspec.structs.astuple(self))


class Status(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    phase: str = PENDING
    seq: int = 0
    settled: bool = False
    observedGeneration: int = 0
    stateMachine: Started | None = None
    waitingUntil: str | None = None
    operator: str | None = None
    seal: str | None = None
    endTime: str | None = None
    redriveCount: int = 0
    redrives: tuple[Redrive, ...] = ()
    """All requests that something was done about."""
    mapShard: Progress | None = None


class Seen(msgspec.Struct, frozen=True, gc=False):
    """An Execution without its input, checkpoint, history, transitions and conditions."""

    metadata: Metadata
    spec: Spec
    status: Status = Status()

    @property
    def uid(self) -> Uid:
        return Uid(self.metadata.uid)

    @property
    def machine(self) -> Key:
        """Namespace and name of its state machine."""
        return self.metadata.namespace, self.spec.stateMachineRef.name

    @property
    def reference(self) -> ExecutionRef:
        metadata = self.metadata
        return ExecutionRef(
            Uid(metadata.uid), metadata.namespace, metadata.name, self.spec.stateMachineRef.name
        )

    @property
    def pinned(self) -> Pinned | None:
        """What it runs; None before its first commit."""
        started = self.status.stateMachine
        return None if started is None else Pinned(started.name, started.uid, started.revision)

    @property
    def stop_request(self) -> StopRequest | None:
        stop = self.spec.stop
        return None if stop is None else StopRequest(stop.error, stop.cause)

    @property
    def redrive_request(self) -> str | None:
        redrive = self.spec.redrive
        return None if redrive is None else redrive.requestId

    @property
    def is_to_be_redriven(self) -> bool:
        """Whether a redrive is asked for about which nothing was done yet."""
        return self.spec.redrive is not None and self.spec.redrive not in self.status.redrives

    @property
    def awaited_by(self) -> Parent | None:
        """The task that waits for it. It has had its result from one that somebody has redriven since."""
        parent = self.spec.parent
        if parent is None or not parent.awaited or (self.status.redriveCount and not self.is_shard):
            return None
        return parent

    @property
    def bounds(self) -> tuple[MapBounds, ...]:
        """Those that somebody has asked for, for Map Runs or for the shard that this is."""
        return map_bounds.asked(self.spec.mapRuns, self.spec.mapShard)

    @property
    def waiting_until(self) -> Millis | None:
        """When it continues by itself, if it only waits."""
        until = self.status.waitingUntil
        return None if until is None else timestamps.millis(until)

    @property
    def is_child(self) -> bool:
        """Whether a task has started it. Rows of a table show that only by its label."""
        labels = self.metadata.labels
        return labels is not None and labels.parent_uid is not None

    @property
    def is_shard(self) -> bool:
        """Whether it works on a part of a distributed Map."""
        labels = self.metadata.labels
        return labels is not None and labels.map_shard is not None

    @property
    def has_ended(self) -> bool:
        return self.status.phase not in UNDER_WAY

    @property
    def is_settled(self) -> bool:
        return self.has_ended and self.status.settled and self.seems_intact

    @property
    def is_acknowledged(self) -> bool:
        """Whether the newest change of its spec has been noticed."""
        return self.status.observedGeneration >= self.metadata.generation

    @property
    def seems_intact(self) -> bool:
        """Whether the fields that the seal's summary is made of are as they were written."""
        return consistency.seems_intact(self.uid, msgspec.to_builtins(self.status))

    @property
    def would_be_made_again(self) -> bool:
        """Whether Argo CD, Flux or Helm created it: they recreate what is gone, and it would run again.
        Others may set their marks, too, and then say themselves how long it stays."""
        labels, annotations = self.metadata.labels, self.metadata.annotations
        marks = (
            labels and (labels.argo_cd or labels.instance or labels.flux or labels.flux_helm),
            labels and labels.managed_by == "Helm",
            annotations and (annotations.argo_cd or annotations.helm),
        )
        return any(marks)


Observe = Callable[[str, Seen, msgspec.Raw | None], None]
"""What has happened (ADDED, MODIFIED, TOUCHED, DELETED) and to which Execution. A Pending one comes with its
whole text, which must not be kept."""


def of_stored(stored: Stored) -> Seen:
    return of(stored.body)


def of(body: Body) -> Seen:
    """The view of an Execution that was read."""
    return msgspec.convert(body, Seen)


read: Final[Callable[[Any], Seen]] = msgspec.json.Decoder(Seen).decode


def watch(
    api: Api,
    namespaces: Sequence[str],
    observe: Observe,
    *,
    listed_again: Callable[[], None],
    unreadable: Callable[[local_copy.Metadata, Exception], None],
) -> Informer[Seen]:
    """An informer that reports Executions to ``observe``; the others are the Informer's ``on_list`` and
    ``on_defect``."""

    def is_there(old: Seen | None, new: Seen, text: msgspec.Raw) -> None:
        if old is not None and _is_touched(old, new):
            observe(TOUCHED, new, None)
        elif new.status.phase == PENDING:
            observe("ADDED" if old is None else "MODIFIED", new, text)
        else:
            observe("MODIFIED", new, None)

    def is_gone(last: Seen | None, _: Seen | None) -> None:
        assert last is not None
        observe("DELETED", last, None)

    return Informer(
        api,
        API_VERSION,
        "executions",
        Seen,
        namespaces=namespaces,
        listed=UNSETTLED,
        keeps=lambda seen: not seen.status.settled,
        on_change=is_gone,
        on_text=is_there,
        on_list=listed_again,
        on_defect=unreadable,
        index=_indexes,
    )


def index_of(namespace: str, state_machine: str) -> str:
    """The value under which ``by_index`` finds the executions of a state machine that are under way, on any
    operator."""
    return f"{namespace}/{state_machine}"


def index_of_awaited(parent: str) -> str:
    """The value under which ``by_index`` finds the executions for whose end tasks of an execution wait, by its uid."""
    return f"awaited by {parent}"


def _indexes(seen: Seen) -> tuple[str, ...]:
    machine = () if seen.status.stateMachine is None else (index_of(*seen.machine),)
    parent = seen.awaited_by
    return machine if parent is None else (*machine, index_of_awaited(parent.uid))


def _is_touched(old: Seen, new: Seen) -> bool:
    if old.status.phase == PENDING:
        return False
    same = old.status.seq == new.status.seq and old.metadata.generation == new.metadata.generation
    is_back = new.status.phase == PENDING or (new.status.seq < old.status.seq and not new.has_ended)
    return new.metadata.deletionTimestamp is None and (same or is_back)
