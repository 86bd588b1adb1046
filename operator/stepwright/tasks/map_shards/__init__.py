"""Shards of a distributed Map, which are tasks to the engine: each runs as an execution of its own.

The integration is imported when it is made: a process that only checks definitions needs none.
"""

from __future__ import annotations

from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from stepwright.tasks.map_shards.resources import RESOURCES

__all__ = ["RESOURCES", "make"]


def make(means: Means) -> Integration:
    from stepwright.tasks.map_shards.integration import MapShards  # noqa: PLC0415 - as above

    assert means.shards is not None
    return MapShards(means.shards, means.clock, means.report)
