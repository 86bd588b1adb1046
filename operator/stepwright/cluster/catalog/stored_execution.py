"""An Execution as the catalog has it."""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from stepwright.asl.json_types import JsonText
from stepwright.catalog.arns import Place
from stepwright.catalog.records import Execution
from stepwright.cluster.catalog.machine_names import machine_name
from stepwright.cluster.catalog.machines import of_machine, of_revision
from stepwright.cluster.catalog.stored_map_run import StoredMapRun
from stepwright.cluster.execution_fields import (
    STATUSES,
    ExecutionFields,
    Metadata,
    SpecFields,
    StatusFields,
    labelled,
)
from stepwright.cluster.map_bounds import MapRunBounds
from stepwright.engine.ports import Uid
from stepwright.kube import timestamps

REQUEST: Final = "stepwright.dev/request-id"
"""Annotation: the request that has created it, so that a server knows its own work again."""
TRACE: Final = "stepwright.dev/trace-header"
MACHINE: Final = "stepwright.dev/state-machine-name"
"""Annotation: the name of its state machine as AWS has it, where that is not its object's."""


class _Metadata(Metadata, frozen=True):
    resourceVersion: str = ""
    generation: int = 1
    labels: Mapping[str, str] = {}


class _RedriveAsked(msgspec.Struct, frozen=True):
    requestId: str


class Redrive(_RedriveAsked, frozen=True):
    """What became of a request for one."""

    time: str
    refused: str | None = None


class _Spec(SpecFields, frozen=True):
    redrive: _RedriveAsked | None = None
    mapShard: msgspec.Raw = msgspec.Raw()
    mapRuns: tuple[MapRunBounds, ...] = ()


class _StartedMachine(msgspec.Struct, frozen=True):
    uid: str
    revision: str


class HistoryPage(msgspec.Struct, frozen=True):
    previous: str | None = None
    firstEventId: int = 1


class _Status(StatusFields, frozen=True):
    stateMachine: _StartedMachine | None = None
    history: tuple[str, ...] = ()
    historyPage: HistoryPage = HistoryPage()
    mapRuns: tuple[StoredMapRun, ...] = ()
    settled: bool = False
    redrivable: bool | None = None
    notRedrivable: str | None = None
    redriveCount: int = 0
    redriveTime: str | None = None
    redrives: tuple[Redrive, ...] = ()


class StoredExecution(ExecutionFields, frozen=True):
    metadata: _Metadata
    spec: _Spec
    status: _Status = _Status()

    @property
    def machine(self) -> str:
        """The name of its StateMachine's object."""
        return self.spec.stateMachineRef.name

    @property
    def is_part(self) -> bool:
        """Of a distributed Map: not an execution that anybody has started."""
        return bool(self.spec.mapShard)

    def redrive(self, request: str) -> Redrive | None:
        """What became of it; None if nothing did yet."""
        return next((each for each in self.status.redrives if each.requestId == request), None)

    @property
    def redrive_is_asked_for(self) -> bool:
        """By whatever request; nothing was done about it yet."""
        asked = self.spec.redrive
        return asked is not None and self.redrive(asked.requestId) is None

    def record(self, place: Place, machine: str, output: str | None = None) -> Execution:
        """``machine``: what its state machine is called where it is asked for, if it does not say so itself. ``output``: if it is not in the status. What waits to begin runs, as
        AWS knows no other word for it."""
        metadata, spec, status = self.metadata, self.spec, self.status
        named = machine_name(self.machine, metadata.annotations.get(MACHINE))
        if named == self.machine:
            named = machine
        started = status.stateMachine
        if started is None:
            revision = of_machine(metadata.namespace, self.machine)
        else:
            revision = of_revision(metadata.namespace, started.revision)
        kept = status.output if output is None else output
        return Execution(
            arn=place.execution(named, self.name),
            uid=Uid(metadata.uid),
            name=self.name,
            machine_arn=place.state_machine(named),
            revision_id=revision,
            status=STATUSES.get(status.phase, "RUNNING"),
            input=spec.given,
            started=self.began,
            stopped=self.ended,
            output=None if kept is None else JsonText(kept),
            error=status.error,
            cause=status.cause,
            trace_header=metadata.annotations.get(TRACE),
            redrives=status.redriveCount,
            redriven=None if status.redriveTime is None else timestamps.millis(status.redriveTime),
            redrivable=status.redrivable,
            not_redrivable=status.notRedrivable,
            labels=tuple(labelled(metadata.labels)),
        )
