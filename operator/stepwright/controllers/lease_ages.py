"""Since when the Leases of others have not changed, by the clock of whoever reads them: no two operators' clocks are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stepwright.controllers.member_lease import MemberLease

MOST_FOREIGN: Final = 4
"""No Lease counts for longer than this many of the reader's own durations, whatever it says: otherwise a Lease
created with a duration of years would hold everything that rendezvous hashing assigns to it."""
WATCHED_SHARE: Final = 0.5
"""Whoever has not read the Leases for this part of a duration cannot say that others have not renewed theirs."""


@dataclass(slots=True)
class _Seen:
    """A member's Lease as last read, since when it has not changed, and how long it counts from then."""

    version: str
    since: float
    duration: float


class LeaseAges:
    """``duration``: of the reader's own Lease, in seconds, as all times here, which are those of one monotonic clock."""

    def __init__(self, duration: float) -> None:
        self._duration: Final = duration
        self._listed: float | None = None
        self._seen: dict[str, _Seen] = {}

    def note(self, leases: Mapping[str, MemberLease], now: float) -> None:
        """These, by their names, are there, as they were read just now."""
        if self._listed is None or now - self._listed > self._duration * WATCHED_SHARE:
            self._seen.clear()
        self._listed = now
        for name in self._seen.keys() - leases.keys():
            del self._seen[name]
        for name, lease in leases.items():
            seen, version = self._seen.get(name), lease.metadata.resourceVersion
            if seen is None or seen.version != version:
                said = lease.spec.leaseDurationSeconds or self._duration
                self._seen[name] = _Seen(version, now, min(said, self._duration * MOST_FOREIGN))

    def has_lapsed(self, name: str, at: float) -> bool:
        seen = self._seen[name]
        return at - seen.since >= seen.duration

    @property
    def next_lapses(self) -> float:
        """When the first lapses that is not renewed."""
        return min((seen.since + seen.duration for seen in self._seen.values()), default=float("inf"))
