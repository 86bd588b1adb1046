"""Other bounds for distributed Maps under way, as the specs of their Executions ask for them: of a Map Run by whoever may change the
Execution, of a shard by the operator of its Map. An entry stays, and says the same whenever it is read: so it is taken up once,
whoever carries the execution."""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from stepwright.asl.signals import MapBounds, ShardBounds, UpdateMapRun


class MapRunBounds(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An entry of ``spec.mapRuns``. A bound that it does not give stays as it is."""

    mapRunArn: str
    maxConcurrency: int | None = None
    toleratedFailureCount: int | None = None
    toleratedFailurePercentage: float | None = None

    @property
    def signal(self) -> UpdateMapRun:
        return UpdateMapRun(*msgspec.structs.astuple(self))

    def changed(self, asked: UpdateMapRun) -> MapRunBounds:
        """With what is asked for besides."""
        given = {
            "maxConcurrency": asked.max_concurrency,
            "toleratedFailureCount": asked.tolerated_failure_count,
            "toleratedFailurePercentage": asked.tolerated_failure_percentage,
        }
        wanted = {name: value for name, value in given.items() if value is not None}
        return msgspec.structs.replace(self, **wanted)


class MapShardBounds(msgspec.Struct, frozen=True, gc=False):
    """``spec.mapShard.bounds``."""

    maxConcurrency: int
    toleratedFailureCount: int

    @classmethod
    def of(cls, bounds: ShardBounds) -> MapShardBounds:
        return cls(bounds.limit, bounds.tolerated)

    @property
    def signal(self) -> ShardBounds:
        return ShardBounds(self.maxConcurrency, self.toleratedFailureCount)


class MapShard(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """``spec.mapShard``."""

    bounds: MapShardBounds | None = None


def asked(map_runs: Sequence[MapRunBounds], shard: MapShard | None) -> tuple[MapBounds, ...]:
    """Those of a shard are its Map's to say."""
    if shard is not None:
        return () if shard.bounds is None else (shard.bounds.signal,)
    return tuple(each.signal for each in map_runs)


def of_spec(spec: Mapping[str, Any]) -> tuple[MapBounds, ...]:
    found = msgspec.convert(spec, _Spec)
    return asked(found.mapRuns, found.mapShard)


class _Spec(msgspec.Struct):
    mapRuns: tuple[MapRunBounds, ...] = ()
    mapShard: MapShard | None = None
