"""An execution as lists show it: read from a row of the table that ``kubectl get executions -o wide`` shows, beside the metadata."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Self

import msgspec

from stepwright.asl.signals import Millis
from stepwright.asl.step import Status
from stepwright.catalog.arns import Place
from stepwright.catalog.records import ExecutionRow
from stepwright.cluster.execution_fields import STATUSES, labelled
from stepwright.cluster.resources.kinds import EXECUTION
from stepwright.engine.ports import Uid
from stepwright.kube import timestamps

LONGEST: Final = 256
"""Characters of an error or of a text that says where an execution is: somebody may have edited a status."""

MOST_LABELS: Final = 32
"""Of one execution: no limit but that of an object bounds them."""

_NAMES: Final = {column.path: column.name for column in EXECUTION.columns if column.type != "date"}
"""A date is shown as an age."""
_PATHS: Final = (
    ".spec.stateMachineRef.name",
    ".spec.name",
    ".status.phase",
    ".status.seq",
    ".status.startTime",
    ".status.endTime",
    ".status.error",
    ".status.currentState",
    ".status.waitingUntil",
    ".status.redriveCount",
    ".status.redriveTime",
)


class Row(msgspec.Struct, frozen=True, gc=False):
    """There may be 100,000 of them: texts that many have are one and the same object."""

    uid: Uid
    namespace: str
    name: str
    """Of the object."""
    resourceVersion: str  # noqa: N815 - as in metadata
    machine: str
    """The object of its state machine."""
    status: Status
    started: Millis
    stopped: Millis | None
    error: str | None
    state: str
    """Where it is, as a text for people."""
    waiting_until: Millis | None
    seq: int
    own_name: str | None
    """As AWS has it, where the object is called otherwise."""
    redrives: int = 0
    redriven: Millis | None = None
    """How often it was redriven, and when last."""
    labels: tuple[str, ...] = ()
    """In order, each ``KEY=VALUE``, and no more than ``MOST_LABELS``."""

    @property
    def metadata(self) -> Self:
        """For ``kube.local_copy``."""
        return self

    @property
    def execution_name(self) -> str:
        return self.own_name or self.name

    @property
    def latest(self) -> Millis:
        """Its end, or else when it began or went on."""
        return self.stopped or self.redriven or self.started

    def arn(self, place: Place, machine: str) -> str:
        """``machine``: the name of its state machine in ARNs."""
        return place.execution(machine, self.execution_name)

    def shown(self, place: Place, machine: str) -> ExecutionRow:
        return ExecutionRow(
            arn=self.arn(place, machine),
            uid=self.uid,
            name=self.execution_name,
            machine_arn=place.state_machine(machine),
            status=self.status,
            started=self.started,
            stopped=self.stopped,
            error=self.error,
            redrives=self.redrives,
            redriven=self.redriven,
            waiting_until=self.waiting_until,
            paths=(self.state,) if self.state and self.stopped is None else (),
            labels=self.labels,
        )


class _Metadata(msgspec.Struct):
    name: str
    namespace: str
    uid: str
    resourceVersion: str  # noqa: N815
    creationTimestamp: str  # noqa: N815
    labels: dict[str, str] | None = None


class _Object(msgspec.Struct):
    metadata: _Metadata


class _Row(msgspec.Struct):
    cells: list[Any]
    object: _Object


_decode: Final = msgspec.json.Decoder(_Row).decode


def reader(columns: Sequence[str]) -> Callable[[msgspec.Raw], Row] | None:
    """Reads rows of a table with these columns. None if some are missing. The reader raises msgspec.DecodeError."""
    names = [_NAMES[path] for path in _PATHS]
    if not all(name in columns for name in names):
        return None
    places = [columns.index(name) for name in names]
    needed = max(places)

    def read(text: msgspec.Raw) -> Row:
        found = _decode(text)
        if len(found.cells) <= needed:
            raise msgspec.DecodeError(f"a row has {len(found.cells)} cells")
        machine, own_name, phase, seq, started, stopped, error, state, until, redrives, redriven = (
            found.cells[place] for place in places
        )
        metadata = found.object.metadata
        status = STATUSES.get(phase, "RUNNING")
        return Row(
            uid=Uid(metadata.uid),
            namespace=sys.intern(metadata.namespace),
            name=metadata.name,
            resourceVersion=metadata.resourceVersion,
            machine=_shared(machine),
            status=status,
            started=_moment(started) or _moment(metadata.creationTimestamp) or Millis(0),
            stopped=None if status == "RUNNING" else _moment(stopped),
            error=_shared(error) or None,
            state=_shared(state),
            waiting_until=_moment(until),
            seq=seq if isinstance(seq, int) else 0,
            own_name=own_name if isinstance(own_name, str) and own_name != metadata.name else None,
            redrives=redrives if isinstance(redrives, int) else 0,
            redriven=_moment(redriven),
            labels=_labels(metadata.labels or {}),
        )

    return read


def _labels(given: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sys.intern(label) for label in labelled(given)[:MOST_LABELS])


def _shared(cell: Any) -> str:
    return sys.intern(cell[:LONGEST]) if isinstance(cell, str) else ""


def _moment(cell: Any) -> Millis | None:
    """None where there is none, or where somebody has written something else there."""
    if not isinstance(cell, str):
        return None
    try:
        return timestamps.millis(cell)
    except (ValueError, OverflowError):
        return None
