"""An Execution as tasks that call Step Functions see it."""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis
from stepwright.asl.step import Status
from stepwright.catalog.records import Execution
from stepwright.cluster import arns
from stepwright.cluster.nested.parent import Parent
from stepwright.engine.ports import Uid
from stepwright.kube import timestamps

STARTED_BY: Final = "stepwright.dev/started-by"
STOPPED_BY: Final = "stepwright.dev/stopped-by"
"""Annotations: the names of users, which an admission policy lets nobody give but themselves."""

STATUSES: Final[Mapping[str, Status]] = {
    "Succeeded": "SUCCEEDED",
    "Failed": "FAILED",
    "TimedOut": "TIMED_OUT",
    "Aborted": "ABORTED",
}


class _Metadata(msgspec.Struct, frozen=True):
    namespace: str
    name: str
    uid: str
    creationTimestamp: str
    annotations: Mapping[str, str] = {}


class _MachineRef(msgspec.Struct, frozen=True):
    name: str


class _Spec(msgspec.Struct, frozen=True):
    stateMachineRef: _MachineRef
    name: str | None = None
    parent: Parent | None = None
    input: msgspec.Raw = msgspec.Raw()
    inputJson: str | None = None
    stop: msgspec.Raw = msgspec.Raw()
    mapShard: _MapShard | None = None


class _MapShard(msgspec.Struct, frozen=True):
    uid: str


class _OutputRef(msgspec.Struct, frozen=True):
    name: str


class _Status(msgspec.Struct, frozen=True):
    phase: str = "Pending"
    seq: int = 0
    startTime: str | None = None
    endTime: str | None = None
    output: str | None = None
    outputRef: _OutputRef | None = None
    error: str | None = None
    cause: str | None = None


class StoredChild(msgspec.Struct, frozen=True):
    """The few fields that are needed: an untyped input is not decoded."""

    metadata: _Metadata
    spec: _Spec
    status: _Status = _Status()

    @property
    def name(self) -> str:
        """As AWS has it."""
        return self.spec.name or self.metadata.name

    @property
    def arn(self) -> str:
        return arns.execution(self.metadata.namespace, self.spec.stateMachineRef.name, self.name)

    @property
    def has_ended(self) -> bool:
        return self.status.phase in STATUSES

    @property
    def stop_is_asked_for(self) -> bool:
        return bool(self.spec.stop)

    @property
    def shard(self) -> str | None:
        """What its parent knows it by, if it is a shard of a distributed Map."""
        return None if self.spec.mapShard is None else self.spec.mapShard.uid

    @property
    def started_by(self) -> str | None:
        return self.metadata.annotations.get(STARTED_BY)

    @property
    def payload(self) -> str | None:
        """The ExecutionHistory that holds its output, if that is long."""
        ref = self.status.outputRef
        return None if ref is None else ref.name

    @property
    def ended(self) -> Millis | None:
        end = self.status.endTime
        return timestamps.millis(end) if end is not None and self.has_ended else None

    def record(self, output: str | None) -> Execution:
        """``output``: the whole of it."""
        spec, status, metadata = self.spec, self.status, self.metadata
        given = spec.inputJson if spec.inputJson is not None else bytes(spec.input).decode() or "{}"
        began = status.startTime or metadata.creationTimestamp
        return Execution(
            arn=self.arn,
            uid=Uid(metadata.uid),
            name=self.name,
            machine_arn=arns.state_machine(metadata.namespace, spec.stateMachineRef.name),
            revision_id="",
            status=STATUSES.get(status.phase, "RUNNING"),
            input=JsonText(given),
            started=timestamps.millis(began),
            stopped=self.ended,
            output=None if output is None else JsonText(output),
            error=status.error,
            cause=status.cause,
        )
