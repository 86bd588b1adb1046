"""What things of a cluster are called in ARNs, and where an ARN leads."""

from __future__ import annotations

from typing import Protocol

from stepwright.catalog.arns import Place
from stepwright.cluster.arns import REGION


class Naming(Protocol):
    def place(self, namespace: str) -> Place | None:
        """Of what is in a namespace. None if it is not served."""

    def namespace(self, place: Place) -> str | None:
        """None if it is not one that is served here."""

    def machine(self, namespace: str, object_name: str) -> str:
        """The name of a state machine, by that of its object."""

    def machine_object(self, name: str) -> str:
        """The other way round."""


class AsInContexts:
    """Implements ``Naming`` as the context objects of executions have it (``cluster.arns``)."""

    def place(self, namespace: str) -> Place | None:
        return Place(namespace, REGION)

    def namespace(self, place: Place) -> str | None:
        return place.account if place.region == REGION else None

    def machine(self, namespace: str, object_name: str) -> str:  # noqa: ARG002
        return object_name

    def machine_object(self, name: str) -> str:
        return name
