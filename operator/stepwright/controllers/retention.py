"""Deletes ended executions after their time, with everything they own.

That time is what the Execution says, else what its state machine says, else what the installation says. The
last does not apply to what Argo CD, Flux or Helm created: they would recreate it, and it would run again.

Only those due soon are remembered (``rounds`` reads all again before the others are due), so memory does not
grow with what has ended.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from stepwright.asl.signals import Millis, TimerId
from stepwright.cluster.resources import API_VERSION
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.state_machine_watch import NOTHING_SAID, Key, Policy
from stepwright.engine.ports import Clock, ExecutionRef, Uid, Unavailable
from stepwright.engine.timers import Timers
from stepwright.kube import timestamps
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, Conflict, NotFound
from stepwright.kube.paths import path_of

log = structlog.get_logger(__name__)

_TIMER: Final = TimerId("retention")
_RETRY_MILLISECONDS: Final = 60_000

HORIZON_MILLISECONDS: Final = 3_600_000
"""Those that are due within an hour are remembered ..."""
MOST_REMEMBERED: Final = 20_000
"""... but at most this many: then the next round is earlier."""
DELETIONS_AT_ONCE: Final = 8
CHILD_STAYS_SECONDS = 120
"""How long an execution that a task has started stays at least: longer than a request to start it can be under way. One that
lands when it is gone would start it again."""


@dataclass(frozen=True, slots=True)
class Ended:
    """An ended execution. ``own_seconds``: what it says itself."""

    ref: ExecutionRef
    version: str
    """The resourceVersion at which that was seen."""
    end: Millis
    succeeded: bool
    own_seconds: int | None
    would_be_made_again: bool
    is_child: bool = False
    """Whether a task has started it, which may wait for its output."""
    is_shard: bool = False
    """Whether a redrive of its parent may go on in it."""

    @classmethod
    def of(cls, seen: Seen) -> Ended | None:
        end = seen.status.endTime
        if end is None:
            return None
        return cls(
            seen.reference,
            seen.metadata.resourceVersion,
            timestamps.millis(end),
            seen.status.phase == "Succeeded",
            seen.spec.ttlSecondsAfterFinished,
            seen.would_be_made_again,
            seen.is_child,
            seen.is_shard,
        )

    @property
    def machine(self) -> Key:
        return self.ref.namespace, self.ref.state_machine


def due_time(ended: Ended, said: Policy, default: Policy) -> Millis | None:
    """When to delete it. ``said``: what its state machine says, ``default``: what the installation says."""
    seconds = ended.own_seconds
    if seconds is None:
        seconds = said.ttl_seconds
    if seconds is None and not ended.would_be_made_again:
        seconds = default.ttl_seconds
    return None if seconds is None else max(Millis(ended.end + seconds * 1000), _stays_until(ended))


def _stays_until(ended: Ended) -> Millis:
    return Millis(ended.end + CHILD_STAYS_SECONDS * 1000) if ended.is_child else ended.end


def most(ended: Ended, said: Policy, default: Policy) -> int | None:
    """How many of its state machine's executions that ended like this one stay; None for any number, or if it
    does not count."""
    own, other = (said.successful, default.successful) if ended.succeeded else (said.failed, default.failed)
    if own is not None:
        return own
    return None if ended.would_be_made_again else other


@dataclass(slots=True)
class _Newest:
    """The newest executions of a state machine, and those beyond them."""

    heap: list[tuple[Millis, str, Ended]] = field(default_factory=list)

    def add(self, ended: Ended, most: int) -> Ended | None:
        """Returns the one that has to go for it."""
        entry = (ended.end, ended.ref.uid, ended)
        if len(self.heap) < most:
            heapq.heappush(self.heap, entry)
            return None
        return heapq.heappushpop(self.heap, entry)[2] if self.heap else ended


async def _of_no_task(_: ExecutionRef) -> bool:
    return True


class Retention:
    """``said_by`` gives what a state machine says. ``owns`` says which executions this operator is to delete;
    ``look_at`` asks for a round through the executions of a state machine. ``may_miss``: whether one that a task has started
    may go, as far as that task is concerned."""

    def __init__(
        self,
        api: Api,
        clock: Clock,
        said_by: Callable[[Key], Policy],
        owns: Callable[[Uid], bool] = lambda _: True,
        *,
        default: Policy = NOTHING_SAID,
        look_at: Callable[[Key], None] = lambda _: None,
        may_miss: Callable[[ExecutionRef], Awaitable[bool]] = _of_no_task,
    ) -> None:
        self._api = api
        self._clock = clock
        self._said_by = said_by
        self._owns = owns
        self._default = default
        self._look_at = look_at
        self._may_miss = may_miss
        self._timers = Timers(clock, self._due)
        self._remembered: dict[Uid, Ended] = {}
        self._surplus: set[Uid] = set()
        """Those that are deleted whatever their time says: they are beyond the number that stays."""
        self._deletions: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(DELETIONS_AT_ONCE)
        self.horizon = Millis(clock.now() + HORIZON_MILLISECONDS)
        """All that are due before this are remembered."""

    def __len__(self) -> int:
        return len(self._remembered)

    def keep(self, seen: Seen) -> None:
        """An execution has ended: it stays until its time has passed."""
        ended = Ended.of(seen)
        if ended is not None:
            self.remember(ended)
            if self.most_of(ended) is not None:
                self._look_at(ended.machine)

    def forget(self, uid: Uid) -> None:
        if self._remembered.pop(uid, None) is not None:
            self._surplus.discard(uid)
            self._timers.cancel(uid, _TIMER)

    def keep_own(self) -> None:
        """Forget those that now belong to other operators."""
        for uid in [uid for uid in self._remembered if not self._owns(uid)]:
            self.forget(uid)

    def begin_round(self) -> None:
        """All ended executions are about to be looked at."""
        self.horizon = Millis(self._clock.now() + HORIZON_MILLISECONDS)

    def most_of(self, ended: Ended) -> int | None:
        return most(ended, self._said_by(ended.machine), self._default)

    def due_of(self, ended: Ended) -> Millis | None:
        return due_time(ended, self._said_by(ended.machine), self._default)

    async def run(self) -> None:
        """Until cancelled. What is being deleted then is left to whoever looks after it next."""
        try:
            await self._timers.run()
        finally:
            for deletion in self._deletions:
                deletion.cancel()
            await asyncio.gather(*self._deletions, return_exceptions=True)

    def remember(self, ended: Ended, *, surplus: bool = False) -> None:
        """Delete it when it is due, if that is soon; at once if it is beyond the number that stays."""
        due = max(self._clock.now(), _stays_until(ended)) if surplus else self.due_of(ended)
        uid = ended.ref.uid
        if due is None or due > self.horizon or not self._owns(uid):
            return
        if len(self._remembered) >= MOST_REMEMBERED and uid not in self._remembered:
            self._shorten()
            if due > self.horizon or len(self._remembered) >= MOST_REMEMBERED:
                return
        self._remembered[uid] = ended
        if surplus:
            self._surplus.add(uid)
        self._timers.set(uid, _TIMER, due)

    def _shorten(self) -> None:
        """There are more than fit: forget those that are due last."""
        now = self._clock.now()
        self.horizon = Millis(now + max(self.horizon - now, 0) // 2)
        for uid, ended in list(self._remembered.items()):
            if uid not in self._surplus and (self.due_of(ended) or now) > self.horizon:
                self.forget(uid)

    def _due(self, uid: Uid, _timer: TimerId) -> None:
        ended = self._remembered.get(uid)
        if ended is None:
            return  # armed anew by a late event while its deletion was under way
        due = self.due_of(ended)
        if uid in self._surplus or (due is not None and due <= self._clock.now()):
            task = asyncio.create_task(self._delete(uid, ended))
            self._deletions.add(task)
            task.add_done_callback(self._deletions.discard)
        elif due is None or due > self.horizon:
            del self._remembered[uid]  # the state machine's retention has changed, or it is gone
        else:
            self._timers.set(uid, _TIMER, due)

    async def _delete(self, uid: Uid, ended: Ended) -> None:
        ref = ended.ref
        # Never one that runs: etcd may have been restored to a time before its end.
        conditions = {"uid": uid, "resourceVersion": ended.version}
        options = {"preconditions": conditions, "propagationPolicy": "Background"}
        path = path_of(API_VERSION, "executions", ref.namespace, ref.name)
        try:
            async with self._turns:
                if ended.is_child and not await self._may_miss(ref):
                    if ended.is_shard:  # for days perhaps: the next round comes upon it
                        self.forget(uid)
                    else:
                        self._again_later(uid)
                    return
                await self._api.delete(path, options)
        except NotFound:
            pass  # gone already
        except Conflict:
            # Another one has its name now, or it has changed, and an event has reported that or will.
            if self._remembered.get(uid) not in (None, ended):
                self._timers.set(uid, _TIMER, self._clock.now())
                return
        except (ApiError, Unavailable) as error:
            log.warning("ended execution not deleted", execution=str(ref), reason=str(error))
            self._again_later(uid)
            return
        self._remembered.pop(uid, None)
        self._surplus.discard(uid)

    def _again_later(self, uid: Uid) -> None:
        if uid in self._remembered:  # otherwise it was deleted meanwhile after all
            self._timers.set(uid, _TIMER, Millis(self._clock.now() + _RETRY_MILLISECONDS))


class Surplus:
    """Finds, among all executions shown to it, those beyond the number that stays for each state machine."""

    def __init__(self, retention: Retention) -> None:
        self._retention = retention
        self._newest: defaultdict[tuple[Key, bool], _Newest] = defaultdict(_Newest)

    def add(self, ended: Ended) -> None:
        limit = self._retention.most_of(ended)
        if limit is None:
            return
        surplus = self._newest[ended.machine, ended.succeeded].add(ended, limit)
        if surplus is not None:
            self._retention.remember(surplus, surplus=True)
