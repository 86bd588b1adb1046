"""Who has lost the lease for a while never takes it up again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from stepwright.controllers.lease import ClusterLease, _RenewingLock
from stepwright.engine.ports import Uid

ANY = Uid("")


class Leases:
    """The one request that is made; ``holder`` is what it finds."""

    def __init__(self, holder: str | None) -> None:
        self._holder = holder

    async def read_namespaced_lease(self, *_: Any) -> Any:
        spec = SimpleNamespace(
            holder_identity=self._holder, lease_duration_seconds=15, acquire_time=None, renew_time=None
        )
        return SimpleNamespace(spec=spec)


@pytest.mark.parametrize("holder", ["another", None], ids=["held by another", "given back by another"])
async def test_a_lease_that_another_one_has_held_is_lost(holder: str | None) -> None:
    """A process that was stopped woke when the next one had come and gone, renewed, and went on with old knowledge."""
    lease = ClusterLease("default")
    lock = _RenewingLock(lease, "name", "default", lease.identity, None)
    lock.api_instance = Leases(holder)
    lease.acquired.set()
    lease.renewed(10.0**9)
    assert lease.held(ANY)

    found, _ = await lock.get("name", "default")
    lease.renewed(10.0**9)

    assert not found
    assert not lease.held(ANY)


async def test_a_lease_of_ones_own_is_kept() -> None:
    lease = ClusterLease("default")
    lock = _RenewingLock(lease, "name", "default", lease.identity, None)
    lock.api_instance = Leases(lease.identity)
    lease.acquired.set()
    lease.renewed(10.0**9)
    found, _ = await lock.get("name", "default")

    assert found
    assert lease.held(ANY)
