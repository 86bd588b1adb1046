"""Executions that have settled, as rows of the table that ``kubectl get -o wide`` shows.

Every operator reads each of them every hour. History and checkpoint are nine tenths of what is stored and are
not needed, so only the columns are read, with the metadata that comes with a row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from stepwright.cluster.resources.kinds import EXECUTION
from stepwright.controllers.execution_watch import (
    PENDING,
    MachineRef,
    Metadata,
    Redrive,
    Seen,
    Spec,
    Started,
    Status,
)

_NAMES: Final = {column.path: column.name for column in EXECUTION.columns}
_PATHS: Final = (
    ".spec.stateMachineRef.name",
    ".spec.ttlSecondsAfterFinished",
    ".status.phase",
    ".status.seq",
    ".status.observedGeneration",
    ".status.stateMachine.uid",
    ".status.stateMachine.revision",
    ".status.waitingUntil",
    ".status.seal",
    ".status.endTime",
    ".status.redriveCount",
    ".spec.redrive.requestId",
)


class _Row(msgspec.Struct):
    cells: list[Any]
    object: _Object


class _Object(msgspec.Struct):
    metadata: Metadata


_decode: Final = msgspec.json.Decoder(_Row).decode


def reader(columns: Sequence[str]) -> Callable[[msgspec.Raw], Seen] | None:
    """Converts a row of a list of settled Executions. None if columns are missing: the CRD is older than this
    operator. The reader raises msgspec.DecodeError.

    The state machine in the status is assumed to be the spec's, which cannot change; if it is not, the seal
    does not fit. What was done about redrives is not in a row.
    """
    if not all(_NAMES[path] in columns for path in _PATHS):
        return None
    places = [columns.index(_NAMES[path]) for path in _PATHS]

    def read(row: msgspec.Raw) -> Seen:
        found = _decode(row)
        (
            machine,
            ttl_seconds,
            phase,
            seq,
            observed,
            uid,
            revision,
            waiting_until,
            seal,
            end,
            redrives,
            asked,
        ) = (found.cells[place] for place in places)
        return Seen(
            found.object.metadata,
            Spec(
                MachineRef(machine),
                redrive=None if asked is None else Redrive(asked),
                ttlSecondsAfterFinished=ttl_seconds,
            ),
            Status(
                phase=phase or PENDING,
                seq=seq or 0,
                settled=True,
                observedGeneration=observed or 0,
                stateMachine=None if uid is None else Started(machine, uid, revision or ""),
                waitingUntil=waiting_until,
                seal=seal,
                endTime=end,
                redriveCount=redrives or 0,
            ),
        )

    return read
