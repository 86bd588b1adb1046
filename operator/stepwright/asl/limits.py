"""What an execution may take: AWS's quotas, each of which can be set.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html. The bounds of definitions stand in
``definition.limits``, those of single expressions in ``jsonata.runtime`` and ``jsonpath.search``, of a state in ``meter``: nobody needs to raise them,
and the engine's own safety hangs on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stepwright.asl import meter


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of an execution and of a single step; None = no such limit.

    A step that has reached ``events_per_step``, ``bytes_per_step`` (of all texts in its events) or
    ``work_per_step`` (units of ``meter``) ends with ``more``.
    """

    payload_bytes: int = 262_144
    """Of an input, an output, a task's parameters."""
    variable_bytes: int = 262_144
    assign_bytes: int = 262_144
    """Of all variables that one Assign sets."""
    variables_bytes: int = 10 * 1024 * 1024
    """Of all variables that an execution keeps."""
    history_events: int | None = None
    """Of the execution's own history, and of that of each child execution, which fails by itself beyond."""
    history_bytes: int | None = None
    """Of the inputs, parameters, results, outputs and variables in its events, and 200 for each event; and of what child
    executions leave in the store, which the engine counts (``engine.kept_apart``). AWS has no such limit."""
    events_per_second: int | None = None
    """How fast its history and those of its child executions may grow together in the long run; the engine sees to it
    (``engine.brake``). AWS limits the transitions of an account instead."""
    quota_seconds: int | None = 600
    """How long a quota of the store may keep a write out before the execution fails; the engine sees to it."""
    execution_seconds: int | None = None
    """How long it may run, whatever its TimeoutSeconds."""
    child_executions: int = 1_000
    """Of a distributed Map, at once: each is a branch of the checkpoint, or of that of a shard."""
    shard_items: int | None = None
    """Of how many items a distributed Map runs in one checkpoint. One with more runs in shards of so many, each an execution of
    its own to the engine, where its drivers know how to run them (``resource.MAP_SHARD``)."""
    shards: int = 4
    """Of a Map Run, at once."""
    events_per_step: int = 250
    bytes_per_step: int = 131_072
    work_per_step: int = meter.PER_STEP
    work_per_state: int = meter.PER_STATE


STANDARD: Final = Limits(history_events=25_000, execution_seconds=31_536_000)
"""As on AWS: 25,000 events, a year."""

EXPRESS: Final = Limits(execution_seconds=300, bytes_per_step=8 * 1024 * 1024)
"""Nothing of a step is written, so its texts count for what they take in memory alone: with an input as large as AWS takes,
one that ends at once has ended in its first step."""

CLUSTER: Final = Limits(
    history_events=25_000, history_bytes=128 * 1024 * 1024, events_per_second=500, child_executions=40
)
"""Its store is one for all: an execution that never ends must not fill it. All that runs at once stands in one object,
which etcd takes up to 1.5 MiB, hence as many children as of an inline Map."""
