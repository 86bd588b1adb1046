"""The namespaces that somebody may look at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller
from stepwright.cluster.access import RIGHTS, Access
from stepwright.cluster.places import Places

LOOKS_AT: Final = "ListExecutions"
"""Who may do this in a namespace is shown it."""


class Tenants:
    """Implements ``console.tenants.Tenants``."""

    def __init__(self, access: Access, places: Places) -> None:
        self._access: Final = access
        self._places: Final = places
        self.region: Final = places.region

    async def of(self, caller: Caller) -> Sequence[tuple[str, Place]]:
        found = [(name, place) for name in self._places.all() if (place := self._places.of(name)) is not None]
        # Who has a right everywhere is not asked about in each namespace.
        await asyncio.gather(*(self._access.everywhere(caller, action) for action in RIGHTS))
        may = await asyncio.gather(
            *(self._access.allows(caller, LOOKS_AT, place.execution("*", "*")) for _, place in found)
        )
        return [each for each, allowed in zip(found, may, strict=True) if allowed]

    def place(self, name: str) -> Place | None:
        place = self._places.of(name)
        if place is not None:
            return place
        spot = self._places.find(Place(name, self.region).state_machine("*"))
        return None if spot is None else self._places.of(spot.namespace)
