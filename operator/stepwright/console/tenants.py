"""Whose things there are: the tenants of a server, each a namespace, which is an account in ARNs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller

Named = tuple[str, Place]
"""A tenant by its name."""


class Tenants(Protocol):
    @property
    def region(self) -> str:
        """Where things are that no ARN names."""

    async def of(self, caller: Caller) -> Sequence[Named]:
        """Those that somebody may look at. Raises Unavailable."""

    def place(self, name: str) -> Place | None:
        """None if there is none of that name, nor with that account."""


class OneTenant:
    """Implements ``Tenants`` where there is one account."""

    def __init__(self, place: Place) -> None:
        self._place: Final = place
        self.region: Final = place.region

    async def of(self, caller: Caller) -> Sequence[Named]:
        return [(caller.account, Place(caller.account, self.region))]

    def place(self, name: str) -> Place | None:
        return self._place if name == self._place.account else None
