"""Makes one call: not while the execution may be another process's, no more at once than its host bears, with longer pauses
the longer the other side is away, and as the integration declares when nobody knows whether it was made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Final, TypeVar

import structlog

from stepwright.asl.signals import TaskStarted
from stepwright.engine import backoff
from stepwright.engine.ports import Clock, Report, Uid, Unavailable
from stepwright.tasks.by_execution import Key
from stepwright.tasks.calls.integration import Again, Answered, AnswerLost, Call, Integration, RefusedForNow
from stepwright.tasks.calls.slots import Slots

log = structlog.get_logger(__name__)

WITHOUT_LEASE_SECONDS: Final = 1.0
"""How often a call that waits for the lease asks for it."""

MOST_REFUSALS: Final = 7
"""How often a call is refused for now before that counts: some twelve seconds of pauses."""

T = TypeVar("T")


class GivenUp(Exception):  # noqa: N818 - it names a condition
    """The call is no longer wanted, and was not made, or its answer was lost."""


class Making:
    """``held``: whether this process may act on an execution now. ``is_wanted``: whether anybody here wants the call to be made."""

    def __init__(
        self,
        integration: Integration,
        clock: Clock,
        report: Report,
        slots: Slots,
        held: Callable[[Uid], bool],
        is_wanted: Callable[[Call], bool],
    ) -> None:
        self._integration = integration
        self._clock = clock
        self._report = report
        self._slots = slots
        self._held = held
        self._is_wanted = is_wanted
        self._open: set[Key] = set()
        """Calls whose answer is awaited, until it is reported, but for those that are harmless to repeat."""
        self._asked: set[Key] = set()
        """The same, whether or not anybody here wants the answer still."""
        self._drained: asyncio.Event | None = None
        """Set once the last of them is reported; None unless the process is about to end."""

    async def drain(self) -> None:
        """The process is about to end: start no call any more, and return once those that were made have been answered. The
        next process makes again what is harmless to repeat: nobody waits for that, which may take days."""
        self._drained = asyncio.Event()
        if self._open:
            await self._drained.wait()

    def is_asked(self, key: Key) -> bool:
        """Whether the other side has been asked and has not answered yet, unless that is harmless to repeat."""
        return key in self._asked

    def reported(self, key: Key) -> None:
        """Nothing is to be known of the call any more that is not reported."""
        self._open.discard(key)
        if self._drained is not None and not self._open:
            self._drained.set()

    async def made(self, call: Call, *, again: bool) -> Answered:
        """Exactly once, or as the integration declares. ``again``: it may have been called before. Raises CallFailed, GivenUp."""
        for attempts, delay in enumerate(backoff.delays()):
            self._require_wanted(call)
            while not self._held(call.ref.uid):
                again = True  # by another process
                await self._clock.sleep(WITHOUT_LEASE_SECONDS)
                self._require_wanted(call)
            if again:
                rule = self._integration.again(call)
                if rule is Again.FAIL:
                    raise self._integration.lost(call)
                if rule is Again.FIND:
                    found = await self.insist(call, lambda: self._integration.find(call))
                    if found is not None:
                        return found
            try:
                async with AsyncExitStack() as stack:
                    if (host := self._integration.host(call)) is not None:
                        await stack.enter_async_context(self._slots.one_of(host))
                        self._require_wanted(call)
                    if not self._held(call.ref.uid):
                        continue
                    self._report(call.ref.uid, TaskStarted(call.task.task))
                    if self._integration.again(call) is Again.HARMLESS:
                        return await self._integration.begin(call)
                    self._open.add(key_of(call))
                    return await self._answer(call)
            except AnswerLost as error:
                again = True
                self.reported(key_of(call))
                await self._wait(call, error, delay)
            except RefusedForNow as error:
                again = again or error.landed
                self.reported(key_of(call))
                if attempts >= MOST_REFUSALS:
                    raise error.failure from error
                await self._wait(call, error, delay)
            except Unavailable as error:
                self.reported(key_of(call))
                await self._wait(call, error, delay)
        raise AssertionError("delays never end")

    async def _answer(self, call: Call) -> Answered:
        key = key_of(call)
        self._asked.add(key)
        try:
            return await self._integration.begin(call)
        finally:
            self._asked.discard(key)

    async def insist(self, call: Call, made: Callable[[], Awaitable[T]]) -> T:
        """Until it is answered. Raises CallFailed, GivenUp."""
        for delay in backoff.delays():
            try:
                return await made()
            except Unavailable as error:
                await self._wait(call, error, delay)
        raise AssertionError("delays never end")

    async def _wait(self, call: Call, error: Exception, delay: float) -> None:
        log.warning(
            "a call is made again",
            execution=str(call.ref),
            task=call.task.path,
            reason=str(error),
            retry=delay,
        )
        await self._clock.sleep(delay)
        self._require_wanted(call)

    def _require_wanted(self, call: Call) -> None:
        """Raises GivenUp if the task was stopped or let go before its call was made, or the process is about to end."""
        if self._drained is not None or not self._is_wanted(call):
            raise GivenUp


def key_of(call: Call) -> Key:
    return call.ref.uid, call.task.task
