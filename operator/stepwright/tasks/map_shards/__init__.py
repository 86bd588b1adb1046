"""Shards of a distributed Map, which are tasks to the engine: each runs as an execution of its own."""

from __future__ import annotations

from stepwright.asl.resource import MAP_SHARD, Resource


def serves(resource: Resource) -> bool:
    return resource == MAP_SHARD
