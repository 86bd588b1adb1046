"""An Execution as tasks that call Step Functions see it."""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

from typing import Final

import msgspec

from stepwright.asl.json_types import JsonText
from stepwright.catalog.records import Execution
from stepwright.cluster import arns
from stepwright.cluster.execution_fields import STATUSES, ExecutionFields, SpecFields, StatusFields
from stepwright.cluster.nested.parent import Parent
from stepwright.engine.ports import Uid

STARTED_BY: Final = "stepwright.dev/started-by"
STOPPED_BY: Final = "stepwright.dev/stopped-by"
"""Annotations: the names of users, which an admission policy lets nobody give but themselves."""


class _Spec(SpecFields, frozen=True):
    parent: Parent | None = None
    mapShard: _MapShard | None = None
    redrive: _Redrive | None = None


class _Redrive(msgspec.Struct, frozen=True):
    requestId: str


class _MapShard(msgspec.Struct, frozen=True):
    uid: str


class _Status(StatusFields, frozen=True):
    seq: int = 0
    redrives: tuple[_Redrive, ...] = ()


class StoredChild(ExecutionFields, frozen=True):
    spec: _Spec
    status: _Status = _Status()

    @property
    def arn(self) -> str:
        return arns.execution(self.metadata.namespace, self.spec.stateMachineRef.name, self.name)

    @property
    def shard(self) -> str | None:
        """What its parent knows it by, if it is a shard of a distributed Map."""
        return None if self.spec.mapShard is None else self.spec.mapShard.uid

    @property
    def is_at_rest(self) -> bool:
        """It has ended, and nothing is to be done about a redrive of it."""
        asked = self.spec.redrive
        return self.has_ended and (asked is None or asked in self.status.redrives)

    @property
    def started_by(self) -> str | None:
        return self.metadata.annotations.get(STARTED_BY)

    def record(self, output: str | None) -> Execution:
        """``output``: the whole of it."""
        spec, status, metadata = self.spec, self.status, self.metadata
        return Execution(
            arn=self.arn,
            uid=Uid(metadata.uid),
            name=self.name,
            machine_arn=arns.state_machine(metadata.namespace, spec.stateMachineRef.name),
            revision_id="",
            status=STATUSES.get(status.phase, "RUNNING"),
            input=spec.given,
            started=self.began,
            stopped=self.ended,
            output=None if output is None else JsonText(output),
            error=status.error,
            cause=status.cause,
        )
