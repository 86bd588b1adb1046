"""Several operators share the executions: who takes part, and until when this one may act.

Each operator owns one Lease and renews it. The list of Leases says who takes part; there is no leader. A
Lease that was not renewed for its duration, by the reader's own clock, is deleted on condition that it is
unchanged; so operators never need equal clocks, and one that was stopped for long finds its Lease gone and
ends. One that could not renew in time, because the API server was away, holds nothing meanwhile; as long as
its Lease exists nobody has taken anything over, and it continues where it was.

``standing`` defines what the operators may act on; this module makes its rules hold: an operator releases
before it publishes, publishes before it reads, and reads one consistent list.

It runs in another thread than what acts (``assembly.operator``), so that a Lease does not expire because
there is much to do. ``held``, ``owns`` and ``valid`` may be called in any thread: each reads values that are
replaced, never changed. So releasing takes two steps: from now on nothing is held, and then the engine's loop
has turned once, so that everything that asked before is on its way. Only then is a view published that gives
anything away.
"""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

import structlog

from stepwright.controllers import member_lease
from stepwright.controllers.lease_ages import LeaseAges
from stepwright.controllers.member_lease import MemberLease
from stepwright.controllers.own_lease import OwnLease, Removed
from stepwright.controllers.quarantine import Quarantine
from stepwright.controllers.standing import Standing, View, nobody, standing
from stepwright.engine import readings
from stepwright.engine.ports import Clock, ExecutionRef, Uid
from stepwright.engine.readings import Readings
from stepwright.kube import lists
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, Conflict, NotFound, Unreachable
from stepwright.kube.decoders import decoder
from stepwright.kube.informer import Informer
from stepwright.kube.paths import path_of

log = structlog.get_logger(__name__)

T = TypeVar("T")

RENEWALS: Final = 8
"""How often a Lease is renewed within its duration."""
SHORTEST_REST_SECONDS: Final = 0.2
MOST_SKEW_SECONDS: Final = 5.0
"""An operator whose clock differs from the API server's by more does not act: its time-outs and timestamps
would be wrong."""


class Pulse(Protocol):
    """What there is to know about the loop that acts."""

    @property
    def hung(self) -> bool:
        """Whether it has not turned for so long that others should take over what it holds."""

    @property
    def suspect(self) -> ExecutionRef | None:
        """The execution whose step holds it for long."""

    @property
    def stuck(self) -> ExecutionRef | None:
        """The execution whose step beside the loop seems never to end."""

    async def turned(self) -> None:
        """Returns once it has turned, and nothing of what is no longer held is under way."""


class _AlwaysTurning:
    """For a loop that is this one."""

    hung = False
    suspect = None
    stuck = None

    async def turned(self) -> None:
        return


@dataclass(frozen=True, slots=True)
class _Giving:
    """A view that is published once the loop that acts has turned: what it gives away is already released."""

    view: View
    turn: asyncio.Task[None]


class Membership:
    """Implements ``engine.ports.Lease``. ``changed`` is called, and must be quick, whenever this operator may act upon
    other executions than before. ``read_clocks`` tells how much time has passed; ``clock`` is for people. ``skew``: by
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
        pulse: Pulse | None = None,
        quarantine: Quarantine | None = None,
        skew: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.identity = identity or f"{socket.gethostname()}_{os.getpid()}_{uuid.uuid4().hex[:10]}"
        self.name = member_lease.PREFIX + self.identity.rpartition("_")[2]
        self.joined = asyncio.Event()
        self._api = api
        self._namespace = namespace
        self._duration = duration
        self._changed = changed
        self._clock = clock
        self._read_clocks = read_clocks
        self._pulse = pulse or _AlwaysTurning()
        self._skew = skew
        self._quarantine = quarantine or Quarantine(api, namespace)
        self._skew_told = False
        self._request_seconds = max(1.0, duration / 4)
        self._own = OwnLease(
            api,
            namespace,
            self.name,
            self.identity,
            duration,
            clock,
            read_clocks,
            self._ask,
            changed,
        )
        self._giving: _Giving | None = None
        self._standing = nobody(self.name)
        self._ages = LeaseAges(duration)
        self._news = asyncio.Event()
        # It only shows that something has changed: decisions are based on our own lists.
        self.watch: Informer[MemberLease] = Informer(
            api,
            member_lease.API_VERSION,
            member_lease.PLURAL,
            MemberLease,
            namespaces=(namespace,),
            label_selector=member_lease.SELECTOR,
            on_change=self._hear,
        )

    # --- What the others ask --------------------------------------------------------------------------------------

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
        return not self.skewed and self._own.counts

    @property
    def skewed(self) -> bool:
        return abs(self._skew()) > MOST_SKEW_SECONDS

    @property
    def obstacle(self) -> str | None:
        """Why this operator does not act, for people; None if it may."""
        if self.skewed:
            ahead, seconds = self._skew() > 0, abs(self._skew())
            return (
                f"the clock is {seconds:.0f} s {'ahead of' if ahead else 'behind'} the API server's: nothing is done until "
                f"they differ by {MOST_SKEW_SECONDS:.0f} s or less"
            )
        if not self._own.is_there:
            return "it has no Lease yet"
        if not self.valid:
            return "its Lease has run out and could not be renewed"
        return None

    @property
    def members(self) -> View:
        """Who takes part, this process included, as it has published it."""
        return self._own.view

    # --- Taking part ------------------------------------------------------------------------------------------------

    async def take_part(self) -> None:
        """Join, and stay a member until cancelled. Raises Removed."""
        watch = asyncio.create_task(self.watch.run(), name="watch of leases")
        try:
            while True:
                self._news.clear()
                await self._round()
                await self._wait_for_news()
        finally:
            self._own.granted = None
            self._stop_giving()
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    async def leave(self) -> None:
        """After ``take_part``, once all work has stopped: the others continue at once instead of after the
        Lease's time."""
        self._standing = nobody(self.name)
        self._own.granted = None
        if self._pulse.stuck is not None:
            # Only the note in it will show under which execution this process ended.
            log.warning("lease left to run out", lease=self.name, execution=str(self._pulse.stuck))
            return
        try:
            await self._own.give_back()
        except NotFound:
            pass
        except ApiError as error:
            log.info("lease not given back", reason=str(error))  # it expires by itself all the same

    async def _round(self) -> None:
        """Renew if it is time, look who is there, publish that, and look again. Raises Removed."""
        if self._pulse.hung:
            return  # others should take over what it holds
        try:
            if self._own.is_there and not self.skewed and self._is_time_to_renew():
                await self._write(self._own.published)
            members = await self._look()
            self._tell_of_skew()
            if self.skewed:
                return  # nor is it renewed: those who can act should take over what is held here
            if self._own.is_there and self._own.published == members:
                self._stop_giving()  # the newcomer is gone again
            elif await self._let_go_for(members):
                await self._write(members)
                await self._look()
        except ApiError as error:
            log.warning("membership waits", reason=str(error), lease=self.name)

    def _tell_of_skew(self) -> None:
        """Log it once, and once when it is over."""
        if self.skewed == self._skew_told:
            return
        self._skew_told = self.skewed
        if self.skewed:
            log.error("membership waits", reason=self.obstacle, lease=self.name)
        else:
            log.info("the clock is right again", lease=self.name)

    def hear(self) -> None:
        """Something that belongs in the Lease has changed and must not wait for the next renewal."""
        self._news.set()

    def _is_time_to_renew(self) -> bool:
        if self._pulse.suspect != self._own.noted:
            return True
        return self._own.seconds_since_renewal >= self._duration / RENEWALS

    async def _let_go_for(self, view: View) -> bool:
        """Release what ``view`` gives away; returns whether that is certain. Earlier requests may still wait
        in the engine's loop: a loop that is held for long keeps its executions until it turns, or its Lease
        expires."""
        if self._giving is None or self._giving.view != view:
            self._stop_giving()
            self._giving = _Giving(view, asyncio.create_task(self._pulse.turned(), name="turn"))
            self._stand(self._standing.with_view(view))
        turn = self._giving.turn
        await asyncio.wait((turn,), timeout=self._duration / RENEWALS)
        if not turn.done():
            return False  # the next round waits on: a loop that turns at all gives away what it must
        self._stop_giving()
        return True

    def _stop_giving(self) -> None:
        if self._giving is not None:
            self._giving.turn.cancel()
            self._giving = None

    async def _wait_for_news(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._rest_seconds()):
                await self._news.wait()

    def _rest_seconds(self) -> float:
        """The time until the next round: a renewal, or the expiry of a Lease that is not renewed."""
        if not self.valid:
            return self._duration / RENEWALS
        lapses = self._ages.next_lapses - self._monotonic()
        return min(self._duration / RENEWALS, max(SHORTEST_REST_SECONDS, lapses))

    def _monotonic(self) -> float:
        return self._read_clocks().monotonic

    def _hear(self, old: MemberLease | None, new: MemberLease | None) -> None:
        if old is None or new is None or old.view != new.view:
            self._news.set()  # also for this operator's own Lease: perhaps it was removed

    async def _write(self, view: View) -> None:
        """Renew, and publish ``view``. Raises Removed, ApiError."""
        answer = await self._own.write(view, self._pulse.suspect)
        if answer is not None:
            self._mine(answer)

    def _mine(self, lease: MemberLease) -> None:
        """Take note of the own Lease as it is stored now. Raises Removed."""
        self._own.take(lease)

    # --- Reading ----------------------------------------------------------------------------------------------------

    async def _look(self) -> View:
        """Read all Leases at one moment, remove those of the dead, and update the standing. Returns the
        members, sorted. Raises Removed, ApiError."""
        asked = self._monotonic()
        items, _ = await self._ask(lists.whole(self._api, self._path(), {"labelSelector": member_lease.ALL}))
        found = [decoder(MemberLease).decode(item) for item in items]
        leases = {lease.metadata.name: lease for lease in found if lease.is_member}
        self._quarantine.take(found)
        mine = leases.pop(self.name, None)
        self._ages.note(leases, self._monotonic())
        if mine is None:
            if self._own.is_there:
                raise Removed
            return tuple(sorted((*leases, self.name)))
        self._mine(mine)
        for lease in list(leases.values()):
            if self._is_dead(lease, asked) and await self._remove(lease):
                del leases[lease.metadata.name]
        on_their_way = self._own.on_their_way
        if self._giving is not None:
            on_their_way |= {self._giving.view}
        others = {name: lease.view for name, lease in leases.items()}
        stepped = frozenset(lease.stepping.uid for lease in leases.values() if lease.stepping is not None)
        self._stand(standing(self.name, self._own.view, on_their_way, others, stepped))
        if not self.joined.is_set():
            self.joined.set()
        return tuple(sorted((*leases, self.name)))

    def _is_dead(self, lease: MemberLease, now: float) -> bool:
        return self.valid and self._ages.has_lapsed(lease.metadata.name, now)

    async def _remove(self, lease: MemberLease) -> bool:
        """Declare a member dead; returns whether that is certain. It is not if it has renewed its Lease
        meanwhile."""
        name = lease.metadata.name
        if lease.stepping is not None:
            # First, so that nobody takes the execution up without knowing of it.
            await self._ask(self._quarantine.note_death(lease, lease.stepping))
        conditions = {"uid": lease.metadata.uid, "resourceVersion": lease.metadata.resourceVersion}
        try:
            await self._ask(self._api.delete(self._path(name), {"preconditions": conditions}))
        except NotFound:
            return True
        except Conflict:
            return False
        log.warning("operator taken for dead", lease=name, identity=lease.spec.holderIdentity)
        return True

    # --- Parts ------------------------------------------------------------------------------------------------------

    def _stand(self, new: Standing) -> None:
        if new == self._standing:
            return
        self._standing = new
        self._changed()

    async def _ask(self, call: Awaitable[T]) -> T:
        """A request with a shorter time-out than others, because Leases expire. Raises ApiError."""
        try:
            async with asyncio.timeout(self._request_seconds):
                return await call
        except TimeoutError as error:
            sentence = f"no answer within {self._request_seconds:.1f} s"
            raise Unreachable(sentence, outcome_unknown=True) from error

    def _path(self, name: str | None = None) -> str:
        return path_of(member_lease.API_VERSION, member_lease.PLURAL, self._namespace, name)
