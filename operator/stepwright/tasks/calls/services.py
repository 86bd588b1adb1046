"""AWS's services, as tasks call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias, TypeVar

from stepwright.aws.calling import Client
from stepwright.catalog.callers import Caller

T = TypeVar("T")

ClientOf: TypeAlias = Callable[[str], Client]
"""The client of a service (``secretsmanager``, as botocore calls it). Raises NoConnection."""


class Services(Protocol):
    """All of them; an integration knows no endpoint and no credentials of its own."""

    async def use(self, region: str, caller: Caller, work: Callable[[ClientOf], T]) -> T:
        """Returns or raises what ``work`` does with clients for this caller, in this region. It runs in a thread, so it may take
        as long as it takes, and touches nothing that is the loop's. If this is cancelled, work that has begun ends unheard."""

    async def close(self) -> None: ...
