"""Finds the Execution object that an ARN names."""

from __future__ import annotations

from typing import Final, NamedTuple

from stepwright.catalog.arns import Place
from stepwright.cluster.catalog.asking import Asking
from stepwright.cluster.catalog.machine_names import machine_object
from stepwright.cluster.catalog.stored_execution import StoredExecution
from stepwright.cluster.nested.names import candidates, object_name
from stepwright.cluster.places import Places
from stepwright.cluster.reading import path_of_execution


class Named(NamedTuple):
    """What the ARN of an execution names. ``machine``, ``name``: as AWS has them."""

    place: Place
    namespace: str
    machine: str
    name: str

    @property
    def object(self) -> str:
        """The name of one that is created here."""
        return object_name(machine_object(self.machine), self.name)


class Finding:
    def __init__(self, asking: Asking, places: Places) -> None:
        self._asking: Final = asking
        self._places: Final = places

    def named(self, arn: str) -> Named | None:
        """None if it names nothing that could be here."""
        spot = self._places.find(arn)
        if spot is None or spot.kind != "execution" or len(spot.names) != 2:
            return None
        place = self._places.of(spot.namespace)
        return None if place is None else Named(place, spot.namespace, *spot.names)

    async def find(self, named: Named) -> StoredExecution | None:
        """Parts of distributed Maps are nobody's executions. Raises what ``asking.refusal`` gives."""
        machine = machine_object(named.machine)
        for name in candidates(machine, named.name):
            path = path_of_execution(named.namespace, name)
            found: StoredExecution | None = await self._asking.get(path, StoredExecution)
            is_it = found is not None and (found.machine, found.name) == (machine, named.name)
            if found is not None and is_it and not found.is_part:
                return found
        return None
