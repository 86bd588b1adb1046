"""Which driver serves a Resource."""

from __future__ import annotations

from collections.abc import Sequence

from stepwright.asl.resource import Resource
from stepwright.engine.ports import TaskDriver


def driver_of(drivers: Sequence[TaskDriver], resource: Resource) -> TaskDriver | None:
    """The first of them that does."""
    return next((driver for driver in drivers if driver.serves(resource)), None)
