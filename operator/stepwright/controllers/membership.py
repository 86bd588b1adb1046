"""Several operators share the executions: which are this one's, and until when it may act on them.

Each operator owns one Lease and renews it. The list of Leases says who takes part; there is no leader. A
Lease that was not renewed for its duration, by the reader's own clock, is deleted on condition that it is
unchanged; so operators never need equal clocks, and one that was stopped for long finds its Lease gone and
ends. One that could not renew in time, because the API server was away, holds nothing meanwhile; as long as
its Lease exists nobody has taken anything over, and it continues where it was.

``standing`` defines what the operators may act on, ``lease_policy`` decides what an operator does about the Leases, and
``taking_part`` does it. ``held``, ``owns`` and ``valid`` may be called in any thread: each reads values that are replaced,
never changed.
"""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import Callable

from stepwright.controllers import member_lease
from stepwright.controllers.lease_policy import Own
from stepwright.controllers.lease_requests import LeaseRequests
from stepwright.controllers.own_lease import OwnLease
from stepwright.controllers.standing import Standing, View, nobody
from stepwright.engine import readings
from stepwright.engine.ports import Clock, Uid
from stepwright.engine.readings import Readings
from stepwright.kube.api import Api


class Membership:
    """Implements ``engine.ports.Lease``. ``changed`` is called, and must be quick, whenever this operator may act upon
    other executions than before. ``read_clocks`` shows how much time has passed; ``clock`` is for people. ``skew``: by
    how many seconds the time that executions go by is ahead of the API server's."""

    def __init__(
        self,
        api: Api,
        namespace: str,
        *,
        duration: int = 15,
        clock: Clock,
        changed: Callable[[], None],
        identity: str | None = None,
        read_clocks: Callable[[], Readings] = readings.read,
        skew: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.identity = identity or f"{socket.gethostname()}_{os.getpid()}_{uuid.uuid4().hex[:10]}"
        self.name = member_lease.PREFIX + self.identity.rpartition("_")[2]
        self.duration = duration
        self.read_clocks = read_clocks
        self.joined = asyncio.Event()
        self.requests = LeaseRequests(api, namespace, duration)
        self.lease = OwnLease(self.requests, self.name, self.identity, duration, clock, read_clocks, changed)
        self._changed = changed
        self._skew = skew
        self._standing = nobody(self.name)

    # --- What the others ask ----------------------------------------------------------------------------------------

    def held(self, uid: Uid) -> bool:
        """Whether this process may act on the execution right now."""
        return self.valid and self._standing.gives(uid)

    def owns(self, uid: str) -> bool:
        """Whether the object belongs to this process. While its own Lease has lapsed, the process may still
        not act."""
        return self._standing.gives(uid)

    @property
    def valid(self) -> bool:
        """Whether the Lease can be relied on: it is renewed, by all clocks, and the time is the API server's."""
        return self.own.valid

    @property
    def skewed(self) -> bool:
        return self.own.skewed

    @property
    def obstacle(self) -> str | None:
        """Why this operator does not act, for people; None if it may."""
        return self.own.obstacle

    @property
    def members(self) -> View:
        """Who takes part, this process included, as it has published it."""
        return self.lease.view

    # --- What taking part changes -----------------------------------------------------------------------------------

    @property
    def own(self) -> Own:
        """As it is at this moment."""
        return Own(self.lease.is_there, self.lease.counts, self._skew())

    @property
    def standing(self) -> Standing:
        return self._standing

    def stand(self, new: Standing) -> None:
        if new == self._standing:
            return
        self._standing = new
        self._changed()

    def step_down(self) -> None:
        """Nothing belongs to this process from now on; it is about to end."""
        self._standing = nobody(self.name)
        self.lease.granted = None
