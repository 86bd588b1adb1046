"""The Lease that this operator owns: renewed, with the view that it publishes, and relied on while it counts.

All attempts are conditional on the Lease as it was seen last, so at most one of them lands; it counts from when that was sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from stepwright.controllers import member_lease
from stepwright.controllers.lease_requests import LeaseRequests
from stepwright.controllers.member_lease import MemberLease, Metadata
from stepwright.controllers.standing import View
from stepwright.engine import readings
from stepwright.engine.ports import Clock, ExecutionRef
from stepwright.engine.readings import Readings
from stepwright.kube.api_errors import AlreadyExists, Conflict, NotFound

log = structlog.get_logger(__name__)

HELD_SHARE: Final = 0.9
"""The part of its duration for which the holder relies on it. The rest allows for clocks that run at different
speeds, and for requests between a last check and the API server."""


class Removed(Exception):  # noqa: N818 - it names a condition
    """Another operator has declared this one dead and may have continued its executions."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A write without an answer yet: it may land. ``asked``: when it was sent."""

    renewal: int
    view: View
    asked: Readings


class OwnLease:
    """``renewed`` is called when it counts again."""

    def __init__(
        self,
        requests: LeaseRequests,
        name: str,
        identity: str,
        duration: int,
        clock: Clock,
        read_clocks: Callable[[], Readings],
        renewed: Callable[[], None],
    ) -> None:
        self._requests: Final = requests
        self._name: Final = name
        self._identity: Final = identity
        self._duration: Final = duration
        self._clock: Final = clock
        self._read_clocks: Final = read_clocks
        self._renewed: Final = renewed
        self.view: View = ()
        """The view published in it."""
        self.noted: ExecutionRef | None = None
        """The execution that it says is being stepped."""
        self._stored: Metadata | None = None
        self._attempts: list[_Attempt] = []
        self._renewal = 0
        self._asked: Readings | None = None
        """When the newest renewal was sent."""
        self.granted: Readings | None = None
        """When the newest renewal was sent that has landed; None while there is none to rely on."""

    @property
    def is_there(self) -> bool:
        """Whether it was seen to be stored."""
        return self._stored is not None

    @property
    def counts(self) -> bool:
        """Whether it is renewed, by all clocks."""
        granted = self.granted
        return (
            granted is not None
            and readings.passed(granted, self._read_clocks()) < self._duration * HELD_SHARE
        )

    @property
    def seconds_since_renewal(self) -> float:
        """Since the newest was sent."""
        return float("inf") if self._asked is None else readings.passed(self._asked, self._read_clocks())

    @property
    def published(self) -> View:
        """The view to repeat in a renewal: the stored one, or the newest on its way."""
        return self._attempts[-1].view if self._attempts else self.view

    @property
    def on_their_way(self) -> frozenset[View]:
        """Views that may be published by now."""
        return frozenset(attempt.view for attempt in self._attempts)

    async def write(self, view: View, stepping: ExecutionRef | None) -> MemberLease | None:
        """Renew, and publish ``view``; what it gives away was released before. Returns it as it is then stored; None if an earlier
        attempt has landed, or it is gone: a list will show which. Raises ApiError."""
        self._renewal += 1
        self._asked = self._read_clocks()
        self.noted = stepping
        self._attempts.append(_Attempt(self._renewal, view, self._asked))
        body = member_lease.manifest(
            self._name,
            self._identity,
            duration_seconds=self._duration,
            view=view,
            renewal=self._renewal,
            stored=self._stored,
            now=self._clock.now(),
            stepping=stepping,
        )
        try:
            if self._stored is None:
                return await self._requests.create(body)
            return await self._requests.replace(self._name, body)
        except (AlreadyExists, Conflict, NotFound) as error:
            log.debug("lease not written", reason=str(error))
            return None

    def take(self, lease: MemberLease) -> None:
        """Take note of it as it is stored now. Raises Removed."""
        metadata = lease.metadata
        if self._stored is not None and metadata.uid != self._stored.uid:
            raise Removed
        if self._stored is None or metadata.resourceVersion != self._stored.resourceVersion:
            lapsed = not self.counts
            for attempt in self._attempts:
                if str(attempt.renewal) == lease.renewal:
                    self.granted = attempt.asked
            if lapsed and self.counts:
                self._renewed()
            # The others had the same condition, which no longer holds.
            self._attempts.clear()
            self._stored = metadata
        view = lease.view or ()
        if view != self.view:
            self.view = view
            log.info("members", lease=self._name, members=view)

    async def give_back(self) -> None:
        """Raises ApiError."""
        if self._renewal:
            await self._requests.delete(self._name)
