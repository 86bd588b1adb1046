"""Versions of the checkpoint's form. A checkpoint has the lowest one that its parts need, so that an engine of an earlier release
goes on with all executions in which there is nothing that it does not know.

A form that an older engine cannot read gets the next number.
"""

from __future__ import annotations

from typing import Final

FIRST: Final = 1
"""What every checkpoint has at first, and keeps unless it needs one of those below."""

WITH_CHILDREN: Final = 2
"""What a checkpoint needs from its first distributed Map on."""

REDRIVEN: Final = 3
"""What it needs once it is redriven."""

SHARDED: Final = 4
"""What it needed from the first Map that ran in shards on, before there was ``IN_PIECES``."""

READ_OR_WRITTEN: Final = 5
"""What it needs from the first Map on that reads its items from elsewhere or leaves its results there."""

IN_PIECES: Final = 6
"""What it needs from the first Map on that runs in shards, which may read their items in pieces and leave their results elsewhere.
Checkpoints of shards have it from the beginning."""

WITH_LONG_ITEMS: Final = 7
"""What it needs from the first Map on whose items take more than ``parts.ITEMS_CHARACTERS``."""

LEAVES_RESULTS: Final = 8
"""What it needs once a Map Run that does not succeed has begun to leave its results."""

NEWEST: Final = LEAVES_RESULTS
