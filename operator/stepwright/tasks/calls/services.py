"""AWS's services, as tasks call them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Protocol, TypeAlias, TypeVar

from stepwright.aws.calling import Client
from stepwright.engine.ports import ExecutionRef

T = TypeVar("T")

ClientOf: TypeAlias = Callable[[str], Client]
"""The client of a service (``secretsmanager``, as botocore calls it). Raises NoConnection, NoAnswer."""


class Services(Protocol):
    """All of them; an integration knows no endpoint and no credentials of its own."""

    async def use(self, ref: ExecutionRef, role: str | None, work: Callable[[ClientOf], T]) -> T:
        """Returns or raises what ``work`` does with clients for a task of this execution, as a ``role`` that its state names. It
        runs in a thread, so it may take as long as it takes, and touches nothing that is the loop's. If this is cancelled, work
        that has begun ends unheard. Raises CallFailed where the execution may not call, and Unavailable, too."""

    def identity(self, ref: ExecutionRef, role: str | None) -> Hashable:
        """The same for tasks that call the same services as the same caller, so that one request may be about all of them."""

    async def close(self) -> None: ...
