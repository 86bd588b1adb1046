"""Whether a run may act: while it holds the lease, and until it is over. A lapsed lease may be renewed, and
then nobody else would continue the execution: so a run without the lease waits for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from stepwright.engine.ports import Clock, Lease, Uid

T = TypeVar("T")

LEASE_POLL_SECONDS: Final = 1.0
"""How often a run that waits for the lease checks it."""

PATIENCE_SECONDS: Final = 60.0
"""How long a run waits for the lease where another engine may have got it."""


class Holding:
    __slots__ = ("_clock", "_lease", "_uid", "over")

    def __init__(self, uid: Uid, lease: Lease, clock: Clock) -> None:
        self._uid = uid
        self._lease = lease
        self._clock = clock
        self.over = False
        """The run is over, whatever the lease says."""

    @property
    def held(self) -> bool:
        return self._lease.held(self._uid)

    def may_act(self) -> bool:
        return not self.over and self.held

    async def within(self, seconds: float) -> bool:
        """Wait for the lease, at most this long; returns whether it is held."""
        waited = 0.0
        while not self.held and waited < seconds:
            await self._clock.sleep(LEASE_POLL_SECONDS)
            waited += LEASE_POLL_SECONDS
        return self.held

    async def until_held(self) -> None:
        while not self.held:
            await self._clock.sleep(LEASE_POLL_SECONDS)

    def while_held(self, call: Callable[[], Awaitable[T]]) -> Callable[[], Awaitable[T]]:
        """The call, made only while the lease is held."""

        async def made() -> T:
            await self.until_held()
            return await call()

        return made
