"""Limits of an execution: AWS's quotas, each of which can be set.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html. The limits of definitions
are in ``definition.limits``, those of single expressions in ``jsonata.runtime`` and ``jsonpath.search``,
those of a state in ``meter``: nobody needs to raise them, and the engine's own safety depends on them.
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
    """The size of an input, an output, a task's parameters."""
    variable_bytes: int = 262_144
    assign_bytes: int = 262_144
    """The size of all variables that one Assign sets."""
    variables_bytes: int = 10 * 1024 * 1024
    """The size of all variables of an execution."""
    history_events: int | None = None
    """The length of the execution's own history, and of each child execution's, which fails by itself beyond
    it."""
    history_bytes: int | None = None
    """The size of the inputs, parameters, results, outputs and variables in its events, with 200 for each
    event; and of what child executions leave in the store, which the engine counts (``engine.kept_apart``).
    AWS has no such limit."""
    events_per_second: int | None = None
    """How fast its history and those of its child executions may grow together in the long run; the engine
    enforces it (``engine.brake``). AWS limits the transitions of an account instead."""
    quota_seconds: int | None = 600
    """How long a quota of the store may block a write before the execution fails; the engine enforces it."""
    execution_seconds: int | None = None
    """How long it may run, whatever its TimeoutSeconds."""
    child_executions: int = 1_000
    """Of a distributed Map, at once: each is a branch of the checkpoint, or of that of a shard."""
    shard_items: int | None = None
    """Of how many items a distributed Map runs in one checkpoint. One with more runs in shards of so many, each an execution of
    its own to the engine, where its drivers know how to run them (``resource.MAP_SHARD``)."""
    computing_shard_items: int | None = None
    """How many items a shard has whose child executions only compute, if not the same. Nothing of it is stored while it runs."""
    piece_bytes: int = 1024 * 1024
    """The size of what is read for one shard, with which it has enough whatever the number of its items."""
    shards: int = 4
    """Of a Map Run, at once."""
    computing_shards: int | None = None
    """The same where child executions only compute, if not as many: whoever carries all of them computes one after the other, and
    has in memory what each has not written."""
    read_bytes: int = 8 * 1024 * 1024
    """The size of all items together that a Map's ItemReader may read, as JSON. AWS reads files of up to 10 GB."""
    events_per_step: int = 250
    bytes_per_step: int = 131_072
    work_per_step: int = meter.PER_STEP
    work_per_state: int = meter.PER_STATE
    tells_visits_of_children: bool = True
    """Whether a step tells of visits of states in child executions: where their histories are kept, nobody asks for that."""


STANDARD: Final = Limits(history_events=25_000, execution_seconds=31_536_000)
"""As on AWS: 25,000 events, a year."""

EXPRESS: Final = Limits(execution_seconds=300, bytes_per_step=8 * 1024 * 1024)
"""Nothing of a step is written, so its texts count for what they take in memory alone: with an input as large as AWS takes,
one that ends at once has ended in its first step."""

CLUSTER: Final = Limits(
    history_events=25_000,
    history_bytes=128 * 1024 * 1024,
    events_per_second=500,
    child_executions=40,
    read_bytes=4 * 1024 * 1024,
    piece_bytes=128 * 1024,
)
"""Everybody shares the store: an execution that never ends must not fill it. Everything that runs at once is
in one object, which etcd accepts up to 1.5 MiB, hence only as many children as in an inline Map. What the
items of a Map or of a shard take is stored once, and goes with the execution or the shard."""
