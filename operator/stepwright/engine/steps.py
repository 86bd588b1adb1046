"""Where steps are taken: in the loop, a share at a time, and long ones in a thread beside it.

All executions, requests and timers live in one loop. A short step is taken in it; whenever steps have
together cost a share, the loop turns once before the next, which is another namespace's if one is waiting. A
step that exceeds its patience is abandoned and taken again in a thread, one at a time: the language is a pure
function, so the result is the same. Work is counted, never time, so where a step is taken depends only on the
step itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from stepwright.asl.meter import TakesLong
from stepwright.asl.step import Step
from stepwright.engine.beside import Beside
from stepwright.engine.ports import ExecutionRef
from stepwright.engine.stepping import Stepping
from stepwright.engine.turns import Turns

SHARE: Final = 15_000
"""The share of the loop's time between two of its turns, in units of ``asl.meter`` (about microseconds)."""

PATIENCE: Final = 20_000
"""What a step may cost in the loop. While others compute all the time, each turn of the loop may take this
plus a share, and a request needs half a dozen turns."""

LITTLE: Final = 1_000
"""Patience with a short step whose turn it is not."""

Take: TypeAlias = Callable[[int | None], Step]
"""A step to take, with this much patience."""

Aside: TypeAlias = Callable[[Callable[[], Step]], Awaitable[Step]]
"""Calls it where it does not hold anybody up."""

Whose: TypeAlias = Callable[[ExecutionRef], str]
"""The client's name: executions with the same name share one turn."""


class Steps:
    """``aside``: where to take long steps; by default a thread, made when it is first needed. ``whose``: who
    takes turns; by default namespaces."""

    def __init__(self, stepping: Stepping, aside: Aside | None = None, whose: Whose | None = None) -> None:
        self._stepping = stepping
        self._aside = aside or Beside().call
        self._whose = whose or _namespace
        self._turns = Turns(1)
        self._beside = Turns(1)
        self._left = SHARE

    async def take(self, ref: ExecutionRef, step: Take, *, long: bool = False) -> Step:
        """``long``: it is known to take long."""
        if not long:
            taken = await self._in_the_loop(ref, step)
            if taken is not None:
                return taken
        await self._beside.take(self._whose(ref))
        self._stepping.begin_aside(ref)
        taking = asyncio.ensure_future(self._aside(lambda: self._stepping.in_thread(lambda: step(None))))
        taking.add_done_callback(self._taken_aside)
        return await asyncio.shield(taking)

    def _taken_aside(self, taking: asyncio.Future[Step]) -> None:
        """A cancelled caller no longer waits for its step, but the thread worked on it until now."""
        self._stepping.end_aside()
        self._beside.give_back()
        if not taking.cancelled():
            taking.exception()  # asyncio would complain about one that is never retrieved

    def at_once(self, ref: ExecutionRef, step: Take) -> Step | None:
        """A step in the loop, before anything else happens. None if it exceeds its patience, which is small
        if others have used the loop's share since it last turned: then it must be taken like all others."""
        if self._turns.take_now():
            return self._in_its_turn(ref, step)
        return self._tried(ref, step, LITTLE)

    async def _in_the_loop(self, ref: ExecutionRef, step: Take) -> Step | None:
        """None: it exceeded its patience."""
        await self._turns.take(self._whose(ref))
        return self._in_its_turn(ref, step)

    def _in_its_turn(self, ref: ExecutionRef, step: Take) -> Step | None:
        spent = PATIENCE
        try:
            taken = self._tried(ref, step, PATIENCE)
            if taken is not None:
                spent = taken.work
        finally:
            self._give_back(spent)
        return taken

    def _tried(self, ref: ExecutionRef, step: Take, patience: int) -> Step | None:
        self._stepping.begin(ref)
        try:
            return step(patience)
        except TakesLong:
            return None
        finally:
            self._stepping.end()

    def _give_back(self, spent: int) -> None:
        self._left -= spent
        if self._left > 0:
            self._turns.give_back()
        else:
            asyncio.get_running_loop().call_soon(self._turned)

    def _turned(self) -> None:
        """Everything that was ready has had its turn."""
        self._left = SHARE
        self._turns.give_back()


def _namespace(ref: ExecutionRef) -> str:
    return ref.namespace


async def at_once(step: Callable[[], Step]) -> Step:
    """An ``Aside`` without a thread, for tests, whose time is virtual."""
    return step()
