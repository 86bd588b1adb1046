"""All that is needed to go on with an execution. Small, plain, versioned.

A checkpoint is a set of *parts*, each encoded for itself, because a journal writes only the parts that a step
changed. The part ``head`` holds what concerns the whole execution (identity, last event id, counters); every live
branch (the root, branches of Parallel, live iterations of Map) is a part; finished results of a Map are parts in
chunks, so that a long Map neither rewrites its results nor keeps a branch for each item.

Encoded, a part is a JSON object whose payloads (inputs, outputs, results) are JSON *texts*: the store may round
numbers and sort keys of values, never of texts, and it may keep a long text elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NewType, TypeAlias

from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.signals import Millis

PartId = NewType("PartId", str)

EncodedPart: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who an execution is; the context object's ``Execution`` and ``StateMachine`` are made of it."""

    uid: str
    """Never repeats, also when a deleted execution is made again under the same name."""
    execution_id: str
    name: str
    role_arn: str
    state_machine_id: str
    state_machine_name: str
