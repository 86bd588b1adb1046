"""Makes the rules of ``standing`` hold: an operator releases before it publishes, publishes before it reads, and reads one
consistent list.

It runs in another thread than what acts (``assembly.operator``), so that a Lease does not expire because there is much to
do. So releasing takes two steps: from now on nothing is held, and then the engine's loop has turned once, so that
everything that asked before is on its way (``giving``). Only then is a view published that gives anything away.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from stepwright.controllers import lease_policy, member_lease
from stepwright.controllers.giving import Giving, Pulse
from stepwright.controllers.lease_policy import Begin, Loop, Next
from stepwright.controllers.member_lease import MemberLease
from stepwright.controllers.membership import Membership
from stepwright.controllers.other_members import OtherMembers
from stepwright.controllers.own_lease import Removed
from stepwright.controllers.quarantine import Quarantine
from stepwright.controllers.standing import View, standing
from stepwright.kube.api_errors import ApiError, NotFound
from stepwright.kube.informer import Informer

log = structlog.get_logger(__name__)


class TakingPart:
    """``pulse``: of the loop that acts."""

    def __init__(self, membership: Membership, quarantine: Quarantine, pulse: Pulse) -> None:
        self._membership = membership
        self._lease = membership.lease
        self._pulse = pulse
        self._others = OtherMembers(membership, quarantine)
        self._giving = Giving(membership, pulse)
        self._skew_told = False
        self._news = asyncio.Event()
        # It only shows that something has changed: decisions are based on our own lists.
        self.watch: Informer[MemberLease] = Informer(
            membership.requests.api,
            member_lease.API_VERSION,
            member_lease.PLURAL,
            MemberLease,
            namespaces=(membership.requests.namespace,),
            label_selector=member_lease.SELECTOR,
            on_change=self._hear,
        )

    async def run(self) -> None:
        """Join, and stay a member until cancelled. Raises Removed."""
        watch = asyncio.create_task(self.watch.run(), name="watch of leases")
        try:
            while True:
                self._news.clear()
                await self._round()
                await self._wait_for_news()
        finally:
            self._lease.granted = None
            self._giving.stop()
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    async def leave(self) -> None:
        """After ``run``, once all work has stopped: the others continue at once instead of after the Lease's time."""
        membership = self._membership
        membership.step_down()
        if self._pulse.stuck is not None:
            # Only the note in it will show under which execution this process ended.
            log.warning("lease left to run out", lease=membership.name, execution=str(self._pulse.stuck))
            return
        try:
            await self._lease.give_back()
        except NotFound:
            pass
        except ApiError as error:
            log.info("lease not given back", reason=str(error))  # it expires by itself all the same

    def hear(self) -> None:
        """Something that belongs in the Lease has changed and must not wait for the next renewal."""
        self._news.set()

    def _hear(self, old: MemberLease | None, new: MemberLease | None) -> None:
        if old is None or new is None or old.view != new.view:
            self._news.set()  # also for this operator's own Lease: perhaps it was removed

    # --- A round ----------------------------------------------------------------------------------------------------

    async def _round(self) -> None:
        """Renew if it is time, look who is there, publish that, and look again. Raises Removed."""
        membership, pulse = self._membership, self._pulse
        loop = Loop(pulse.hung, pulse.suspect, self._lease.noted)
        since = self._lease.seconds_since_renewal
        begin = lease_policy.begin(membership.own, loop, since, membership.duration)
        if begin is Begin.REST:
            return
        try:
            if begin is Begin.RENEW:
                await self._write(self._lease.published)
            members = await self._look()
            self._tell_of_skew()
            what = lease_policy.after_reading(membership.own, self._lease.published, members)
            if what is Next.KEEP:
                self._giving.stop()  # the newcomer is gone again
            elif what is Next.PUBLISH and await self._giving.is_released(members):
                await self._write(members)
                await self._look()
        except ApiError as error:
            log.warning("membership waits", reason=str(error), lease=membership.name)

    async def _look(self) -> View:
        """Read all Leases, remove those of the dead, and update the standing. Returns the members, sorted. Raises
        Removed, ApiError."""
        membership = self._membership
        found = await self._others.read()
        if found.mine is None:
            if self._lease.is_there:
                raise Removed
            return tuple(sorted((*found.others, membership.name)))
        self._lease.take(found.mine)
        leases = await self._others.without_dead(found)
        others = {name: lease.view for name, lease in leases.items()}
        stepped = frozenset(lease.stepping.uid for lease in leases.values() if lease.stepping is not None)
        on_their_way = self._lease.on_their_way | self._giving.on_its_way
        membership.stand(standing(membership.name, self._lease.view, on_their_way, others, stepped))
        membership.joined.set()
        return tuple(sorted((*leases, membership.name)))

    async def _write(self, view: View) -> None:
        """Renew, and publish ``view``. Raises Removed, ApiError."""
        answer = await self._lease.write(view, self._pulse.suspect)
        if answer is not None:
            self._lease.take(answer)

    def _tell_of_skew(self) -> None:
        """Log it once, and once when it is over."""
        membership = self._membership
        if membership.skewed == self._skew_told:
            return
        self._skew_told = membership.skewed
        if membership.skewed:
            log.error("membership waits", reason=membership.obstacle, lease=membership.name)
        else:
            log.info("the clock is right again", lease=membership.name)

    async def _wait_for_news(self) -> None:
        membership = self._membership
        seconds = lease_policy.rest_seconds(membership.own, membership.duration, self._others.next_lapses_in)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
