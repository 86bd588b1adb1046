"""Steps that are not written until something has to be: those of a shard of a distributed Map whose child executions only
compute. A process that dies before then has lost what the next one does again, and nobody can tell that it was done before.

Only the shard's own reader and writer are started without a write, which is harmless to repeat.
"""

from __future__ import annotations

from typing import Final

from stepwright.asl.checkpoint import shards
from stepwright.asl.checkpoint.checkpoint import Checkpoint
from stepwright.asl.machine import Machine
from stepwright.asl.resource import ITEM_READER, RESULT_WRITER
from stepwright.asl.step import CancelTask
from stepwright.engine.batch import Batch
from stepwright.engine.effects import Cancel

_HARMLESS: Final = (ITEM_READER, RESULT_WRITER)


class Unwritten:
    """``batch``: what one execution has done and nobody has written, None if there is nothing."""

    __slots__ = ("_is_repeatable", "batch")

    def __init__(self) -> None:
        self._is_repeatable = False
        self.batch: Batch | None = None

    def take_up(self, machine: Machine, checkpoint: Checkpoint | None) -> None:
        """This is written."""
        self._is_repeatable = checkpoint is not None and shards.is_repeatable(machine, checkpoint.parts)

    def may_have(self, batch: Batch) -> bool:
        return (
            self._is_repeatable
            and batch.outcome is None
            and not batch.full
            and all(start.resource in _HARMLESS for start in batch.starts.values())
        )

    def go_on(self, written: Checkpoint | None) -> Batch:
        """What the next steps are added to."""
        return self.batch or Batch(written)


def cancel_begun(given_up: Batch, instead: Batch) -> None:
    """End with a batch what another one has begun that is not written in its place."""
    for task in given_up.begun.values():
        instead.ends[task.task] = Cancel(CancelTask(task.task, task.resource))
