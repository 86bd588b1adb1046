"""The Leases of the other operators: who is there, and who is taken for dead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from stepwright.controllers import lease_policy
from stepwright.controllers.lease_ages import LeaseAges
from stepwright.controllers.member_lease import MemberLease
from stepwright.controllers.membership import Membership
from stepwright.controllers.quarantine import Quarantine
from stepwright.kube.api_errors import Conflict, NotFound

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Leases:
    """All Leases of members at one moment. ``asked``: when they were asked for, on the reader's monotonic clock."""

    asked: float
    mine: MemberLease | None
    others: Mapping[str, MemberLease]
    """By their names."""


class OtherMembers:
    """Of ``membership``'s operator. Who died under an execution is noted in ``quarantine``."""

    def __init__(self, membership: Membership, quarantine: Quarantine) -> None:
        self._membership = membership
        self._requests = membership.requests
        self._quarantine = quarantine
        self._ages = LeaseAges(membership.duration)

    async def read(self) -> Leases:
        """Raises ApiError."""
        asked = self._monotonic()
        found = await self._requests.all()
        others = {lease.metadata.name: lease for lease in found if lease.is_member}
        self._quarantine.take(found)
        mine = others.pop(self._membership.name, None)
        self._ages.note(others, self._monotonic())
        return Leases(asked, mine, others)

    async def without_dead(self, leases: Leases) -> dict[str, MemberLease]:
        """Remove those of the dead; returns the others'. Raises ApiError."""
        return {
            name: lease
            for name, lease in leases.others.items()
            if not await self._is_removed(lease, leases.asked)
        }

    @property
    def next_lapses_in(self) -> float:
        """The seconds until the first lapses that is not renewed."""
        return self._ages.next_lapses - self._monotonic()

    async def _is_removed(self, lease: MemberLease, asked: float) -> bool:
        """Whether its holder is declared dead, and that is certain: it is not if it has renewed its Lease meanwhile."""
        name = lease.metadata.name
        lapsed = self._ages.has_lapsed(name, asked)
        if not lease_policy.is_dead(self._membership.own, lapsed=lapsed):
            return False
        if lease.stepping is not None:
            # First, so that nobody takes the execution up without knowing of it.
            await self._requests.within_time(self._quarantine.note_death(lease, lease.stepping))
        metadata = lease.metadata
        try:
            await self._requests.delete(name, uid=metadata.uid, resourceVersion=metadata.resourceVersion)
        except NotFound:
            return True
        except Conflict:
            return False
        log.warning("operator taken for dead", lease=name, identity=lease.spec.holderIdentity)
        return True

    def _monotonic(self) -> float:
        return self._membership.read_clocks().monotonic
