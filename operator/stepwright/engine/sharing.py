"""How many answers of tasks share a write in a shard of a distributed Map.

The store keeps each version of a shard for a while, with all of its live child executions. So what a child costs is bounded only if
each write has a share of them: with two fifths it is at most five times what is kept of it, however many there are.
"""

from __future__ import annotations

from typing import Final

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import Checkpoint

SHARED_SECONDS: Final = 0.2
"""Nobody waits longer than this for the answers of others."""
_SHARE: Final = 0.4


def shared_answers(checkpoint: Checkpoint | None) -> int:
    """``checkpoint``: as written. 0 if each answer is written as it comes."""
    if checkpoint is None or checkpoints.shard_counts(checkpoint) is None:
        return 0
    return int(_SHARE * sum(branch.task is not None for branch in checkpoint.branches()))
