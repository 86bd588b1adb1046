"""Calls that the other side cannot serve right now: how long each is tried, and what is reported meanwhile.

A service that is away comes back, so that is retried without end. A store that *denies* the write (a quota is
used up, a right is missing) needs somebody to act: the execution's conditions say so, and if a quota is the
reason, the execution fails after a while instead of waiting forever. A stop ends the wait at once, since the
rejected write then no longer matters.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

import structlog

from stepwright.asl.signals import Millis
from stepwright.engine import backoff
from stepwright.engine.ports import Clock, Denied, ExecutionRef, JournalError, Refused, Unavailable

log = structlog.get_logger(__name__)

T = TypeVar("T")

LOOKS_AT_STOPS_SECONDS: Final = 1.0


async def insist(ref: ExecutionRef, clock: Clock, call: Callable[[], Awaitable[T]]) -> T:
    """Repeat a call until the other side answers. Raises what it raises except Unavailable."""
    for delay in backoff.delays():
        try:
            return await call()
        except Unavailable as error:
            log.warning("store unavailable", execution=str(ref), reason=str(error), retry=delay)
            await clock.sleep(delay)
    raise AssertionError("delays never end")


async def all_of(calls: Iterable[Callable[[], Awaitable[None]]]) -> None:
    """Make each of them, one after another, whatever others raise. Raises the first failure that nobody foresaw; if all were foreseen,
    the first Unavailable."""
    away: Unavailable | None = None
    unforeseen: Exception | None = None
    for call in calls:
        try:
            await call()
        except Unavailable as error:
            away = away or error
        except Exception as error:  # noqa: BLE001 - it is raised below
            unforeseen = unforeseen or error
    if (failure := unforeseen or away) is not None:
        raise failure


class OutOfDate(Exception):  # noqa: N818 - it names a condition
    """What was read of the execution may be old: a write may have landed unheard, or the store been restored
    during a wait."""


class KeptOut(Refused):
    """It was tried for as long as allowed, or somebody has stopped the execution meanwhile."""


class Insisting:
    """Repeats a write. ``quota_seconds`` None: forever. ``stops``: whether somebody has stopped the
    execution. ``explain`` gives people the reason."""

    def __init__(
        self,
        ref: ExecutionRef,
        clock: Clock,
        quota_seconds: int | None,
        stops: Callable[[], bool],
        explain: Callable[[str], Awaitable[None]],
    ) -> None:
        self._ref = ref
        self._clock = clock
        self._quota_seconds = quota_seconds
        self._stops = stops
        self._explain = explain

    async def on(self, write: Callable[[], Awaitable[None]], *, ends: bool) -> None:
        """``ends``: the write that ends the execution is never given up. Raises KeptOut, or OutOfDate where an
        attempt that was not answered may have landed, and what ``write`` raises except Unavailable."""
        denied_since: Millis | None = None
        unanswered = False
        said = ""
        for delay in backoff.delays():
            try:
                await write()
                return
            except Denied as error:
                now = self._clock.now()
                denied_since = now if denied_since is None else denied_since
                reason = str(error)
                if not ends and (self._stops() or (error.quota and self._is_over(denied_since, now))):
                    raise OutOfDate if unanswered else KeptOut(reason) from error
                if reason != said:
                    said = reason
                    await self._say(reason)
            except Unavailable as error:
                denied_since, reason, unanswered = None, str(error), True
            log.warning("store unavailable", execution=str(self._ref), reason=reason, retry=delay)
            await self._pause(delay, attentive=denied_since is not None and not ends)

    def _is_over(self, since: Millis, now: Millis) -> bool:
        return self._quota_seconds is not None and now - since >= self._quota_seconds * 1000

    async def _say(self, reason: str) -> None:
        try:
            await self._explain(reason)
        except JournalError as error:
            log.debug("cannot say why an execution waits", execution=str(self._ref), reason=str(error))

    async def _pause(self, seconds: float, *, attentive: bool) -> None:
        """Sleep; ``attentive``: at most until somebody stops the execution."""
        while seconds > 0 and not (attentive and self._stops()):
            nap = min(seconds, LOOKS_AT_STOPS_SECONDS) if attentive else seconds
            await self._clock.sleep(nap)
            seconds -= nap
