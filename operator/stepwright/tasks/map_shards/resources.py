"""Which Resource is a shard."""

from __future__ import annotations

from typing import Final

from stepwright.asl.resource import MAP_SHARD

RESOURCES: Final = (MAP_SHARD,)
