"""What everybody reads of an Execution, decoded and no more: neither an input that is not a text nor a checkpoint is."""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis
from stepwright.asl.step import Status
from stepwright.kube import timestamps

STATUSES: Final[Mapping[str, Status]] = {
    "Succeeded": "SUCCEEDED",
    "Failed": "FAILED",
    "TimedOut": "TIMED_OUT",
    "Aborted": "ABORTED",
}
"""By phase, of those that have ended. All others run: AWS knows no Pending."""


class Metadata(msgspec.Struct, frozen=True):
    namespace: str
    name: str
    uid: str
    creationTimestamp: str
    annotations: Mapping[str, str] = {}


def labelled(labels: Mapping[str, str]) -> list[str]:
    """In order, each ``KEY=VALUE``, as lists and pages show them."""
    return [f"{key}={value}" for key, value in sorted(labels.items())]


class MachineRef(msgspec.Struct, frozen=True):
    name: str


class SpecFields(msgspec.Struct, frozen=True):
    stateMachineRef: MachineRef
    name: str | None = None
    input: msgspec.Raw = msgspec.Raw()
    inputJson: str | None = None
    stop: msgspec.Raw = msgspec.Raw()

    @property
    def given(self) -> JsonText:
        """The input."""
        return JsonText(self.inputJson if self.inputJson is not None else bytes(self.input).decode() or "{}")


class OutputRef(msgspec.Struct, frozen=True):
    name: str


class StatusFields(msgspec.Struct, frozen=True):
    phase: str = "Pending"
    startTime: str | None = None
    endTime: str | None = None
    output: str | None = None
    outputRef: OutputRef | None = None
    error: str | None = None
    cause: str | None = None


class ExecutionFields(msgspec.Struct, frozen=True):
    """Those who need more of it narrow these fields."""

    metadata: Metadata
    spec: SpecFields
    status: StatusFields = StatusFields()

    @property
    def name(self) -> str:
        """As AWS has it."""
        return self.spec.name or self.metadata.name

    @property
    def has_ended(self) -> bool:
        return self.status.phase in STATUSES

    @property
    def stop_is_asked_for(self) -> bool:
        return bool(self.spec.stop)

    @property
    def payload(self) -> str | None:
        """The ExecutionHistory that holds its output, if that is long."""
        ref = self.status.outputRef
        return None if ref is None else ref.name

    @property
    def ended(self) -> Millis | None:
        end = self.status.endTime
        return timestamps.millis(end) if end is not None and self.has_ended else None

    @property
    def began(self) -> Millis:
        """Or, while it waits to begin, when it was created."""
        return timestamps.millis(self.status.startTime or self.metadata.creationTimestamp)
