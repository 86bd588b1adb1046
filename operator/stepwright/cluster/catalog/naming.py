"""What things are called in the ARNs that the server gives out, and which objects they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stepwright.catalog.arns import Place
from stepwright.catalog.records import Execution
from stepwright.cluster.catalog.machine_names import machine_object
from stepwright.cluster.nested.names import candidates
from stepwright.cluster.places import Places
from stepwright.engine.ports import ExecutionRef


class AsAccounts:
    """Implements ``cluster.execution_index.Naming``. A state machine is called as its object is: what it is called otherwise, only
    that says, and the API takes both."""

    def __init__(self, places: Places) -> None:
        self._places: Final = places

    def place(self, namespace: str) -> Place | None:
        return self._places.of(namespace)

    def namespace(self, place: Place) -> str | None:
        spot = self._places.find(place.state_machine("*"))
        return None if spot is None else spot.namespace

    def machine(self, namespace: str, object_name: str) -> str:  # noqa: ARG002
        return object_name

    def machine_object(self, name: str) -> str:
        return machine_object(name)

    def objects(self, execution: Execution) -> Iterator[ExecutionRef]:
        """Those that an execution may be."""
        spot = self._places.find(execution.arn)
        if spot is None or len(spot.names) != 2:
            return
        machine = machine_object(spot.names[0])
        for name in candidates(machine, spot.names[1]):
            yield ExecutionRef(execution.uid, spot.namespace, name, machine)
